import type { Content, Presence } from '@gochat/crypto/content';
import type { RoomEvent, Step, Warning } from '@gochat/crypto/event';
import type { Started } from '@gochat/crypto/handshake';
import type { UnprovedJoin } from '@gochat/crypto/join';
import { afterSplit } from '@gochat/crypto/look';
import type { KeptPack } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { receiveAll } from '@gochat/crypto/receive';
import { boundExpired } from '@gochat/crypto/retention';
import type { Room, Split } from '@gochat/crypto/room';
import { checkSize } from '@gochat/crypto/send';
import type { DownOf, Entry } from '@gochat/protocol/down';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { CatchingUp, Waiting } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { MergedFrom } from '../history/merged-lines.ts';
import type { PackedMessage } from '../history/verify-pack.ts';
import type { Connection } from '../net/connection.ts';
import { Alarm } from '../schedule/alarm.ts';
import { Condition } from '../schedule/condition.ts';
import { nextTurn } from '../schedule/next-turn.ts';
import { Timers } from '../schedule/timers.ts';
import type { RecordChange } from '../store/records.ts';
import { CommitQueue } from './commit-queue.ts';
import { Delivery } from './delivery.ts';
import type { HistoryItem, WarningFact } from './history.ts';
import { InputQueue } from './input-queue.ts';
import type { Again } from './outbox.ts';
import type { Outcome, Queued } from './outgoing.ts';
import { Posts, type Uploading } from './posts.ts';
import type { Vouch } from './request-creation.ts';
import type { RoomCommand, RoomFrame, RoomInput } from './room-input.ts';
import type { JoiningKeys, RoomMeta } from './room-meta.ts';
import { RoomSender } from './room-sender.ts';
import type { RoomStore } from './room-store.ts';
import { type Heard, Signals } from './signals.ts';
import { ownSilence } from './turns.ts';

/** More unprocessed frames than this make the connection wait. */
const INBOX = 2048;

/** How many entries are read before the platform has a turn. A page isn't drawn and takes no input meanwhile. */
const AT_ONCE = 32;

const UNOPENED: ReadonlySet<Warning['kind']> = new Set(['undecryptable', 'skipped-handshake']);

/** Receives a room's changes. */
export interface RoomListener {
  /** New and changed lines. */
  items(items: readonly HistoryItem[]): void;
  /** The messages that wait to be sent have changed. */
  /** Lines have disappeared: all whose `expires` isn't after this time. */
  expired(until: number): void;
  waiting(waiting: readonly Waiting[]): void;
  presence(heard: Heard): void;
  /** @returns how far the upload of a waiting message's files is, if one is known */
  uploading?(id: string): Uploading | undefined;
  /** Vouches for this room if its creation has to be repeated. */
  vouch?: Vouch;
}

/**
 * One open room of this profile, and the only writer of its state. The server's frames, commands, answers and timers are inputs of one
 * queue and are processed one after the other. What an input changes is durable before anything is sent or emitted.
 */
export class RoomSession {
  /** Signals every change of this room. */
  readonly condition = new Condition();
  readonly #store: RoomStore;
  readonly #env: Env;
  readonly #listener: RoomListener;
  readonly #timers = new Timers();
  readonly #inputs: InputQueue;
  readonly #delivery: Delivery;
  readonly #posts: Posts;
  readonly #commits: CommitQueue;
  readonly #signals: Signals;
  readonly #alarm: Alarm;
  #infoRevision = 0;
  #refreshes = 0;
  #unopened = 0;
  /** Why the messages that wait can't be sealed. */
  #sendProblem: ChatError | undefined;

  constructor(store: RoomStore, env: Env, listener: RoomListener) {
    const timers = this.#timers;
    this.#store = store;
    this.#env = env;
    this.#listener = listener;
    this.#inputs = new InputQueue({
      process: (input) => this.#process(input).catch((error: unknown) => this.#delivery.stop(error)),
      advance: () => this.#advance(),
      holdsFrames: () => this.#delivery.stage === 'entering',
    });
    const put = (input: RoomInput) => this.#inputs.put(input);
    const sender = new RoomSender(env, timers, put, async (frame, at) => listener.vouch?.(frame, at));
    this.#delivery = new Delivery({
      store,
      env,
      timers,
      sender,
      put,
      dropFrames: () => this.#inputs.dropFrames(),
      progressed: () => this.condition.changed(),
    });
    this.#posts = new Posts({
      store,
      timers,
      sender,
      now: () => env.now(),
      due: () => put({ kind: 'post-due' }),
      show: (waiting) => listener.waiting(waiting),
      uploading: (id) => listener.uploading?.(id),
    });
    this.#commits = new CommitQueue({ store, env, timers, sender, put });
    this.#signals = new Signals(env);
    this.#alarm = new Alarm(timers, () => {
      // A failed write has stopped the room.
      this.expire().catch(() => undefined);
    });
    this.#setAlarm();
  }

  get room(): Room {
    return this.#store.room;
  }

  get meta(): RoomMeta {
    return this.#store.meta;
  }

  get connection(): Connection | undefined {
    return this.#delivery.connection;
  }

  /** Whether the server has delivered its backlog and delivers new entries. */
  get isFollowing(): boolean {
    return this.#delivery.stage === 'live';
  }

  /** How much of the backlog is processed; undefined unless that takes some time. */
  get catchingUp(): CatchingUp | undefined {
    return this.#delivery.catchingUp;
  }

  /** As {@link isFollowing}, and every received entry is processed. */
  get isLive(): boolean {
    return this.isFollowing && this.#inputs.frames === 0;
  }

  /** Changes when the server may have replaced the GroupInfo of the last handshake: it says so, or the room wasn't live. */
  get infoRevision(): number {
    return this.#infoRevision;
  }

  /** Grows whenever somebody replaces the GroupInfo of the last handshake. */
  get refreshes(): number {
    return this.#refreshes;
  }

  /** Grows with each entry that no key of this device opens. */
  get unopened(): number {
    return this.#unopened;
  }

  /** Whether the server has ended this device's key by a handshake that this device couldn't follow. */
  get isCutOff(): boolean {
    return this.#delivery.isCutOff;
  }

  /** Why the room receives nothing more over this connection; undefined when it does. */
  get ended(): ChatError | undefined {
    if (this.meta.left) return new ChatError({ reason: this.meta.restored ? 'restored' : 'left' });
    if (this.room.status === 'removed')
      return new ChatError({ reason: this.meta.ousted === 'for-ever' ? 'device-removed' : 'removed' });
    if (this.room.status === 'broken') return new ChatError({ reason: 'broken' });
    return this.#store.failure ?? this.#delivery.problem ?? this.#sendProblem;
  }

  /** A join whose outcome is unknown. */
  get unfinishedJoin(): { readonly room: Room; readonly frame: UnprovedJoin } | undefined {
    const { request } = this.#store;
    return request?.type === 'join' ? { room: this.room, frame: request } : undefined;
  }

  get queued(): number {
    return this.#posts.queued;
  }

  /** When this person may say the next text, in milliseconds since 1970 by the server's clock; undefined: at any time. */
  get nextTurn(): number | undefined {
    return this.#store.nextTurn;
  }

  /** As {@link nextTurn}, by this device's clock. */
  get turn(): number | undefined {
    const { nextTurn, connection } = this;
    const here = this.#env.now();
    return nextTurn && Math.ceil(nextTurn - (connection?.serverNow() ?? here) + here);
  }

  get unsent(): number {
    return this.#store.outbox.unsent;
  }

  get missed(): number {
    return this.#store.outbox.missed;
  }

  /** The oldest messages that wait to be sent, were refused, or perhaps were not read by everybody. */
  get waiting(): Waiting[] {
    return this.#posts.waiting;
  }

  /** Messages whose files are to be uploaded, oldest first. */
  get uploads(): ReturnType<RoomStore['outbox']['waiting']> {
    return this.#store.outbox.uploading;
  }

  /** What is kept of all messages that were queued: waiting, refused, or perhaps to be sent again. */
  get outgoing(): readonly Content[] {
    return this.#store.outbox.contents;
  }

  /** Changes when files have to be dropped. */
  get fileRevision(): number {
    return this.#store.fileRevision;
  }

  /** Changes when another device has sent something to this one, which waits in the records `received`. */
  get receivedRevision(): number {
    return this.#store.receivedRevision;
  }

  /** Files are to be dropped, as their stored jobs say. */
  dropFiles(): void {
    this.#store.dropsFiles();
    this.condition.changed();
  }

  /** The server has the files of a message: it may be posted. */
  async uploaded(id: string): Promise<void> {
    await this.#command({ kind: 'uploaded', id });
  }

  /** What is known of uploads has changed. */
  uploadsChanged(): void {
    this.#posts.uploadsChanged();
  }

  /** @param id of a message that was queued here. */
  outcome(id: string): Outcome {
    return this.#posts.outcome(id);
  }

  /** The id of this device's request to leave, while it waits to be posted. */
  get leaving(): string | undefined {
    return this.#store.outbox.leaving;
  }

  /** Whether a message with this id is kept, in whatever state. */
  isKnown(id: string): boolean {
    return this.#store.outbox.get(id) !== undefined;
  }

  isQueued(id: string): boolean {
    return this.outcome(id).state === 'waiting';
  }

  /** Continues over a new connection. */
  attach(connection: Connection): void {
    this.#sendProblem = undefined;
    this.#delivery.attach(connection);
  }

  detach(): void {
    this.#delivery.detach();
    this.condition.changed();
  }

  /** Resolves when work that was begun is done and durable. */
  async close(): Promise<void> {
    this.detach();
    this.#timers.clear();
    await this.#inputs.idle;
    this.#commits.allLate();
  }

  /** Takes a frame of this room. @returns a promise to await before the next frame, when many are waiting. */
  take(frame: RoomFrame): void | Promise<void> {
    const { connection: over, stage } = this.#delivery;
    if (over === undefined || stage === 'off') return undefined;
    // A signal waits for earlier entries: one of them may begin the epoch in which the signal is sealed.
    if (frame.type === 'signal' && this.#inputs.frames === 0) return this.#hear(frame);
    this.#inputs.put(
      frame.type === 'entry' ? { kind: 'entries', over, entries: [frame] } : { kind: 'frame', over, frame },
    );
    return this.#inputs.frames > INBOX ? this.#inputs.idle : undefined;
  }

  /** Sends a presence signal; it is dropped unless the room is live. */
  presence(says: Presence): void {
    if (!this.isFollowing || this.room.status !== 'active') return;
    this.connection?.signal(this.#signals.seal(this.room, says));
  }

  /**
   * Queues messages in their order; durable when it resolves. All are queued, or none.
   * @param also other records that are stored with them, or not at all
   * @throws ChatError `not-member`, `refused`, also while a request to leave waits, or if this person may not say that; RoomError `too-large`
   */
  async queue(messages: readonly Queued[], also: readonly RecordChange[] = []): Promise<void> {
    for (const { content } of messages) checkSize(content);
    await this.#command({ kind: 'queue', messages, also });
  }

  /** Whether a message with this id is among the last ones of the history. */
  isPosted(id: string): Promise<boolean> {
    return this.#store.has(id);
  }

  /** Resolves when what this room shows of itself is stored. */
  async stored(): Promise<void> {
    await this.#command({ kind: 'stored' });
  }

  /** Cancels a message that is not sealed yet, or stops showing one that was refused; false for any other. */
  cancel(id: string): Promise<boolean> {
    return this.#command({ kind: 'cancel', id });
  }

  /** As {@link Outbox.again}. @returns the ids of those that are queued. @throws ChatError `not-member`, `refused` */
  async sendAgain(wanted: Again): Promise<readonly string[]> {
    let queued: readonly string[] = [];
    const done = (all: readonly string[]) => {
      queued = all;
    };
    await this.#command({ kind: 'again', wanted, done });
    return queued;
  }

  /** This device's clock, or the latest time that messages prove if that is later, in milliseconds since 1970. */
  get now(): number {
    return this.#store.now;
  }

  /** Deletes the messages whose time has come. Call it before messages are read. @throws ChatError `profile-write` */
  async expire(): Promise<void> {
    const { nextExpiry = Number.POSITIVE_INFINITY } = this.#store;
    if (nextExpiry <= this.now) await this.#command({ kind: 'expire' });
  }

  #setAlarm(): void {
    if (this.#store.failure === undefined) this.#alarm.set(this.#store.nextExpiry, this.now);
  }

  /** Adds older messages to the history; durable when it resolves. @returns the new lines, which the listener was given */
  async merge(messages: readonly PackedMessage[], from: MergedFrom): Promise<readonly HistoryItem[]> {
    let merged: readonly HistoryItem[] = [];
    const done = (items: readonly HistoryItem[]) => {
      merged = items;
    };
    await this.#command({ kind: 'merge', messages, from, done });
    return merged;
  }

  /** A shared pack is read: it isn't read again. @param warnings about it, for the history */
  async sharedRead(pack: KeptPack, warnings: readonly WarningFact[]): Promise<void> {
    await this.#command({ kind: 'shared', pack, warnings });
  }

  /** The other members have gone on without this device: it sends nothing until it has joined them again. */
  async splits(split: Split): Promise<void> {
    await this.#command({ kind: 'split', split });
  }

  /** Marks the room as left: nothing more is followed or sent; the history stays. */
  async leave(): Promise<void> {
    await this.#command({ kind: 'leave' });
  }

  /** Stores the keys of a new leaf before this person joins with it. */
  async arrives(keys: JoiningKeys): Promise<void> {
    await this.#command({ kind: 'arrive', keys });
  }

  /** Stores this device's return: what is queued is sent in the epoch that it has joined. Nothing more is followed or sent here. */
  async returns(meta: RoomMeta, room: Room): Promise<void> {
    await this.#command({ kind: 'return', meta, room });
  }

  /** Stores the new device of this person that joined in this one's place: what waits, and was never given to the server, is sent by it. */
  async handsOver(meta: RoomMeta, room: Room): Promise<void> {
    await this.#command({ kind: 'hand-over', meta, room });
  }

  /** Ends this membership and stores the one that follows it: nothing more is followed or sent here. */
  async supersede(meta: RoomMeta, room: Room): Promise<void> {
    await this.#command({ kind: 'supersede', meta, room });
  }

  /**
   * Changes the room by a handshake and waits until it has landed; after a conflict it is made again.
   * @throws ChatError `offline` when the outcome is unknown after `waitMs`: the change may still land. RoomError
   */
  change(make: (room: Room) => Promise<Started>, waitMs: number): Promise<void> {
    return new Promise((landed, failed) => {
      const change = { make, landed, failed };
      this.#inputs.put({ kind: 'change', change });
      this.#timers.after(waitMs, () => this.#inputs.put({ kind: 'change-late', change }));
    });
  }

  #command(command: RoomCommand): Promise<boolean> {
    return new Promise((done, failed) => this.#inputs.put({ kind: 'command', command, done, failed }));
  }

  async #process(input: RoomInput): Promise<void> {
    switch (input.kind) {
      case 'entries':
        return this.#delivery.receives(input.over) ? this.#receive(input.entries) : undefined;
      case 'frame':
        return this.#delivery.receives(input.over) ? this.#processFrame(input.frame, input.over) : undefined;
      case 'command':
        return this.#obey(input.command).then(input.done, input.failed);
      case 'enter':
        return this.#delivery.enter(input.over);
      case 'enter-again':
        return this.#delivery.enterAgain(input.over);
      case 'created':
        if (this.#store.request?.type === 'create') await this.#store.landCreate(input.seq);
        return this.#delivery.enter(input.over);
      case 'entered':
        await this.#store.recordFiles(input.over.files);
        await this.#store.recordLost(comparePositions(input.answer.handshake, this.room.base) < 0);
        return this.#apply(this.#delivery.entered(input.answer, input.over));
      case 'not-entered':
        return this.#delivery.notEntered(input.error, input.over);
      case 'post-again':
        return this.#liveConnection && this.#posts.sendAgain(this.#liveConnection, input.request);
      case 'post-due':
        // What may be sent is, after each input.
        return undefined;
      case 'commit-again':
        return this.#commits.repeat(this.#liveConnection);
      case 'commit-refused':
        return this.#commits.refused(input.request, input.error);
      case 'change':
        return this.#commits.add(input.change);
      case 'change-again':
        return this.#commits.wake(input.change);
      case 'change-late':
        return this.#commits.late(input.change);
    }
  }

  async #processFrame(frame: Exclude<RoomFrame, Entry>, over: Connection): Promise<void> {
    switch (frame.type) {
      case 'signal':
        return this.#hear(frame);
      case 'live':
        return this.#becomeLive(frame.seq, over);
      case 'refreshed':
        this.#infoRevision += 1;
        this.#refreshes += 1;
        return undefined;
      case 'retired':
        return this.#delivery.retired(frame, over);
      case 'error':
        return this.#delivery.ended(frame, over);
    }
  }

  /** @returns whether the command had an effect */
  async #obey(command: RoomCommand): Promise<boolean> {
    switch (command.kind) {
      case 'queue':
        this.#mustStay();
        for (const { id, content } of command.messages) if (!this.isKnown(id)) this.#mustMay(content);
        await this.#store.enqueue(command.messages, command.also);
        break;
      case 'again':
        this.#mustStay();
        this.#mustMay({ kind: 'text', text: '' });
        command.done(await this.#store.again(command.wanted));
        break;
      case 'cancel':
        if (!(await this.#store.cancel(command.id))) return false;
        break;
      case 'stored':
        return false;
      case 'uploaded':
        await this.#store.uploaded(command.id);
        break;
      case 'merge': {
        const items = await this.#store.merge(command.messages, command.from);
        command.done(items);
        if (items.length > 0) this.#listener.items(items);
        return items.length > 0;
      }
      case 'shared': {
        const items = await this.#store.sharedRead(command.pack, command.warnings);
        if (items.length > 0) this.#listener.items(items);
        return true;
      }
      case 'expire': {
        const until = await this.#store.expire();
        if (until !== undefined) this.#listener.expired(until);
        break;
      }
      case 'split':
        return this.#split(command.split);
      case 'leave':
        await this.#store.left();
        this.detach();
        break;
      case 'arrive':
        await this.#store.arrives(command.keys);
        break;
      case 'return':
        await this.#store.returned(command.meta, command.room);
        this.detach();
        break;
      case 'hand-over':
        await this.#store.handedOver(command.meta, command.room);
        this.detach();
        break;
      case 'supersede':
        await this.#store.supersede(command.meta, command.room);
        this.detach();
        break;
    }
    this.#posts.changed();
    return true;
  }

  /** Sends what the room is ready for, now that the inputs are processed. */
  async #advance(): Promise<void> {
    const { failure } = this.#store;
    const obstacle = this.#obstacle ?? this.ended;
    if (failure !== undefined) this.#commits.endAll(failure);
    if (obstacle !== undefined) this.#commits.endUnsent(obstacle);
    const over = this.#liveConnection;
    if (over !== undefined) this.#delivery.proveVoice(over);
    if (this.isLive && over !== undefined) {
      await this.#posts.send(over).catch((error: unknown) => {
        this.#sendProblem = toChatError(error);
      });
      await this.#commits.send(over, () => this.isLive);
    }
    this.#setAlarm();
    this.condition.changed();
  }

  /** The connection over which the room sends. After a failed write, what the store has may not be on the disk, and must not be sent. */
  get #liveConnection(): Connection | undefined {
    return this.isFollowing && this.#store.failure === undefined ? this.connection : undefined;
  }

  #hear(frame: DownOf<'signal'>): void {
    const heard = this.#signals.open(this.room, frame.body);
    if (heard !== undefined) this.#listener.presence(heard);
  }

  async #receive(entries: readonly Entry[]): Promise<void> {
    const steps: Step<Room>[] = [];
    for (let i = 0; i < entries.length; i += AT_ONCE) {
      const room = steps.at(-1)?.room ?? this.room;
      steps.push(...(await receiveAll(room, entries.slice(i, i + AT_ONCE), this.#env.now())));
      if (entries.length > AT_ONCE) await nextTurn();
    }
    await this.#apply(steps);
    this.#delivery.processed(entries);
    this.condition.changed();
  }

  async #apply(steps: readonly Step<Room>[]): Promise<void> {
    if (steps.length === 0) return;
    const items = await this.#store.apply(steps);
    if (this.meta.left) this.#delivery.detach();
    for (const { events } of steps) for (const event of events) this.#note(event);
    if (items.length > 0) this.#listener.items(items);
    this.#posts.changed();
    this.condition.changed();
  }

  #note(event: RoomEvent): void {
    if (event.kind === 'landed') this.#commits.landed(event.request);
    if (event.kind === 'lost-race') this.#commits.lost(event.request);
    if (event.kind === 'sent' || (event.kind === 'message' && event.from.self))
      this.#posts.landed(event.id, event.seq);
    if (event.kind === 'warning' && UNOPENED.has(event.warning.kind)) this.#unopened += 1;
  }

  async #becomeLive(end: Position, over: Connection): Promise<void> {
    const room = boundExpired(this.room, end);
    if (room !== this.room) await this.#apply([{ room, events: [], secretsToWipe: [] }]);
    if (!this.#delivery.becomeLive(over)) return;
    this.#infoRevision += 1;
    if (this.#liveConnection === undefined) return;
    await this.#posts.sendAll(over);
    this.#commits.repeat(over);
  }

  async #split(split: Split): Promise<boolean> {
    const { room } = this;
    if (room.status !== 'active' && room.status !== 'rolled-back') return false;
    const seen = { seq: room.position, at: this.#env.now() };
    const events = [
      { kind: 'warning', ...seen, warning: { kind: split.skipped ? 'join-skipped' : 'split', by: split.by } },
    ] as const;
    await this.#apply([{ room: afterSplit(room, split), events, secretsToWipe: [] }]);
    return true;
  }

  /** Why this device can send and change nothing in the room. */
  get #obstacle(): ChatError | undefined {
    if (this.room.status === 'outdated') return new ChatError({ reason: 'newer-rules' });
    if (this.unfinishedJoin !== undefined) return new ChatError({ reason: 'join-unfinished' });
    return this.ended?.code === 'not-member' ? this.ended : undefined;
  }

  /** @throws ChatError if this person may not say that in this room */
  #mustMay(content: Content): void {
    const reason = ownSilence(this.room, content);
    if (reason !== undefined) throw new ChatError({ reason });
  }

  #mustStay(): void {
    if (this.#obstacle !== undefined) throw this.#obstacle;
    // What is queued after it would be posted, if at all, when the others have read that this person leaves.
    if (this.leaving !== undefined) throw new ChatError({ reason: 'leaving' });
  }
}
