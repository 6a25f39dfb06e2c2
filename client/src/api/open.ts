import type { DevicesEnv } from '../devices/devices-parts.ts';
import type { FileCache } from '../files/file-cache.ts';
import { FilePlace } from '../files/file-place.ts';
import { parseProxy } from '../net/proxy-address.ts';
import { NO_PROXY } from '../net/route.ts';
import { claimProfile } from '../profile/claim.ts';
import type { AskPassphrase } from '../profile/key-file.ts';
import { watchWakes } from '../profile/node-wakes.ts';
import { platform } from '../profile/platform.ts';
import { openAt, type Profile } from '../profile/profile-connection.ts';
import { toChatError } from './to-chat-error.ts';

export type { Profile };

export interface OpenOptions {
  /** The profile's folder; created when absent. */
  readonly dir: string;
  /** Of a locked profile, or what asks for it. */
  readonly passphrase?: string | AskPassphrase;
  /** Certificates (PEM) to trust in addition to the platform's. */
  readonly ca?: string;
  /** Allows plain connections to hosts that aren't loopback. */
  readonly insecure?: boolean;
  /**
   * A SOCKS5 proxy for every connection of this profile, as `socks5://HOST:PORT`. The profile keeps it until `none` is given; a connection
   * never avoids it.
   */
  readonly proxy?: string;
  /** With a proxy: a connection for each room, each with its own user name at the proxy. The profile keeps this with the proxy. */
  readonly unlinked?: boolean;
  readonly env?: DevicesEnv;
}

/**
 * Opens the profile in a folder, as its owner or through the process that owns it.
 * @throws ChatError `locked`, `internal`; `usage` when the owner uses another proxy than the one that is given
 */
export async function openChat({
  dir,
  passphrase,
  ca,
  insecure,
  proxy,
  unlinked,
  env = platform,
}: OpenOptions): Promise<Profile> {
  const route = { proxy: readProxy(proxy), unlinked };
  const ask: AskPassphrase | undefined = typeof passphrase === 'string' ? async () => passphrase : passphrase;
  let cache: FileCache | undefined;
  // One for all of the process: what its owner puts is handed on to its reader.
  const fileCache = async () => {
    const { FolderCache } = await import('../files/folder-cache.ts');
    cache ??= new FolderCache(dir);
    return cache;
  };
  return openAt(
    {
      claim: () => claimProfile(dir, { route }),
      loadOwn: async () => (await import('../profile/own-profile.ts')).openOwnProfile,
      async unlock({ store }) {
        const { noPassphrase, relock, unlock } = await import('../profile/key-file.ts');
        const known = noPassphrase(env);
        const key = await unlock(dir, store, ask, env, known);
        return {
          key,
          relock: (next) => relock(dir, key, next, env, known),
          renew: (next) => relock(dir, next, undefined, env, known),
          known,
        };
      },
      given: async () => ask?.({ isOpen: true }),
      async connect(address, circuit, owner) {
        const { connect } = await import('../net/connect.ts');
        const proxy = owner.route && parseProxy(owner.route.proxy);
        return connect(address, { ca, insecure, circuit, proxy });
      },
      files: (owner) =>
        new FilePlace(fileCache, async () => {
          const { NodeTransfer } = await import('../files/node-transfer.ts');
          return new NodeTransfer({ ca, insecure, proxy: owner.route && parseProxy(owner.route.proxy) });
        }),
      fileCache,
      watchWakes: watchWakes(),
    },
    env,
  );
}

/** @returns the canonical form. @throws ChatError `usage` */
function readProxy(text: string | undefined): string | undefined {
  if (text === undefined || text === NO_PROXY) return text;
  try {
    return parseProxy(text).href;
  } catch (error) {
    throw toChatError(error);
  }
}
