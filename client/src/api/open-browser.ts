import { openOnDevice, sealOnDevice } from '@gochat/crypto/device-seal';
import type { Env } from '@gochat/crypto/primitives';
import { loadRoomCode } from '../account/account.ts';
import { FilePlace } from '../files/file-place.ts';
import { connectBrowser } from '../net/connect-browser.ts';
import { watchBrowserWakes } from '../profile/browser-wakes.ts';
import { claimTab, type TabOwner } from '../profile/claim-tab.ts';
import { openOwnProfile } from '../profile/own-profile.ts';
import { platform } from '../profile/platform.ts';
import { openAt, type PageProfile } from '../profile/profile-connection.ts';
import type { UnloadStore } from '../profile/profile-location.ts';
import { ChatError } from './chat-error.ts';

export type { PageProfile };

export interface OpenBrowserOptions {
  /** The name of the profile's database in this browser; created when absent. */
  readonly name?: string;
  readonly env?: Env;
}

/**
 * Opens this browser's profile, as its owner or through the tab that owns it. The profile's key is sealed under a
 * non-extractable key of the browser. A page connects only to the server that it was loaded from.
 * @throws ChatError `internal` when the browser stores nothing
 */
export function openBrowserChat({
  name = 'gochat',
  env = platform,
}: OpenBrowserOptions = {}): Promise<PageProfile> {
  const fileCache = async () => {
    const { IndexedDbCache } = await import('../files/indexed-db-cache.ts');
    return new IndexedDbCache(`${name}/files`);
  };
  return openAt(
    {
      claim: () => claimTab(name),
      files: () =>
        new FilePlace(fileCache, async () => {
          const { BrowserTransfer } = await import('../files/browser-transfer.ts');
          return new BrowserTransfer(location.origin);
        }),
      fileCache,
      loadOwn: async () => openOwnProfile,
      unlock: async (owner) => ({
        key: await unlock(owner, env),
        relock: refuse,
        renew: async (key) => owner.database.keepSeal(owner.token, await sealOnDevice(key, env)),
      }),
      connect: (address) => connectBrowser(address, location.origin),
      watchWakes: watchBrowserWakes,
      unloadStore: localUnloadStore(`${name}/unanswered`),
    },
    env,
  );
}

/** Loads what a first room needs before it is needed, so that nobody waits for it. A failure is reported when it is needed. */
export async function preloadRoomCode(): Promise<void> {
  await loadRoomCode().catch(() => undefined);
}

async function unlock({ database, token }: TabOwner, env: Env): Promise<Uint8Array> {
  const seal = await database.seal();
  if (seal !== undefined) return openOnDevice(seal);
  const key = env.random(32);
  await database.keepSeal(token, await sealOnDevice(key, env));
  return key;
}

/** Browsers drop database writes that were begun while a page is unloaded, but not those of localStorage. */
function localUnloadStore(key: string): UnloadStore {
  return {
    put(value) {
      try {
        localStorage.setItem(key, Array.from(value, (byte) => String.fromCharCode(byte)).join(''));
      } catch {
        // Storage is full or forbidden: the last moment's writing is lost.
      }
    },
    take() {
      try {
        const text = localStorage.getItem(key);
        if (text === null) return undefined;
        localStorage.removeItem(key);
        return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      } catch {
        return undefined;
      }
    },
  };
}

async function refuse(): Promise<never> {
  throw new ChatError({ reason: 'passphrase-browser' });
}
