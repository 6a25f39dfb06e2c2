import type { Account } from '@gochat/client/internal/account/account';
import { claimProfile } from '@gochat/client/internal/profile/claim';
import { noPassphrase, relock, unlock } from '@gochat/client/internal/profile/key-file';
import { openOwnProfile } from '@gochat/client/internal/profile/own-profile';
import { platform } from '@gochat/client/internal/profile/platform';
import { openAt, type Profile } from '@gochat/client/profile-connection';
import { Network } from './network.ts';
import { noFiles } from './no-files.ts';

/** A profile whose processes and connections end. */
export interface Fleeting {
  /** Does something, again in another process if the present one ends before it is done. */
  does<T>(work: (chat: Pick<Account, 'call'>) => Promise<T>): Promise<T>;
  readonly network: Network;
  /** A process ends. */
  dies(): Promise<void>;
  close(): Promise<void>;
}

const PROCESSES = 3;

/**
 * A profile that several processes use at once, one of which owns it. They take turns. Each is an own owner or guest of the profile, in
 * the process of the test.
 */
export class Several implements Fleeting {
  readonly network = new Network();
  readonly #dir: string;
  readonly #open: (Profile | undefined)[] = Array.from({ length: PROCESSES });
  #turn = 0;
  #ending: Profile | undefined;

  /** @param dir the profile's folder */
  constructor(dir: string) {
    this.#dir = dir;
  }

  async does<T>(work: (chat: Pick<Account, 'call'>) => Promise<T>): Promise<T> {
    for (;;) {
      const ending = this.#ending;
      this.#ending = undefined;
      const chat = await this.#next();
      const done = work(chat).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      // The process that owns the profile ends during the work.
      await ending?.close();
      const ended = await done;
      if ('result' in ended) return ended.result;
      if ((ended.error as { readonly data?: { readonly reason?: string } }).data?.reason !== 'owner-gone')
        throw ended.error;
    }
  }

  async #next(): Promise<Profile> {
    this.#turn = (this.#turn + 1) % PROCESSES;
    const profile = this.#open[this.#turn] ?? (await this.#start());
    this.#open[this.#turn] = profile;
    return profile;
  }

  #start(): Promise<Profile> {
    const dir = this.#dir;
    return openAt(
      {
        claim: () => claimProfile(dir),
        loadOwn: async () => openOwnProfile,
        async unlock({ store }) {
          const known = noPassphrase(platform);
          const key = await unlock(dir, store, undefined, platform, known);
          return {
            key,
            relock: (next) => relock(dir, key, next, platform, known),
            renew: (next) => relock(dir, next, undefined, platform, known),
            known,
          };
        },
        connect: (address) => this.network.connect(address),
        files: () => noFiles.files,
        fileCache: noFiles.fileCache,
        watchWakes: () => () => undefined,
      },
      platform,
    );
  }

  /** The process that was used first of those that are open ends, during what the next one does. */
  async dies(): Promise<void> {
    await this.#ending?.close();
    const oldest = [1, 2, 0]
      .map((by) => (this.#turn + by) % PROCESSES)
      .find((i) => this.#open[i] !== undefined);
    if (oldest === undefined) return;
    this.#ending = this.#open[oldest];
    this.#open[oldest] = undefined;
  }

  async close(): Promise<void> {
    await this.#ending?.close();
    for (const profile of this.#open) await profile?.close();
  }
}
