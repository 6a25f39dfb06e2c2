import type { Presence } from '@gochat/crypto/content';
import type { Env } from '@gochat/crypto/primitives';
import type { Room } from '@gochat/crypto/room';
import { openSignal, type SignalCounters, sealSignal } from '@gochat/crypto/signal';
import type { UpOf } from '@gochat/protocol/up';

/** A presence signal with its claimed sender: any member can forge it. */
export type Heard = Omit<NonNullable<ReturnType<typeof openSignal>>, 'counters'>;

/** Seals and opens a room's signals. Nothing of them is stored. */
export class Signals {
  readonly #env: Env;
  #counters: SignalCounters = new Map();
  #last = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** @returns undefined for a signal that doesn't open, is repeated, or is this device's own. */
  open(room: Room, body: string): Heard | undefined {
    const opened = openSignal(room, this.#counters, body);
    if (opened === undefined) return undefined;
    this.#counters = opened.counters;
    return opened.from.self ? undefined : opened;
  }

  /** @throws RoomError `not-active` */
  seal(room: Room, says: Presence): UpOf<'signal'> {
    // Readers order each device's signals by their times, so that no two may have the same.
    this.#last = Math.max(this.#env.now(), this.#last + 1);
    return sealSignal(room, says, { now: () => this.#last, random: (bytes) => this.#env.random(bytes) });
  }
}
