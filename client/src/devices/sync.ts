import type { Kept } from '@gochat/crypto/content';
import { ROOM_KIND } from '@gochat/crypto/genesis';
import { fingerprintOf, holdsIdentity, identityKeyOf } from '@gochat/crypto/identity';
import { equalBytes } from '@gochat/crypto/primitives';
import { membersOf, type Room } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import type {
  DeviceOfPerson,
  DeviceRemoval,
  OlderHistory,
  Params,
  RecoveryLink,
  RecoveryState,
} from '../api/methods.ts';
import type { Received } from '../room/received.ts';
import type { RoomSession } from '../room/room-session.ts';
import { Condition } from '../schedule/condition.ts';
import { Timers } from '../schedule/timers.ts';
import { fromJson, type RecordChange } from '../store/records.ts';
import { type Context, isIn } from './context.ts';
import type { DevicesParts } from './devices-parts.ts';
import { Histories } from './histories.ts';
import { Jobs } from './jobs.ts';
import { keptValue, keyOf } from './kept.ts';
import { KeptStore } from './kept-store.ts';
import { devicesOf, lostDevices, siblingsIn } from './known-devices.ts';
import { type Judge, mayKeep } from './may-keep.ts';
import { type Joins, OwnJoins } from './own-joins.ts';
import { Posting } from './posting.ts';
import { RecoverySafe } from './recovery.ts';
import { Removals } from './removals.ts';
import { SelfRooms, type WithoutSelfRoom } from './self-rooms.ts';
import { SettingsSync } from './settings-sync.ts';
import { serverOf } from './ticket.ts';
import { Tickets } from './tickets.ts';

export type { Joins, WithoutSelfRoom };

/** After a failed write. */
const REST_MS = 5000;
/** A room that reads at present is looked at again after this time. */
const BUSY_MS = 500;

/** What a person's devices share: it keeps this device and the others alike. Only the profile's owner runs it. */
export class DeviceSync implements Context {
  /** Signals every change of {@link devices} and {@link joins}. */
  readonly condition = new Condition();
  readonly parts: DevicesParts;
  readonly store: KeptStore;
  readonly jobs: Jobs;
  self: readonly RoomSession[] = [];
  rooms: readonly RoomSession[] = [];
  readonly #own: string;
  readonly #timers = new Timers();
  readonly #settings = new SettingsSync(this);
  readonly #tickets = new Tickets(this);
  readonly #joins = new OwnJoins(this, (server) => this.#posting.isAnsweredSoon(server));
  readonly #selfRooms = new SelfRooms(this);
  readonly #safe = new RecoverySafe(this);
  readonly #histories = new Histories(this, this.#timers, (session) => this.#removals.isOverheard(session));
  readonly #removals: Removals;
  readonly #posting: Posting;
  readonly #seen = new WeakMap<RoomSession, readonly unknown[]>();
  /** What of each self room is processed. */
  readonly #received = new WeakMap<RoomSession, number>();
  readonly #stops: (() => void)[] = [];
  /** The turn that is under way. */
  #running: Promise<void> | undefined;
  #isDue = false;
  #isOver = false;
  #emitted = '';

  private constructor(parts: DevicesParts, store: KeptStore, own: string) {
    const nudge = () => this.nudge();
    this.parts = parts;
    this.store = store;
    this.#own = own;
    this.jobs = new Jobs({ env: parts.env, timers: this.#timers, nudge });
    this.#removals = new Removals(this, own);
    this.#posting = new Posting(this, {
      timers: this.#timers,
      nudge,
      isOverheard: (session) => this.#removals.isOverheard(session),
    });
  }

  /** Loads what is kept and begins its work: self rooms are followed from now on, and rooms of other devices joined. @throws VaultError `damaged` */
  static async open(parts: DevicesParts): Promise<DeviceSync> {
    const own = encodeBytes(parts.who.device.publicKey);
    const sync = new DeviceSync(parts, await KeptStore.load(parts.records, own), own);
    await sync.#look();
    sync.#settings.allChanged();
    sync.#stops.push(
      parts.settings.watch((what) => {
        sync.#settings.changed(what);
        sync.nudge();
      }),
      parts.requests.watch(() => {
        sync.#settings.changed('requests');
        sync.nudge();
      }),
      parts.rooms.watch((session) => {
        if (sync.#isNew(session)) sync.nudge();
      }),
      parts.rooms.watchServers((server) => sync.jobs.reached(serverOf({ server }))),
    );
    sync.nudge();
    return sync;
  }

  /** This person's devices, this one first. */
  get devices(): readonly DeviceOfPerson[] {
    return devicesOf(this, this.#own, !holdsIdentity(this.parts.who));
  }

  get joins(): Joins {
    return this.#joins.state;
  }

  readonly set: Context['set'] = (kind, of, value) => {
    if (this.store.set(kind, of, value, this.parts.env.now())) this.#posting.changed(keyOf(kind, of));
  };

  /** Takes what a backup has kept: what is known from later counts. Durable when it resolves. */
  async add(kept: readonly Kept[]): Promise<void> {
    for (const entry of kept) this.store.take(entry, undefined);
    await this.#save();
    this.nudge();
  }

  /** A device that this one has linked is given the history of the last days. The order is durable when it resolves. */
  async give(device: string): Promise<void> {
    await this.#look();
    this.#histories.give(device);
    await this.#save();
    this.nudge();
  }

  /**
   * Asks the other devices for what was said in a room before the first message that this one has; durable when it resolves, and answered later where none is online.
   * @param room its id
   * @returns how many devices can answer, and whether something has come within `waitMs`. @throws ChatError `room-unknown`
   */
  async askOlder(room: string, waitMs: number): Promise<OlderHistory> {
    const end = Date.now() + waitMs;
    await this.#catchUp(waitMs);
    const session = this.rooms.find((one) => one.room.id === room);
    if (session === undefined) throw new ChatError({ reason: 'room-unknown', name: room });
    const taken = this.#histories.taken(room);
    const devices = await this.#histories.ask(session);
    await this.#save();
    this.hurry();
    const hasCome = () => this.#histories.taken(room) > taken;
    if (devices > 0)
      await this.condition.until(
        () => (hasCome() || this.#isOver ? true : undefined),
        Math.max(0, end - Date.now()),
      );
    return { devices, came: hasCome() };
  }

  /** Gives a device a name. */
  async label(device: string, label: string): Promise<void> {
    const known = keptValue(this.store.map, 'device', device);
    const { limited = false } = this.devices.find(({ key }) => key === device) ?? {};
    const since = known?.since ?? this.parts.env.now();
    this.set('device', device, { since, ...(limited && { limited }), ...known, label });
    await this.#save();
    this.nudge();
  }

  /** Has a device removed from all rooms; the order is durable when it resolves. @returns what is left after `waitMs`, or earlier when nothing is */
  async remove(device: string, waitMs: number): Promise<DeviceRemoval> {
    this.set('lost', device, true);
    await this.#save();
    this.nudge();
    const state = () => this.#removals.state(device);
    await this.condition.until(() => (state().left.length === 0 ? true : undefined), waitMs);
    return state();
  }

  /**
   * Makes a self room on each server on which this person has rooms and no self room.
   * @param how `token`: for the server that requires one
   * @returns the servers that have none now, and why
   * @throws ChatError `link-no-room`, `device-limited`
   */
  async ensureSelfRooms(how: {
    readonly token?: { readonly server: string; readonly token: string };
    readonly waitMs: number;
  }): Promise<readonly WithoutSelfRoom[]> {
    await this.#look();
    const without = await this.#selfRooms.ensure(how.token, how.waitMs);
    this.nudge();
    return without;
  }

  /** What is known of this person's recovery link. */
  get recovery(): RecoveryState {
    return this.#safe.state;
  }

  /** Makes a recovery link, and the self rooms before that. @throws ChatError as {@link ensureSelfRooms}; `offline` and others of the link's server */
  async recoveryLink({ server, token, waitMs }: Params<'recoveryLink'>): Promise<RecoveryLink> {
    const end = Date.now() + waitMs;
    await this.#look();
    const at = server === undefined ? this.#selfRooms.servers[0] : serverOf({ server });
    const given = token !== undefined && at !== undefined && { token: { server: at, token } };
    const without = await this.ensureSelfRooms({ ...given, waitMs });
    await this.snapshot(Math.max(0, end - Date.now()));
    const session = this.self.find((one) => serverOf(one.meta) === at && isIn(one));
    const problem = without.find((one) => one.server === at)?.problem;
    if (session === undefined)
      throw problem === undefined
        ? new ChatError({ reason: 'link-no-room' })
        : new ChatError(problem.data, { code: problem.code });
    const rest = () => Math.max(1000, end - Date.now());
    await this.parts.rooms.caughtUp(session, rest());
    const made = await this.#safe.make(session, rest());
    await this.#save();
    this.nudge();
    return made;
  }

  /** Everything that a new device needs, with tickets of all rooms and self rooms that can be had within `waitMs`. Slices: `slices` of kept.ts. */
  async snapshot(waitMs: number): Promise<readonly Kept[]> {
    const end = Date.now() + waitMs;
    await this.#catchUp(waitMs);
    const here = () => [...this.self, ...this.rooms].filter(isIn);
    this.#settings.allChanged();
    this.nudge();
    const isComplete = () => {
      const isIdle = this.#running === undefined && !this.#isDue;
      return isIdle && here().every((session) => !session.isLive || !this.#tickets.lacks(session));
    };
    await this.condition.until(() => (isComplete() || this.#isOver ? true : undefined), end - Date.now());
    return [...this.store.map.values()];
  }

  /** Takes what is in the log of all rooms, and gives new devices what they wait for, as far as servers answer within `waitMs`. */
  async current(waitMs: number): Promise<void> {
    const end = Date.now() + waitMs;
    await this.#catchUp(waitMs);
    this.nudge();
    const isIdle = () => this.#running === undefined && !this.#isDue && this.#histories.isDone;
    await this.condition.until(
      () => (isIdle() || this.#isOver ? true : undefined),
      Math.max(0, end - Date.now()),
    );
  }

  /** Whether the other devices can have what this one has set, as far as their servers are reached. */
  get isTold(): boolean {
    return this.#posting.isDone && !this.store.isChanged;
  }

  /** Has posted what this device has set as soon as it can, rather than with what is set a little later. */
  hurry(): void {
    this.#posting.hurry();
    this.nudge();
  }

  /** As {@link hurry}. Awaits it, where this device is connected, at most `waitMs`. */
  async tell(waitMs: number): Promise<void> {
    this.hurry();
    const isDone = () => this.isTold && this.#running === undefined && !this.#isDue;
    await this.condition.until(() => (isDone() || this.#isOver ? true : undefined), waitMs);
  }

  async #catchUp(waitMs: number): Promise<void> {
    const { rooms } = this.parts;
    await this.#look();
    const here = [...this.self, ...this.rooms].filter(isIn);
    for (const session of here) rooms.follow(session);
    await Promise.all(here.map((session) => rooms.caughtUp(session, waitMs).catch(() => undefined)));
  }

  /** To be called when something may have to be done. */
  nudge(): void {
    this.#isDue = true;
    if (this.#isOver || this.#running !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.condition.changed();
      if (this.#isDue && !this.#isOver) this.nudge();
    });
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#timers.clear();
    this.condition.changed();
    await this.#running;
  }

  async #run(): Promise<void> {
    // What happens at once is done together.
    await Promise.resolve();
    this.#isDue = false;
    try {
      await this.#turn();
    } catch {
      this.#timers.after(REST_MS, () => this.nudge());
    }
  }

  async #turn(): Promise<void> {
    await this.#look();
    // A profile that hasn't been used stays one that can become another person's.
    if (this.self.length + this.rooms.length + this.store.map.size === 0) return undefined;
    await this.#receive();
    if (this.#isOusted()) return this.#end();
    await this.#settle();
    await this.#settings.capture();
    this.#introduce();
    this.store.saw(this.self.filter(isIn).flatMap((one) => siblingsIn(one).map(({ device }) => device)));
    this.#tickets.update();
    this.#selfRooms.update();
    this.#joins.update();
    this.#removals.update();
    this.#safe.update();
    this.#histories.update();
    if (!this.#isOver) await this.#posting.update();
    await this.#save();
    if ([...this.self, ...this.rooms].some((session) => session.isFollowing && !session.isLive))
      this.#timers.after(BUSY_MS, () => this.nudge());
    this.#tell();
  }

  async #look(): Promise<void> {
    const { rooms } = this.parts;
    this.self = (await rooms.all('self')).filter(
      (session) => !session.meta.left && this.#isSelfRoom(session),
    );
    this.rooms = await rooms.all();
    for (const session of this.self) rooms.follow(session);
  }

  /** Whether a room is what a ticket has called it: what is kept must not be posted where others read it. */
  #isSelfRoom({ room }: RoomSession): boolean {
    return room.context.kind === ROOM_KIND.self && equalBytes(room.context.founder, this.#identity);
  }

  get #identity(): Uint8Array {
    return identityKeyOf(this.parts.who);
  }

  /** Whether a room has changed in something that counts here. */
  #isNew(session: RoomSession): boolean {
    const { room, meta } = session;
    const isQuiet = meta.kind === 'self' && session.queued === 0;
    const news = [
      room.keys,
      room.own,
      room.status,
      room.expired,
      meta.left,
      // Not whether it is live: that changes with each frame.
      session.isFollowing,
      session.receivedRevision,
      isQuiet,
    ];
    const known = this.#seen.get(session);
    this.#seen.set(session, news);
    return meta.kind !== 'pairing' && news.some((value, i) => known?.[i] !== value);
  }

  /** Takes what other devices have said. */
  async #receive(): Promise<void> {
    const done: RecordChange[] = [];
    const keys = new Set<string>();
    const revisions = new Map<RoomSession, number>();
    const identity = encodeBytes(this.#identity);
    // What was set here meanwhile is set before what is read now.
    await this.#settings.capture();
    for (const session of this.self) {
      const { receivedRevision } = session;
      if (this.#received.get(session) === receivedRevision) continue;
      const gifts: Parameters<Histories['found']>[1][number][] = [];
      for (const row of await this.parts.records.list('received', session.room.id)) {
        const received = fromJson<Received>(row);
        const { content } = received;
        const isGift =
          content.kind === 'history' && content.to === this.#own && received.identity === identity;
        if (isGift && !received.limited) {
          gifts.push({ session, received, content });
          continue;
        }
        if (received.identity === identity) for (const key of this.#take(session, received)) keys.add(key);
        const place = { of: 'received', room: session.room.id, at: Number(received.seq) } as const;
        done.push({ place, value: undefined });
      }
      this.#histories.found(session, gifts);
      revisions.set(session, receivedRevision);
    }
    if (done.length > 0) {
      await this.#settings.apply(keys);
      await this.parts.records.write([...done, this.store.change()]);
    }
    for (const [session, revision] of revisions) this.#received.set(session, revision);
  }

  /** @returns the keys whose values have changed */
  #take(session: RoomSession, received: Received): readonly string[] {
    const { content, at, device } = received;
    if (content.kind !== 'keep') return [];
    const judge = this.#judge;
    const taken = content.set.flatMap((entry) =>
      mayKeep(received, entry, judge) ? (this.store.take(entry, at) ?? []) : [],
    );
    const isOwn = membersOf(session.room).some((m) => m.self && m.device === device);
    this.#posting.heard(
      session,
      received,
      taken.map(({ entry }) => entry),
      isOwn,
    );
    for (const { entry, isOwn } of taken) if (isOwn) this.#posting.changed(entry.key);
    return taken.flatMap(({ entry, isNew }) => (isNew ? [entry.key] : []));
  }

  get #judge(): Judge {
    return {
      person: encodeBytes(fingerprintOf(this.#identity)),
      knowsRoom: (id) =>
        keptValue(this.store.map, 'ticket', id) !== undefined ||
        this.rooms.some(({ room }) => room.id === id),
    };
  }

  /** This device says which one it is. In a room into which it came as a new one it has another key. */
  #introduce(): void {
    const now = this.parts.env.now();
    const limited = !holdsIdentity(this.parts.who) && ({ limited: true } as const);
    if (keptValue(this.store.map, 'device', this.#own) === undefined)
      this.set('device', this.#own, { label: '', since: now, ...limited });
    for (const { room } of [...this.self, ...this.rooms].filter(isIn)) {
      const key = encodeBytes(room.device.publicKey);
      if (key !== this.#own && keptValue(this.store.map, 'device', key) === undefined)
        this.set('device', key, { label: '', since: now, ...limited, of: this.#own });
    }
  }

  /** Brings what this device knows of its rooms and what is kept of them together. */
  async #settle(): Promise<void> {
    for (const session of this.rooms) {
      const { room, meta } = session;
      const isAdopted = this.store.adopted.has(room.id);
      if (isAdopted && meta.left) {
        this.#release(room.id);
        this.set('ticket', room.id, 'left');
      } else if (isAdopted && room.status === 'removed') {
        this.#release(room.id);
        const ticket = keptValue(this.store.map, 'ticket', room.id);
        if (ticket !== 'left' && room.own !== undefined && ticket?.own === encodeBytes(room.own))
          this.#joins.gaveUp(room.id);
      } else if (!isAdopted && isIn(session)) await this.#adopt(room);
      if (this.#isLeftElsewhere(session)) await this.#leave(session);
    }
  }

  #release(room: string): void {
    this.store.adopted.delete(room);
    this.store.changed();
  }

  async #adopt({ id }: Room): Promise<void> {
    await this.#settings.adopt(id);
    if (this.parts.settings.preferences.removed !== undefined)
      await this.parts.settings.prefer({ removed: undefined });
    // This person has come back by an invite: what is kept was said before that.
    if (keptValue(this.store.map, 'ticket', id) === 'left') this.#joins.gaveUp(id);
    else if (this.#joins.hasGivenUp(id)) {
      this.store.renew(keyOf('ticket', id), this.parts.env.now());
      this.#posting.changed(keyOf('ticket', id));
    }
  }

  #isLeftElsewhere({ room, meta }: RoomSession): boolean {
    const isLeft = keptValue(this.store.map, 'ticket', room.id) === 'left';
    return isLeft && !meta.left && !this.#joins.hasGivenUp(room.id);
  }

  async #leave(session: RoomSession): Promise<void> {
    await session.leave();
    this.parts.rooms.server(session.meta).drop(session);
    this.#release(session.room.id);
  }

  /** Whether another device of this person has removed this one, or is about to. */
  #isOusted(): boolean {
    if (lostDevices(this.store.map).has(this.#own)) return true;
    return this.self.some(({ meta, room }) => room.status === 'removed' && meta.ousted === 'for-ever');
  }

  async #end(): Promise<void> {
    this.#isOver = true;
    this.parts.ousted();
  }

  async #save(): Promise<void> {
    if (this.store.isChanged) await this.parts.records.write([this.store.change()]);
  }

  #tell(): void {
    const { devices } = this;
    const text = JSON.stringify(devices);
    if (text !== this.#emitted) this.parts.emit({ kind: 'devices', devices });
    this.#emitted = text;
  }
}
