import { startTimer } from '../schedule/timer.ts';
import { ChatError } from './chat-error.ts';
import type { Linking } from './methods.ts';
import type { Profile } from './open.ts';

export type Stage<S extends Linking['stage']> = Extract<Linking, { stage: S }>;

/** Waits for what a profile does to take a device in, or to become one. */
export class Stages {
  readonly #profile: Profile;
  readonly #stop: () => void;
  #checks: ((linking: Linking) => void)[] = [];

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#stop = profile.on((event) => {
      if (event.kind === 'linking') for (const check of [...this.#checks]) check(event.linking);
    });
  }

  now(): Promise<Linking> {
    return this.#profile.call('linking', {});
  }

  /** @throws ChatError when the linking has failed, or was ended elsewhere */
  async until<S extends Linking['stage']>(...stages: readonly S[]): Promise<Stage<S>> {
    const found = await this.#until((linking): linking is Stage<S> =>
      stages.some((stage) => stage === linking.stage),
    );
    return found as Stage<S>;
  }

  /** As {@link until}, but undefined when it takes longer. */
  async within<S extends Linking['stage']>(
    ms: number,
    ...stages: readonly S[]
  ): Promise<Stage<S> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = startTimer(ms, () => resolve(undefined));
    });
    try {
      return await Promise.race([this.until(...stages), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** As {@link until}, for any other stage than this one. */
  unless(stage: Linking['stage']): Promise<Linking> {
    return this.#until((linking) => linking.stage !== stage);
  }

  close(): void {
    this.#stop();
    this.#checks = [];
  }

  async #until(isWanted: (linking: Linking) => boolean): Promise<Linking> {
    const change = new Promise<Linking>((resolve) => {
      const check = (linking: Linking) => {
        if (!isWanted(linking) && !isOver(linking)) return;
        this.#checks = this.#checks.filter((one) => one !== check);
        resolve(linking);
      };
      this.#checks.push(check);
      // It may be so already.
      this.now().then(check, () => undefined);
    });
    const linking = await change;
    if (linking.stage === 'failed') throw new ChatError(linking.problem.data, { code: linking.problem.code });
    if (!isWanted(linking)) throw new ChatError({ reason: 'link-cancelled' });
    return linking;
  }
}

function isOver({ stage }: Linking): boolean {
  return stage === 'failed' || stage === 'none' || stage === 'removed';
}
