/** What this browser, or the way the page came, lacks for the chat. */
export type Missing = 'insecure' | 'locks' | 'indexeddb';

interface Platform {
  readonly isSecureContext?: boolean;
  readonly crypto?: { readonly subtle?: unknown };
  readonly navigator?: { readonly locks?: unknown };
  readonly BroadcastChannel?: unknown;
  readonly indexedDB?: unknown;
}

/**
 * What the chat can't do without and isn't there; `undefined` when all is.
 * `insecure`: the page came over plain http from another machine, where browsers give out neither keys nor locks: open it over
 * https, or at localhost. `locks`: a browser too old to keep its tabs apart. `indexeddb`: one that keeps nothing.
 */
export function missingPlatform(platform: Platform = globalThis): Missing | undefined {
  if (platform.isSecureContext !== true || platform.crypto?.subtle === undefined) return 'insecure';
  if (platform.navigator?.locks === undefined || platform.BroadcastChannel === undefined) return 'locks';
  // Null or an error where the user has turned storage off.
  return keeps(platform) ? undefined : 'indexeddb';
}

function keeps(platform: Platform): boolean {
  try {
    return platform.indexedDB !== undefined && platform.indexedDB !== null;
  } catch {
    return false;
  }
}
