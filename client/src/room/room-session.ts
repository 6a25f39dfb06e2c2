import type { Content, Presence } from '@gochat/crypto/content';
import { proveEnter } from '@gochat/crypto/enter';
import type { Step, Warning } from '@gochat/crypto/event';
import type { Started } from '@gochat/crypto/handshake';
import type { UnprovedJoin } from '@gochat/crypto/join';
import { afterSplit } from '@gochat/crypto/look';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { receive } from '@gochat/crypto/receive';
import { announceRetention, boundExpired, skipExpired } from '@gochat/crypto/retention';
import type { Room, Split } from '@gochat/crypto/room';
import { checkSize } from '@gochat/crypto/send';
import type { Down, DownOf, Entry } from '@gochat/protocol/down';
import { comparePositions, type Position, type RoomId } from '@gochat/protocol/fields';
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
import type { RecordChange } from '../store/records.ts';
import { CommitQueue } from './commit-queue.ts';
import type { HistoryItem } from './history.ts';
import type { Outcome } from './outgoing.ts';
import type { RoomMeta } from './room-meta.ts';
import type { RoomStore } from './room-store.ts';
import { type Heard, Signals } from './signals.ts';

const IN_FLIGHT = 32;
/** How long a sealed message may wait for the server before it is sealed again. */
const SEALED_FOR_MS = 2 * 60_000;
const BATCH = 256;
const INBOX = 2048;
const WAITING_SHOWN = 500;
/** How many positions of posted messages are remembered. */
const POSTED_KEPT = 1024;
const WAITING_MS = 50;
/** The shortest wait before a room is entered again after its delivery has ended. */
const ENTER_AGAIN_MS = 500;
/** The wait before a refused enter is repeated: a replica that is behind may have caught up. */
const ENTER_LATER_MS = 10_000;

const UNOPENED: ReadonlySet<Warning['kind']> = new Set(['undecryptable', 'skipped-handshake']);

/** The server's frames that are about one room. */
export type RoomFrame =
  | Extract<Down, { room: RoomId; type: 'entry' | 'live' | 'refreshed' | 'retired' | 'signal' }>
  | (DownOf<'error'> & { readonly room: RoomId });

/** Receives a room's changes. */
export interface RoomListener {
  /** New and changed lines. */
  items(items: readonly HistoryItem[]): void;
  /** The messages that wait to be sent have changed. */
  waiting(waiting: readonly Waiting[]): void;
  presence(heard: Heard): void;
}

/**
 * One open room of this profile, and the only writer of its cryptographic state. The server's frames go in by {@link take}. Every
 * change is durable before anything is sent or emitted.
 */
export class RoomSession {
  /** Signals every change of this room. */
  readonly condition = new Condition();
  readonly #store: RoomStore;
  readonly #env: Env;
  readonly #listener: RoomListener;
  readonly #mutex = new Mutex();
  readonly #timers = new Timers();
  readonly #commits: CommitQueue;
  #connection: Connection | undefined;
  /** The connection over which the room will be entered again. */
  #enteringAgain: Connection | undefined;
  #live = false;
  #infoRevision = 0;
  #unopened = 0;
  #isCutOff = false;
  #problem: ChatError | undefined;
  #inbox: RoomFrame[] = [];
  #draining = false;
  #drained: Promise<void> = Promise.resolve();
  readonly #signals: Signals;
  /** Many messages may be queued at a time. */
  readonly #waitingThrottle = new Throttle(this.#timers, WAITING_MS, () => this.#emitWaiting());
  #shownRevision = 0;
  /** The positions of own messages that were last seen in the log, by id. */
  readonly #posted = new Map<string, Position>();

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

  /** Whether the server has delivered its backlog and delivers new entries. */
  get isFollowing(): boolean {
    return this.#live;
  }

  /** As {@link isFollowing}, and every received entry is processed. */
  get isLive(): boolean {
    return this.#live && this.#inbox.length === 0 && !this.#draining;
  }

  /** Changes when the server may have replaced the GroupInfo of the last handshake: it says so, or the room wasn't live. */
  get infoRevision(): number {
    return this.#infoRevision;
  }

  /** Grows with each entry that no key of this device opens. */
  get unopened(): number {
    return this.#unopened;
  }

  /** Whether the server has ended this device's key by a handshake that this device couldn't follow. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Why the room receives nothing more over this connection; undefined when it does. */
  get ended(): ChatError | undefined {
    if (this.meta.left) return new ChatError({ reason: 'left' });
    if (this.room.status === 'removed') return new ChatError({ reason: 'removed' });
    if (this.room.status === 'broken') return new ChatError({ reason: 'broken' });
    return this.#store.failure ?? this.#problem;
  }

  /** A join whose outcome is unknown. */
  get unfinishedJoin(): { readonly room: Room; readonly frame: UnprovedJoin } | undefined {
    const { request } = this.#store;
    return request?.type === 'join' ? { room: this.room, frame: request } : undefined;
  }

  get queued(): number {
    return this.#store.outbox.size;
  }

  /** The oldest messages that wait to be sent, or were refused. */
  get waiting(): Waiting[] {
    return this.#store.outbox
      .first(WAITING_SHOWN)
      .map(({ id, content, at, end }) => ({ id, content, at, state: end ?? 'waiting' }));
  }

  /** @param id of a message that was queued here. */
  outcome(id: string): Outcome {
    const item = this.#store.outbox.get(id);
    if (item !== undefined) return { id, state: item.end ?? 'waiting' };
    const seq = this.#posted.get(id);
    return { id, state: 'posted', ...(seq !== undefined && { seq }) };
  }

  isQueued(id: string): boolean {
    return this.outcome(id).state === 'waiting';
  }

  /** Continues over a new connection. */
  attach(connection: Connection): void {
    this.#connection = connection;
    this.#live = false;
    this.#problem = undefined;
    this.#isCutOff = false;
    this.#inbox = [];
    this.#enter(connection);
  }

  detach(): void {
    this.#connection = undefined;
    this.#live = false;
    // What wasn't processed comes again over the next connection.
    this.#inbox = [];
    this.condition.changed();
  }

  /** Resolves when work that was begun is done and durable. */
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
      // The room was created here and its position is unknown: the same request gets the same answer.
      if (this.#store.request?.type === 'create')
        await this.#store.landCreate((await connection.request(this.#store.request)).seq);
      const { position } = this.room;
      const entered = await connection.request(
        proveEnter(this.room, position, connection.dialled, newId(this.#env), this.#env),
      );
      if (comparePositions(entered.handshake, this.room.base) < 0) {
        // Entries may have arrived with the answer.
        this.#inbox = [];
        this.#fail(unknownKeys());
        this.#enterIn(ENTER_LATER_MS, connection);
        return;
      }
      const now = this.#env.now();
      const announced = announceRetention(this.room, connection.retainMs, entered.rules, now);
      const skipped = skipExpired(announced.room, entered.floor, now);
      if (skipped.room !== this.room || skipped.events.length > 0) await this.#apply([announced, skipped]);
      this.condition.changed();
    });
    entering.catch((error: unknown) => {
      if (this.#connection !== connection || error instanceof Disconnected) return;
      if (error instanceof RequestError && error.retryAfterMs > 0) {
        this.#enterIn(Math.max(ENTER_AGAIN_MS, error.retryAfterMs), connection);
        return;
      }
      this.#fail(error instanceof RequestError && error.code === 'refused' ? unknownKeys(error) : error);
      if (error instanceof RequestError && error.code !== 'closed') this.#enterIn(ENTER_LATER_MS, connection);
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

  /** Takes a frame of this room. @returns a promise to await before the next frame, when many are waiting. */
  take(frame: RoomFrame): void | Promise<void> {
    // The room continued without this device: processing its entries would only damage the stored state.
    if (this.#problem?.code === 'not-member') return;
    // A signal waits for earlier entries: one of them may begin the epoch in which the signal is sealed.
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

  /** Sends a presence signal; it is dropped unless the room is live. */
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
      if (frame.type === 'live') await this.#becomeLive(frame.seq);
      if (frame.type === 'refreshed') this.#infoRevision += 1;
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
        if (event.kind === 'sent') this.#remember(event.id, event.seq);
        if (event.kind === 'warning' && UNOPENED.has(event.warning.kind)) this.#unopened += 1;
      }
    }
    if (items.length > 0) this.#listener.items(items);
    this.#waitingThrottle.nudge();
    this.condition.changed();
  }

  #remember(id: string, seq: Position): void {
    this.#posted.set(id, seq);
    const [oldest] = this.#posted.keys();
    if (this.#posted.size > POSTED_KEPT && oldest !== undefined) this.#posted.delete(oldest);
  }

  #emitWaiting(): boolean {
    const { revision } = this.#store.outbox;
    if (revision === this.#shownRevision) return false;
    this.#shownRevision = revision;
    this.#listener.waiting(this.waiting);
    return true;
  }

  /** Sends again what was sent over the last connection and is not in the log: the server recognises repeats by their ids. */
  async #becomeLive(end: Position): Promise<void> {
    const connection = this.#connection;
    const room = boundExpired(this.room, end);
    if (room !== this.room) await this.#apply([{ room, events: [], secretsToWipe: [] }]);
    if (connection === undefined || this.#connection !== connection) return;
    this.#live = true;
    this.#infoRevision += 1;
    await this.#renew();
    for (const frame of this.#store.outbox.sealed) this.#post(frame);
    const { request } = this.#store;
    if (request?.type === 'handshake') this.#commits.send(request);
  }

  /** The server has ended the delivery of this room; the connection continues. */
  #deliveryEnded({ retryAfterMs = 0 }: DownOf<'error'>): void {
    const connection = this.#connection;
    this.#live = false;
    if (connection !== undefined) this.#enterIn(Math.max(ENTER_AGAIN_MS, retryAfterMs), connection);
  }

  /** A handshake has retired the proved key. This epoch's key can read more, unless this device was removed. */
  #keyRetired(mark: DownOf<'retired'>): void {
    this.#live = false;
    const connection = this.#connection;
    if (connection === undefined || this.room.status === 'removed') return;
    if (comparePositions(this.room.key, mark.seq) >= 0) this.#enter(connection);
    else this.#cutOff();
  }

  #cutOff(): void {
    this.#isCutOff = true;
    this.#fail(new ChatError({ reason: 'broken' }));
  }

  /** The other members have gone on without this device: it sends nothing until it has joined them again. */
  async splits(split: Split): Promise<void> {
    await this.#mutex.take(async () => {
      const { room } = this;
      const seen = { seq: room.position, at: this.#env.now() };
      const warning = { kind: 'split', by: split.by } as const;
      const step = {
        room: afterSplit(room, split),
        events: [{ kind: 'warning', ...seen, warning }],
      } as const;
      if (room.status === 'active' || room.status === 'rolled-back')
        await this.#apply([{ ...step, secretsToWipe: [] }]);
    });
  }

  /**
   * Queues a message; durable when it resolves.
   * @param also other records that are stored with it, or not at all
   * @throws ChatError `not-member`, `refused`; RoomError `too-large`
   */
  async queue(id: string, content: Content, also: readonly RecordChange[] = []): Promise<void> {
    checkSize(content);
    await this.#mutex.take(async () => {
      this.#mustBeIn();
      await this.#store.enqueue(id, content, also);
    });
    this.#waitingThrottle.nudge();
    this.flush();
  }

  /** Cancels a message that is not sealed yet, or stops showing one that was refused; false for any other. */
  async cancel(id: string): Promise<boolean> {
    const cancelled = await this.#mutex.take(() => this.#store.cancel(id));
    this.#waitingThrottle.nudge();
    this.condition.changed();
    return cancelled;
  }

  #mustBeIn(): void {
    if (this.room.status === 'outdated') throw new ChatError({ reason: 'newer-rules' });
    if (this.unfinishedJoin !== undefined) throw new ChatError({ reason: 'join-unfinished' });
    if (this.ended?.code === 'not-member') throw this.ended;
  }

  /** Seals and posts queued messages while the room is live. */
  flush(): void {
    if (!this.#live || this.#store.outbox.waiting.length === 0) return;
    this.#mutex
      .take(async () => {
        if (!this.#live || this.#inbox.length > 0 || this.room.status !== 'active') return;
        for (const frame of await this.#store.seal(IN_FLIGHT - this.#store.outbox.sealed.length))
          this.#post(frame);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** The log shows whether it landed: only temporary refusals are repeated here. */
  #post(frame: UpOf<'post'>): void {
    this.#connection?.request(frame).catch((error: unknown) => {
      const waitMs = waitBeforeRepeat(error, frame.base);
      if (waitMs === 0) return;
      this.#timers.after(waitMs, () => this.#postAgain(frame.id));
    });
  }

  #postAgain(id: UpOf<'post'>['id']): void {
    this.#mutex
      .take(async () => {
        if (!this.#live) return;
        const renewed = await this.#renew();
        const { sealed } = this.#store.outbox;
        for (const frame of renewed.length > 0 ? renewed : sealed.filter((one) => one.id === id))
          this.#post(frame);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  /** Seals again what waited too long: the sender's clock in a message is evidence about the server's time. */
  async #renew(): Promise<readonly UpOf<'post'>[]> {
    return this.room.status === 'active' ? this.#store.renew(this.#env.now() - SEALED_FOR_MS) : [];
  }

  /**
   * Changes the room by a handshake and waits until it has landed; after a conflict it is made again.
   * @throws ChatError `offline` when the outcome is unknown after `waitMs`: the change may still land. RoomError
   */
  change(make: (room: Room) => Promise<Started>, waitMs: number): Promise<void> {
    return this.#commits.run(make, waitMs);
  }

  /** Marks the room as left: nothing more is followed or sent; the history stays. */
  async leave(): Promise<void> {
    await this.#mutex.take(() => this.#store.left());
    this.#waitingThrottle.nudge();
    this.detach();
  }

  /** Stores this device's return: what is queued is sent in the epoch that it has joined. Nothing more is followed or sent here. */
  async returns(meta: RoomMeta, room: Room): Promise<void> {
    await this.#mutex.take(() => this.#store.returned(meta, room));
    this.detach();
  }

  /** Ends this membership and stores the one that follows it: nothing more is followed or sent here. */
  async supersede(meta: RoomMeta, room: Room): Promise<void> {
    await this.#mutex.take(() => this.#store.supersede(meta, room));
    this.detach();
  }
}

/** The server refuses a key that was in its log, or its last handshake is older than one that it has delivered. */
function unknownKeys(cause?: RequestError): ChatError {
  return new ChatError({ reason: 'keys-unknown' }, { cause });
}
