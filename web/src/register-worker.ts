import { trustedScript } from './trusted-script.ts';

/**
 * Registers the service worker, with which the page opens while its server can't be reached.
 * @returns false when the browser has no service workers or refuses this one; the page works without it
 */
export async function registerWorker(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  try {
    const options: RegistrationOptions = { scope: '/', updateViaCache: 'none' };
    await navigator.serviceWorker.register(trustedScript('/service-worker.js'), options);
    return true;
  } catch {
    // Browsers refuse in a private window and where the user has accepted an invalid certificate.
    return false;
  }
}
