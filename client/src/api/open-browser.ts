import { openOnDevice, sealOnDevice } from '@gochat/crypto/device-seal';
import type { Env } from '@gochat/crypto/primitives';
import { connectBrowser } from '../net/connect-browser.ts';
import { claimTab, type TabOwner } from '../profile/claim-tab.ts';
import { platform } from '../profile/platform.ts';
import { openAt, type Profile } from '../profile/profile-connection.ts';
import { ChatError } from './chat-error.ts';

export type { Profile };

export interface OpenBrowserOptions {
  /** The profile's database in this browser; made when absent. */
  readonly name?: string;
  readonly env?: Env;
}

/**
 * Opens this browser's profile: as the tab that holds it, or through the tab that does. Its key is sealed under one of the
 * browser's that can't be read out; it reaches the server that the page came from and no other.
 * @throws ChatError `internal` when the browser keeps nothing
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
    },
    env,
  );
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
