import type { Started } from '@gochat/crypto/handshake';
import type { Env } from '@gochat/crypto/primitives';
import type { Room } from '@gochat/crypto/room';
import type { RequestId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError, waitBeforeRepeat } from '../net/connection-errors.ts';
import type { Condition } from '../schedule/condition.ts';
import type { Mutex } from '../schedule/mutex.ts';
import type { Timers } from '../schedule/timers.ts';
import type { RoomStore } from './room-store.ts';

const OUTCOMES_KEPT = 64;

type Outcome = 'landed' | 'lost' | ChatError;

export interface CommitQueueParts {
  readonly store: RoomStore;
  readonly env: Env;
  readonly mutex: Mutex;
  readonly condition: Condition;
  readonly timers: Timers;
  /** The connection over which the room is live; undefined when it is not. */
  readonly live: () => Connection | undefined;
  /** Whether the room is live and every received entry is processed. @throws ChatError when the room has ended */
  readonly ready: () => boolean;
  readonly fail: (error: unknown) => void;
}

/** Sends this device's handshakes, one at a time. Each succeeds only if no other handshake came first. */
export class CommitQueue {
  readonly #parts: CommitQueueParts;
  readonly #outcomes = new Map<RequestId, Outcome>();

  constructor(parts: CommitQueueParts) {
    this.#parts = parts;
  }

  /**
   * Changes the room by a handshake and waits until it has landed; after a conflict it is made again.
   * @throws ChatError `offline` when the outcome is unknown after `waitMs`: the change may still land. RoomError
   */
  async run(make: (room: Room) => Promise<Started>, waitMs: number): Promise<void> {
    const { store, env, mutex, condition, timers } = this.#parts;
    const end = Date.now() + waitMs;
    for (let attempt = 0; ; attempt++) {
      const free = await condition.until(() => (this.#mayBegin() ? true : undefined), end - Date.now());
      if (free === undefined) throw new ChatError({ reason: 'change-unsent' });
      const request = await mutex.take(() => this.#begin(make));
      if (request === undefined) continue;
      const outcome = await condition.until(
        () => this.#outcomes.get(request) ?? store.failure,
        end - Date.now(),
      );
      if (outcome === 'landed') return;
      if (outcome instanceof ChatError) throw outcome;
      if (outcome === undefined) throw new ChatError({ reason: 'change-unanswered' });
      await timers.pause(Math.min(1000, 20 * 2 ** attempt) * ((env.random(1)[0] ?? 0) / 255));
    }
  }

  #mayBegin(): boolean {
    const { store, live, ready } = this.#parts;
    return ready() && live() !== undefined && store.room.pending === undefined;
  }

  async #begin(make: (room: Room) => Promise<Started>): Promise<RequestId | undefined> {
    const { store } = this.#parts;
    // Something may have come first while this waited for its turn.
    if (!this.#mayBegin()) return undefined;
    const started = await make(store.room);
    await store.begin(started);
    this.send(started.frame);
    return started.frame.id;
  }

  /** Sends a stored handshake, or repeats it. */
  send(frame: UpOf<'handshake'>): void {
    const { store, timers, mutex, condition, live, fail } = this.#parts;
    live()
      ?.request(frame)
      .catch((error: unknown) => {
        if (!(error instanceof RequestError)) return;
        const waitMs = waitBeforeRepeat(error, frame.after);
        // The winner of a conflict is in the log, and processing it reports the loss.
        if (waitMs === 0 && error.code === 'conflict') return;
        if (waitMs > 0) {
          timers.after(waitMs, () => {
            if (store.request?.id === frame.id) this.send(frame);
          });
          return;
        }
        mutex
          .take(async () => {
            if (await store.giveUp(frame.id)) this.ends(frame.id, toChatError(error));
            condition.changed();
          })
          .catch(fail);
      });
  }

  /** Records the outcome of a handshake. */
  ends(request: RequestId, outcome: Outcome): void {
    this.#outcomes.set(request, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > OUTCOMES_KEPT && oldest !== undefined) this.#outcomes.delete(oldest);
  }
}
