interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** The scripts of this build that a worker runs: the service worker, and what has a hash of its content in its name. */
const SCRIPTS = /^\/(?:service-worker|assets\/[\w-]+)\.js$/;

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
/** The one policy that the content security policy allows. Some browsers have no trusted types. */
const policy = trustedTypes?.createPolicy('gochat', {
  createScriptURL(asked) {
    const { origin, pathname } = new URL(asked, location.href);
    if (origin === location.origin && SCRIPTS.test(pathname)) return asked;
    throw new TypeError('not a script of this page');
  },
});

/** The address of a worker's script as a trusted script URL, which the server's policy requires. @throws TypeError when it is no script of this page */
export function trustedScript(url: string): string {
  return policy?.createScriptURL(url) ?? url;
}
