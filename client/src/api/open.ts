import type { Env } from '@gochat/crypto/primitives';
import { connect } from '../net/connect.ts';
import { claimProfile } from '../profile/claim.ts';
import { type AskPassphrase, relock, unlock } from '../profile/key-file.ts';
import { watchWakes } from '../profile/node-wakes.ts';
import { platform } from '../profile/platform.ts';
import { openAt, type Profile } from '../profile/profile-connection.ts';

export type { Profile };

export interface OpenOptions {
  /** The profile's folder; created when absent. */
  readonly dir: string;
  readonly passphrase?: AskPassphrase;
  /** Certificates (PEM) to trust in addition to the platform's. */
  readonly ca?: string;
  /** Allows plain connections to hosts that aren't loopback. */
  readonly insecure?: boolean;
  readonly env?: Env;
}

/** Opens the profile in a folder, as its owner or through the process that owns it. @throws ChatError `locked`, `internal` */
export function openChat({ dir, passphrase, ca, insecure, env = platform }: OpenOptions): Promise<Profile> {
  return openAt(
    {
      claim: () => claimProfile(dir),
      async unlock({ store }) {
        const key = await unlock(dir, store, passphrase, env);
        return { key, relock: (next) => relock(dir, key, next, env) };
      },
      connect: (address) => connect(address, { ca, insecure }),
      watchWakes: watchWakes(),
    },
    env,
  );
}
