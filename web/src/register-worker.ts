const WORKER = '/service-worker.js';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/**
 * Registers the service worker, with which the page opens while its server can't be reached.
 * Call it once: the content security policy allows one trusted-types policy, the one made here.
 * @returns false when the browser has no service workers or refuses this one; the page works without it
 */
export async function registerWorker(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  try {
    await navigator.serviceWorker.register(trusted(WORKER), { scope: '/', updateViaCache: 'none' });
    return true;
  } catch {
    // Browsers refuse in a private window and where the user has accepted an invalid certificate.
    return false;
  }
}

/** The address as a trusted script URL, which the server's policy requires. Some browsers have no trusted types. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy('gochat', {
    createScriptURL(asked) {
      if (asked === WORKER) return asked;
      throw new TypeError('not a script of this page');
    },
  });
  return policy?.createScriptURL(url) ?? url;
}
