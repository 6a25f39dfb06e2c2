import type { Presence } from '@gochat/crypto/content';
import type { Env } from '@gochat/crypto/primitives';
import type { Room } from '@gochat/crypto/room';
import { openSignal, type SignalCounters, sealSignal } from '@gochat/crypto/signal';
import type { UpOf } from '@gochat/protocol/up';

/** What was heard, and from whom: any member could have made it. */
export type Heard = Omit<NonNullable<ReturnType<typeof openSignal>>, 'counters'>;

/** A room's signals, in and out. Nothing of them outlives the process. */
export class Signals {
  readonly #env: Env;
  #counters: SignalCounters = new Map();
  #last = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** @returns undefined for what doesn't open, is repeated, or is this device's own. */
  open(room: Room, body: string): Heard | undefined {
    const opened = openSignal(room, this.#counters, body);
    if (opened === undefined) return undefined;
    this.#counters = opened.counters;
    return opened.from.self ? undefined : opened;
  }

  /** @throws RoomError `not-active` */
  seal(room: Room, says: Presence): UpOf<'signal'> {
    // Readers take each device's signals in the order of their times: no two may have the same.
    this.#last = Math.max(this.#env.now(), this.#last + 1);
    return sealSignal(room, says, { now: () => this.#last, random: (bytes) => this.#env.random(bytes) });
  }
}
