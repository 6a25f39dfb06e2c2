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
  /** The connection over which the room is live, if it is. */
  readonly live: () => Connection | undefined;
  /** Whether all that the server has shown is taken in. @throws ChatError when nothing more will come */
  readonly ready: () => boolean;
  /** Whether something that the server has shown waits to be taken in. */
  readonly behind: () => boolean;
  readonly fail: (error: unknown) => void;
}

/** This device's handshakes, each of which swaps the room's last one or has lost to another. */
export class CommitQueue {
  readonly #parts: CommitQueueParts;
  readonly #outcomes = new Map<RequestId, Outcome>();

  constructor(parts: CommitQueueParts) {
    this.#parts = parts;
  }

  /**
   * Changes the room by a handshake and waits until it is the epoch; a lost race is run again.
   * @throws ChatError `offline` when the outcome isn't known after `waitMs`: it may still land. RoomError
   */
  async run(make: (room: Room) => Promise<Started>, waitMs: number): Promise<void> {
    const { store, env, mutex, condition, timers, ready } = this.#parts;
    const end = Date.now() + waitMs;
    for (let attempt = 0; ; attempt++) {
      const free = await condition.until(
        () => (ready() && store.room.pending === undefined ? true : undefined),
        end - Date.now(),
      );
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

  async #begin(make: (room: Room) => Promise<Started>): Promise<RequestId | undefined> {
    const { store, live, behind } = this.#parts;
    if (live() === undefined || behind() || store.room.pending !== undefined) return undefined;
    const started = await make(store.room);
    await store.begin(started);
    this.send(started.frame);
    return started.frame.id;
  }

  /** Sends a handshake that is durable, or sends it again. */
  send(frame: UpOf<'handshake'>): void {
    const { store, timers, mutex, condition, live, fail } = this.#parts;
    live()
      ?.request(frame)
      .catch((error: unknown) => {
        if (!(error instanceof RequestError)) return;
        const waitMs = waitBeforeRepeat(error, frame.after);
        // A conflict's winner is in the log, and tells there that the race is lost.
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

  /** What became of a handshake. */
  ends(request: RequestId, outcome: Outcome): void {
    this.#outcomes.set(request, outcome);
    const [oldest] = this.#outcomes.keys();
    if (this.#outcomes.size > OUTCOMES_KEPT && oldest !== undefined) this.#outcomes.delete(oldest);
  }
}
