import { openOnDevice, sealOnDevice } from '@gochat/crypto/device-seal';
import type { Env } from '@gochat/crypto/primitives';
import { loadRoomCode } from '../account/account.ts';
import { connectBrowser } from '../net/connect-browser.ts';
import { watchBrowserWakes } from '../profile/browser-wakes.ts';
import { claimTab, type TabOwner } from '../profile/claim-tab.ts';
import { platform } from '../profile/platform.ts';
import { openAt, type Profile } from '../profile/profile-connection.ts';
import { ChatError } from './chat-error.ts';

export type { Profile };

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
}: OpenBrowserOptions = {}): Promise<Profile> {
  return openAt(
    {
      claim: () => claimTab(name),
      unlock: async (owner) => ({ key: await unlock(owner, env), relock: refuse }),
      connect: (address) => connectBrowser(address, location.origin),
      watchWakes: watchBrowserWakes,
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

async function refuse(): Promise<never> {
  throw new ChatError({ reason: 'passphrase-browser' });
}
