import type { Content, Presence } from '@gochat/crypto/content';
import { proveEnter } from '@gochat/crypto/enter';
import type { Step } from '@gochat/crypto/event';
import type { Started } from '@gochat/crypto/handshake';
import type { UnprovedJoin } from '@gochat/crypto/join';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { receive, skipExpired } from '@gochat/crypto/receive';
import type { Room } from '@gochat/crypto/room';
import { checkSize } from '@gochat/crypto/send';
import type { Down, DownOf, Entry } from '@gochat/protocol/down';
import { comparePositions, type RoomId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import type { Waiting } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { Disconnected, RequestError, waitBeforeRepeat } from '../net/connection-errors.ts';
import { Condition } from '../schedule/condition.ts';
import { Mutex } from '../schedule/mutex.ts';
import { Throttle } from '../schedule/throttle.ts';
import { Timers } from '../schedule/timers.ts';
import { CommitQueue } from './commit-queue.ts';
import type { HistoryItem } from './history.ts';
import type { RoomStore } from './room-store.ts';
import { type Heard, Signals } from './signals.ts';

const IN_FLIGHT = 32;
const BATCH = 256;
const INBOX = 2048;
const WAITING_SHOWN = 500;
const WAITING_MS = 50;
/** A room whose delivery has ended is entered again no sooner. */
const ENTER_AGAIN_MS = 500;
/** One that couldn't be entered is tried again: a node that trails the others may have caught up. */
const ENTER_LATER_MS = 10_000;

/** Frames of the server that speak of one room. */
export type RoomFrame =
  | Extract<Down, { room: RoomId; type: 'entry' | 'live' | 'retired' | 'signal' }>
  | (DownOf<'error'> & { readonly room: RoomId });

/** Told of what a room shows. */
export interface RoomListener {
  /** Lines that are new or have changed. */
  items(items: readonly HistoryItem[]): void;
  /** Other messages than before wait to be sent. */
  waiting(waiting: readonly Waiting[]): void;
  presence(heard: Heard): void;
}

/**
 * One room of this profile at work: the only writer of its cryptographic state. What the server sends goes in by {@link take};
 * whatever changes is durable before anything is sent or told.
 */
export class RoomSession {
  /** Whoever waits for something about this room waits here. */
  readonly condition = new Condition();
  readonly #store: RoomStore;
  readonly #env: Env;
  readonly #listener: RoomListener;
  readonly #mutex = new Mutex();
  readonly #timers = new Timers();
  readonly #commits: CommitQueue;
  #connection: Connection | undefined;
  /** Over which the room is about to be entered again. */
  #enteringAgain: Connection | undefined;
  #live = false;
  #problem: ChatError | undefined;
  #inbox: RoomFrame[] = [];
  #draining = false;
  #drained: Promise<void> = Promise.resolve();
  readonly #signals: Signals;
  /** Many messages may be queued at a time. */
  readonly #waitingThrottle = new Throttle(this.#timers, WAITING_MS, () => this.#emitWaiting());
  #shownRevision = 0;

  constructor(store: RoomStore, env: Env, listener: RoomListener) {
    this.#store = store;
    this.#env = env;
    this.#listener = listener;
    this.#signals = new Signals(env);
    this.#commits = new CommitQueue({
      store,
      env,
      mutex: this.#mutex,
      condition: this.condition,
      timers: this.#timers,
      live: () => (this.#live ? this.#connection : undefined),
      ready: () => {
        this.#mustBeIn();
        if (this.ended !== undefined) throw this.ended;
        return this.isLive;
      },
      behind: () => this.#inbox.length > 0,
      fail: (error) => this.#fail(error),
    });
  }

  get room(): Room {
    return this.#store.room;
  }

  get meta(): RoomStore['meta'] {
    return this.#store.meta;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Whether the server has shown all that it had, and shows what comes. */
  get isFollowing(): boolean {
    return this.#live;
  }

  /** Whether everything that the server has shown is taken in, too. */
  get isLive(): boolean {
    return this.#live && this.#inbox.length === 0 && !this.#draining;
  }

  /** Why nothing more will come of this room over this connection, if so. */
  get ended(): ChatError | undefined {
    if (this.meta.left) return new ChatError({ reason: 'left' });
    if (this.room.status === 'removed') return new ChatError({ reason: 'removed' });
    if (this.room.status === 'broken') return new ChatError({ reason: 'broken' });
    return this.#store.failure ?? this.#problem;
  }

  /** A join whose outcome was never learnt. */
  get unfinishedJoin(): { readonly room: Room; readonly frame: UnprovedJoin } | undefined {
    const { request } = this.#store;
    return request?.type === 'join' ? { room: this.room, frame: request } : undefined;
  }

  get queued(): number {
    return this.#store.outbox.size;
  }

  /** The oldest of what waits to be sent. */
  get waiting(): Waiting[] {
    return this.#store.outbox.first(WAITING_SHOWN).map(({ id, content, at }) => ({ id, content, at }));
  }

  isQueued(id: string): boolean {
    return this.#store.outbox.get(id) !== undefined;
  }

  /** Goes on over a fresh connection. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#live = false;
    this.#problem = undefined;
    this.#inbox = [];
    this.#enter(connection);
  }

  detach(): void {
    this.#connection = undefined;
    this.#live = false;
    this.condition.changed();
  }

  /** @returns once what was begun is done and durable. */
  close(): Promise<void> {
    this.detach();
    this.#timers.clear();
    return this.#mutex.take(async () => undefined);
  }

  #enter(connection: Connection): void {
    const entering = this.#mutex.take(async () => {
      if (this.#connection !== connection || this.meta.left) return;
      if (this.unfinishedJoin !== undefined) {
        throw new ChatError({ reason: 'join-unfinished' });
      }
      // A room that was made here and whose place was never learnt: the same request again gives the same answer.
      if (this.#store.request?.type === 'create')
        await this.#store.landCreate((await connection.request(this.#store.request)).seq);
      const { position } = this.room;
      const entered = await connection.request(
        proveEnter(this.room, position, connection.dialled, newId(this.#env), this.#env),
      );
      if (comparePositions(entered.handshake, this.room.base) < 0) {
        // Entries may have come with the answer.
        this.#inbox = [];
        this.#fail(unknownKeys());
        this.#enterIn(ENTER_LATER_MS, connection);
        return;
      }
      if (comparePositions(entered.floor, position) > 0)
        await this.#apply([skipExpired(this.room, entered.floor, this.#env.now())]);
      this.condition.changed();
    });
    entering.catch((error: unknown) => {
      if (this.#connection !== connection || error instanceof Disconnected) return;
      if (error instanceof RequestError && error.retryAfterMs > 0) {
        this.#enterIn(Math.max(ENTER_AGAIN_MS, error.retryAfterMs), connection);
        return;
      }
      this.#fail(error instanceof RequestError && error.code === 'refused' ? unknownKeys(error) : error);
      if (error instanceof RequestError) this.#enterIn(ENTER_LATER_MS, connection);
    });
  }

  #enterIn(ms: number, connection: Connection): void {
    if (this.#enteringAgain === connection) return;
    this.#enteringAgain = connection;
    this.#timers.after(ms, () => {
      if (this.#enteringAgain === connection) this.#enteringAgain = undefined;
      if (this.#connection !== connection) return;
      this.#problem = undefined;
      this.#enter(connection);
    });
  }

  #fail(error: unknown): void {
    this.#problem = toChatError(error);
    this.condition.changed();
  }

  /** Takes a frame of this room in. @returns what to wait for before the next one, when many wait already. */
  take(frame: RoomFrame): void | Promise<void> {
    // To a room that went on without this device its state says nothing: what is taken in would only harm it.
    if (this.#problem?.code === 'not-member') return;
    // Behind an entry that isn't taken in yet it waits: that may begin the epoch in which the signal is sealed.
    if (frame.type === 'signal' && this.#inbox.length === 0 && !this.#draining) return this.#hear(frame);
    this.#inbox.push(frame);
    if (!this.#draining) this.#drained = this.#startDraining();
    return this.#inbox.length > INBOX ? this.#drained : undefined;
  }

  #startDraining(): Promise<void> {
    this.#draining = true;
    return this.#mutex
      .take(() => this.#drain())
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#draining = false;
        this.condition.changed();
        this.flush();
      });
  }

  #hear(frame: DownOf<'signal'>): void {
    const heard = this.#signals.open(this.room, frame.body);
    if (heard !== undefined) this.#listener.presence(heard);
  }

  /** Tells the others something for the moment; nobody is told when the room isn't live. */
  presence(says: Presence): void {
    if (!this.#live || this.room.status !== 'active') return;
    this.#connection?.signal(this.#signals.seal(this.room, says));
  }

  async #drain(): Promise<void> {
    for (let frame = this.#inbox[0]; frame !== undefined; frame = this.#inbox[0]) {
      if (frame.type === 'entry') {
        const mark = this.#inbox.findIndex((other) => other.type !== 'entry');
        await this.#receive(
          this.#inbox.splice(0, Math.min(BATCH, mark === -1 ? this.#inbox.length : mark)) as Entry[],
        );
        continue;
      }
      this.#inbox.shift();
      if (frame.type === 'signal') this.#hear(frame);
      if (frame.type === 'live') this.#becomeLive();
      if (frame.type === 'retired') this.#keyRetired(frame);
      if (frame.type === 'error') this.#deliveryEnded(frame);
    }
  }

  async #receive(entries: readonly Entry[]): Promise<void> {
    const steps: Step<Room>[] = [];
    let { room } = this;
    for (const entry of entries) {
      const step = await receive(room, entry, this.#env.now());
      steps.push(step);
      room = step.room;
    }
    await this.#apply(steps);
  }

  async #apply(steps: readonly Step<Room>[]): Promise<void> {
    const items = await this.#store.apply(steps);
    for (const { events } of steps) {
      for (const event of events) {
        if (event.kind === 'landed') this.#commits.ends(event.request, 'landed');
        if (event.kind === 'lost-race') this.#commits.ends(event.request, 'lost');
      }
    }
    if (items.length > 0) this.#listener.items(items);
    this.#waitingThrottle.nudge();
    this.condition.changed();
  }

  #emitWaiting(): boolean {
    const { revision } = this.#store.outbox;
    if (revision === this.#shownRevision) return false;
    this.#shownRevision = revision;
    this.#listener.waiting(this.waiting);
    return true;
  }

  /** What was sent over the last connection and is not in the log is sent again: the server knows repeats by their ids. */
  #becomeLive(): void {
    this.#live = true;
    for (const frame of this.#store.outbox.sealed) this.#post(frame);
    const { request } = this.#store;
    if (request?.type === 'handshake') this.#commits.send(request);
  }

  /** The server brings no more of this room for now, over a connection that goes on. */
  #deliveryEnded({ retryAfterMs = 0 }: DownOf<'error'>): void {
    const connection = this.#connection;
    this.#live = false;
    if (connection !== undefined) this.#enterIn(Math.max(ENTER_AGAIN_MS, retryAfterMs), connection);
  }

  /** A removal retired the key that was proved: with this epoch's key there is more to read, unless this device was removed. */
  #keyRetired(mark: DownOf<'retired'>): void {
    this.#live = false;
    const connection = this.#connection;
    if (connection === undefined || this.room.status === 'removed') return;
    if (comparePositions(this.room.key, mark.seq) >= 0) this.#enter(connection);
    else this.#fail(new ChatError({ reason: 'broken' }));
  }

  /** Queues a message; durable when it resolves. @throws ChatError `not-member`, `refused`; RoomError `too-large` */
  async queue(id: string, content: Content): Promise<void> {
    checkSize(content);
    await this.#mutex.take(async () => {
      this.#mustBeIn();
      await this.#store.enqueue(id, content);
    });
    this.#waitingThrottle.nudge();
    this.flush();
  }

  /** Takes a message back that was not sealed yet; false for any other. */
  async withdraw(id: string): Promise<boolean> {
    const withdrawn = await this.#mutex.take(() => this.#store.withdraw(id));
    this.#waitingThrottle.nudge();
    this.condition.changed();
    return withdrawn;
  }

  #mustBeIn(): void {
    if (this.room.status === 'outdated') throw new ChatError({ reason: 'newer-rules' });
    if (this.ended?.code === 'not-member') throw this.ended;
  }

  /** Seals and posts what is queued, as far as the room is live. */
  flush(): void {
    if (!this.#live || this.#store.outbox.waiting.length === 0) return;
    this.#mutex
      .take(async () => {
        if (!this.#live || this.#inbox.length > 0 || this.room.status !== 'active') return;
        for (const frame of await this.#store.seal(IN_FLIGHT - this.room.inFlight.length)) this.#post(frame);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** Whether it landed is in the log: only refusals that pass are tried again here. */
  #post(frame: UpOf<'post'>): void {
    this.#connection?.request(frame).catch((error: unknown) => {
      const waitMs = waitBeforeRepeat(error, frame.base);
      if (waitMs === 0) return;
      this.#timers.after(waitMs, () => {
        if (this.#live && this.#store.outbox.sealed.some((sealed) => sealed.id === frame.id))
          this.#post(frame);
      });
    });
  }

  /**
   * Changes the room by a handshake and waits until it is the epoch; a lost race is run again.
   * @throws ChatError `offline` when the outcome isn't known after `waitMs`: it may still land. RoomError
   */
  change(make: (room: Room) => Promise<Started>, waitMs: number): Promise<void> {
    return this.#commits.run(make, waitMs);
  }

  /** Marks the room as left: nothing is followed or sent any more; the history stays. */
  async leave(): Promise<void> {
    await this.#mutex.take(() => this.#store.left());
    this.detach();
  }
}

/** Either it doesn't know a key that it had shown in its log itself, or its last handshake is older than one that it had shown. */
function unknownKeys(cause?: RequestError): ChatError {
  return new ChatError({ reason: 'keys-unknown' }, { cause });
}
