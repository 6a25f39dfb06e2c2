import { proveEnter } from '@gochat/crypto/enter';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import type { Room } from '@gochat/crypto/room';
import type { UpOf } from '@gochat/protocol/up';
import type { Connection } from '../net/connection.ts';
import { RequestError, waitBeforeRepeat } from '../net/connection-errors.ts';
import type { Timers } from '../schedule/timers.ts';
import { requestCreation, type Vouch } from './request-creation.ts';
import type { RoomInput } from './room-input.ts';

/** Sends a room's requests. What becomes of a request comes back as an input of the room. */
export class RoomSender {
  readonly #env: Env;
  readonly #timers: Timers;
  readonly #put: (input: RoomInput) => void;
  readonly #vouch: Vouch;

  constructor(env: Env, timers: Timers, put: (input: RoomInput) => void, vouch: Vouch) {
    this.#env = env;
    this.#timers = timers;
    this.#put = put;
    this.#vouch = vouch;
  }

  /** The room was created here and its position is unknown: the same request gets the same answer. */
  create(over: Connection, frame: UpOf<'create'>): void {
    requestCreation(over, frame, this.#vouch).then(
      ({ seq }) => this.#put({ kind: 'created', over, seq }),
      (error: unknown) => this.#put({ kind: 'not-entered', over, error }),
    );
  }

  /** @param by the key to prove */
  enter(over: Connection, room: Room, by: 'own' | 'epoch'): void {
    const frame = proveEnter(room, room.position, over.dialled, newId(this.#env), this.#env, by);
    over.request(frame).then(
      (answer) => this.#put({ kind: 'entered', over, answer }),
      (error: unknown) => this.#put({ kind: 'not-entered', over, error }),
    );
  }

  /** The log shows whether a message landed: only temporary refusals come back. */
  post(over: Connection, frame: UpOf<'post'>): void {
    over.request(frame).catch((error: unknown) => {
      const waitMs = waitBeforeRepeat(error, frame.base);
      if (waitMs > 0) this.#timers.after(waitMs, () => this.#put({ kind: 'post-again', request: frame.id }));
    });
  }

  commit(over: Connection, frame: UpOf<'handshake'>): void {
    over.request(frame).catch((error: unknown) => {
      if (!(error instanceof RequestError)) return;
      const waitMs = waitBeforeRepeat(error, frame.after);
      if (waitMs > 0)
        this.#timers.after(waitMs, () => this.#put({ kind: 'commit-again', request: frame.id }));
      // The winner of a conflict is in the log, and processing it reports the loss.
      else if (error.code !== 'conflict') this.#put({ kind: 'commit-refused', request: frame.id, error });
    });
  }
}
