import type { Env } from '@gochat/crypto/primitives';
import type { RequestId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError } from '../net/connection-errors.ts';
import type { Timers } from '../schedule/timers.ts';
import type { Change, RoomInput } from './room-input.ts';
import type { RoomSender } from './room-sender.ts';
import type { RoomStore } from './room-store.ts';

const LONGEST_REST_MS = 1000;

/** What became of a change until now. */
interface Progress {
  /** How often another handshake came first. */
  lost: number;
  /** The handshake that makes it, once that is stored. */
  request: RequestId | undefined;
  /** Whether it waits before it is made again. */
  rests: boolean;
}

export interface CommitQueueParts {
  readonly store: RoomStore;
  readonly env: Env;
  readonly timers: Timers;
  readonly sender: RoomSender;
  readonly put: (input: RoomInput) => void;
}

/** This device's changes, oldest first. One handshake is sent at a time. It succeeds only if no other came first. */
export class CommitQueue {
  readonly #parts: CommitQueueParts;
  readonly #changes = new Map<Change, Progress>();

  constructor(parts: CommitQueueParts) {
    this.#parts = parts;
  }

  add(change: Change): void {
    this.#changes.set(change, { lost: 0, request: undefined, rests: false });
  }

  /**
   * Makes, stores and sends the oldest change, unless a handshake is under way.
   * @param isLive whether the room is live over the connection, and every received entry is processed
   */
  async send(over: Connection, isLive: () => boolean): Promise<void> {
    const { store } = this.#parts;
    for (let change = this.#next(); change !== undefined; change = this.#next()) {
      if (!isLive() || store.room.pending !== undefined) return;
      await this.#make(change, over).catch((error: unknown) => this.#end(change, error));
    }
  }

  /** Sends the stored handshake, if there is one. The server recognises a repeat. */
  repeat(over: Connection | undefined): void {
    const { request } = this.#parts.store;
    if (over !== undefined && request?.type === 'handshake') this.#parts.sender.commit(over, request);
  }

  landed(request: RequestId): void {
    const change = this.#madeBy(request);
    if (change === undefined) return;
    this.#changes.delete(change);
    change.landed();
  }

  /** Another handshake came first: the change is made again after a random wait, since two devices could lose to others again and again. */
  lost(request: RequestId): void {
    const { env, timers, put } = this.#parts;
    const change = this.#madeBy(request);
    const progress = change && this.#changes.get(change);
    if (change === undefined || progress === undefined) return;
    const waitMs = Math.min(LONGEST_REST_MS, 20 * 2 ** progress.lost) * ((env.random(1)[0] ?? 0) / 255);
    progress.request = undefined;
    progress.rests = true;
    progress.lost += 1;
    timers.after(waitMs, () => put({ kind: 'change-again', change }));
  }

  wake(change: Change): void {
    const progress = this.#changes.get(change);
    if (progress !== undefined) progress.rests = false;
  }

  /** The server has refused a handshake for good. */
  async refused(request: RequestId, error: unknown): Promise<void> {
    const isUnproved = error instanceof RequestError && error.code === 'refused';
    if (!(await this.#parts.store.giveUp(request, isUnproved))) return;
    const change = this.#madeBy(request);
    if (change !== undefined) this.#end(change, toChatError(error));
  }

  /** The caller waits no longer. What was sent may still land. */
  late(change: Change): void {
    const isSent = this.#changes.get(change)?.request !== undefined;
    this.#end(change, new ChatError({ reason: isSent ? 'change-unanswered' : 'change-unsent' }));
  }

  allLate(): void {
    for (const change of [...this.#changes.keys()]) this.late(change);
  }

  /** Ends the changes that were not sent. */
  endUnsent(error: ChatError): void {
    for (const [change, { request }] of [...this.#changes])
      if (request === undefined) this.#end(change, error);
  }

  endAll(error: ChatError): void {
    for (const change of [...this.#changes.keys()]) this.#end(change, error);
  }

  async #make(change: Change, over: Connection): Promise<void> {
    const { store, sender } = this.#parts;
    const started = await change.make(store.room);
    await store.begin(started);
    const progress = this.#changes.get(change);
    if (progress !== undefined) progress.request = started.frame.id;
    sender.commit(over, started.frame);
  }

  #end(change: Change, error: unknown): void {
    if (this.#changes.delete(change)) change.failed(error);
  }

  #next(): Change | undefined {
    for (const [change, { request, rests }] of this.#changes)
      if (request === undefined && !rests) return change;
    return undefined;
  }

  #madeBy(request: RequestId): Change | undefined {
    for (const [change, progress] of this.#changes) if (progress.request === request) return change;
    return undefined;
  }
}
