import type { Content } from '@gochat/crypto/content';
import { createRoom, landedFirst } from '@gochat/crypto/create';
import type { Step } from '@gochat/crypto/event';
import { heal, reopen, type Started } from '@gochat/crypto/handshake';
import { fingerprintOf, type Identity } from '@gochat/crypto/identity';
import { inviteKeys } from '@gochat/crypto/invite';
import { join } from '@gochat/crypto/join';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { receive } from '@gochat/crypto/receive';
import type { Room } from '@gochat/crypto/room';
import { openVault } from '@gochat/crypto/vault';
import type { Entry } from '@gochat/protocol/down';
import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import type { InviteGrant } from '@gochat/protocol/up';
import { platform } from '../src/profile/platform.ts';
import type { TextItem } from '../src/room/history.ts';
import { HistoryReader } from '../src/room/history-reader.ts';
import { RoomStore } from '../src/room/room-store.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { Records } from '../src/store/records.ts';

const ADDRESS = 'http://127.0.0.1:4040';

/** An honest server's log of one room. It takes everything. */
export class TestLog {
  readonly entries: Entry[] = [];
  #groupInfo = '';
  #invites: readonly InviteGrant[] = [];
  #handshake = '0' as Position;
  readonly #env: Env;

  /** @param env whose clock it has */
  constructor(env: Env = platform) {
    this.#env = env;
  }

  /** @returns a log with the same entries, which goes on separately */
  copied(env: Env): TestLog {
    const log = new TestLog(env);
    log.entries.push(...this.entries);
    [log.#groupInfo, log.#invites, log.#handshake] = [this.#groupInfo, this.#invites, this.#handshake];
    return log;
  }

  post(room: RoomId, body: string): Position {
    return this.#append(room, 'message', body);
  }

  swap(frame: {
    readonly room: RoomId;
    readonly body: string;
    readonly groupInfo: string;
    readonly invites: readonly InviteGrant[];
  }): Position {
    this.#groupInfo = frame.groupInfo;
    this.#invites = frame.invites;
    this.#handshake = this.#append(frame.room, 'handshake', frame.body);
    return this.#handshake;
  }

  #append(room: RoomId, kind: 'message' | 'handshake', body: string): Position {
    const seq = String(this.entries.length + 1) as Position;
    this.entries.push({ type: 'entry', room, seq, kind, at: this.#env.now(), body });
    return seq;
  }

  /** What it gives to whoever has an invite. */
  info(room: RoomId, secret: Uint8Array) {
    const { id } = inviteKeys(secret);
    const wrapped = this.#invites.find(({ invite }) => invite === id)?.wrapped;
    if (wrapped === undefined) throw new Error('the server has no such invite');
    return {
      type: 'groupinfo' as const,
      id: 'r' as RequestId,
      room,
      handshake: this.#handshake,
      groupInfo: this.#groupInfo,
      wrapped,
      invites: this.#invites.map(({ invite }) => ({ invite })),
    };
  }
}

/** A device with its stored records, in one room. */
export class Device {
  readonly log: TestLog;
  readonly records: Records;
  readonly disk: MemoryStore;
  readonly #env: Env;
  #store: RoomStore;

  private constructor(log: TestLog, disk: MemoryStore, records: Records, store: RoomStore, env: Env) {
    this.log = log;
    this.disk = disk;
    this.records = records;
    this.#store = store;
    this.#env = env;
  }

  static async founds(log: TestLog, who: Identity, own: string, env: Env = platform): Promise<Device> {
    const { room, frame } = await createRoom(who, { room: 'kitchen', own }, env);
    return Device.#stored(log, landedFirst(room, log.swap(frame)), own, env);
  }

  /** Joins by the invite with this secret. */
  static async joins(
    of: Device,
    who: Identity,
    own: string,
    secret: Uint8Array,
    env: Env = platform,
  ): Promise<Device> {
    const { log, room } = of;
    const founder = fingerprintOf(room.context.founder);
    const link = { address: ADDRESS, room: room.id, secret, founder };
    const joined = await join(who, own, link, log.info(room.id, secret), env);
    return Device.#stored(log, landedFirst(joined.room, log.swap(joined.frame)), own, env);
  }

  static async #stored(log: TestLog, room: Room, as: string, env: Env): Promise<Device> {
    const disk = new MemoryStore();
    const records = new Records(disk, openVault(new Uint8Array(32)), env);
    const meta = { id: room.id, server: ADDRESS, name: 'kitchen', as, left: false, leaving: [], since: 0 };
    await RoomStore.store(records, meta, room, undefined);
    return new Device(log, disk, records, await RoomStore.load(records, env, meta), env);
  }

  /** @returns a device with the same records, which goes on with a copy of its log */
  async copied(log: TestLog, env: Env): Promise<Device> {
    const disk = new MemoryStore();
    await disk.write(await this.disk.list(new Uint8Array()));
    const records = new Records(disk, openVault(new Uint8Array(32)), env);
    return new Device(log, disk, records, await RoomStore.load(records, env, this.#store.meta), env);
  }

  get room(): Room {
    return this.#store.room;
  }

  get store(): RoomStore {
    return this.#store;
  }

  /** Loads everything from the records, as after a restart. */
  async restarts(): Promise<void> {
    this.#store = await RoomStore.load(this.records, this.#env, this.#store.meta);
  }

  /** Reads all new entries, as one batch. */
  async reads(): Promise<void> {
    const steps: Step<Room>[] = [];
    let { room } = this;
    for (const entry of this.log.entries.slice(Number(room.position))) {
      const step = await receive(room, entry, this.#env.now());
      steps.push(step);
      room = step.room;
    }
    await this.#store.apply(steps);
  }

  /** Reads all new entries, posts a message, and reads it in the log. @returns what refers to it */
  async says(
    content: Content,
    id = newId<string>(this.#env),
  ): Promise<{ readonly seq: Position; readonly id: string }> {
    await this.reads();
    await this.#store.enqueue([{ id, content }], []);
    let seq = '0' as Position;
    for (const { body } of await this.#store.seal(1)) seq = this.log.post(this.room.id, body);
    await this.reads();
    return { seq, id };
  }

  async commits(make: (room: Room) => Promise<Started>): Promise<void> {
    await this.reads();
    const started = await make(this.room);
    await this.#store.begin(started);
    this.log.swap(started.frame);
    await this.reads();
  }

  heals(): Promise<void> {
    return this.commits((room) => heal(room, this.#env));
  }

  /** Gives the room an own invite. */
  reopens(): Promise<void> {
    return this.commits((room) => reopen(room, this.#env));
  }

  get history(): HistoryReader {
    return new HistoryReader(this.records, this.room);
  }

  async message(id: string): Promise<TextItem> {
    const item = (await this.history.recent()).find((one) => one.kind === 'text' && one.id === id);
    if (item?.kind !== 'text') throw new Error('the history has no such message');
    return item;
  }
}
