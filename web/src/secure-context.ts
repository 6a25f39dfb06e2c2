/** A requirement of the chat that the browser or the connection doesn't meet. */
export type Missing = 'insecure' | 'locks' | 'indexeddb';

interface Platform {
  readonly isSecureContext?: boolean;
  readonly crypto?: { readonly subtle?: unknown };
  readonly navigator?: { readonly locks?: unknown };
  readonly BroadcastChannel?: unknown;
  readonly indexedDB?: unknown;
}

/**
 * The first requirement that is not met; undefined when all are.
 * `insecure`: the page was loaded over plain HTTP from another machine, where browsers allow neither Web Crypto nor locks.
 * `locks`: the browser is too old to share one profile between tabs. `indexeddb`: the browser stores no data for the page.
 */
export function missingPlatform(platform: Platform = globalThis): Missing | undefined {
  if (platform.isSecureContext !== true || platform.crypto?.subtle === undefined) return 'insecure';
  if (platform.navigator?.locks === undefined || platform.BroadcastChannel === undefined) return 'locks';
  // It is null, or throws, where the user has turned storage off.
  return keeps(platform) ? undefined : 'indexeddb';
}

function keeps(platform: Platform): boolean {
  try {
    return platform.indexedDB !== undefined && platform.indexedDB !== null;
  } catch {
    return false;
  }
}
