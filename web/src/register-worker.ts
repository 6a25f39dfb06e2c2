const WORKER = '/service-worker.js';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/**
 * Lets the page open without its server. @returns whether it will; without a worker it is a page all the same.
 * To be called once: the one policy that this page may make is for the address of its worker.
 */
export async function registerWorker(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  try {
    await navigator.serviceWorker.register(trusted(WORKER), { scope: '/', updateViaCache: 'none' });
    return true;
  } catch {
    // In a private window, or where the certificate was accepted by hand.
    return false;
  }
}

/** As the server's policy wants it; not every browser has trusted types. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('gochat', {
    createScriptURL(asked) {
      if (asked === WORKER) return asked;
      throw new TypeError('no script of this page');
    },
  });
  return policy?.createScriptURL(url) ?? url;
}
