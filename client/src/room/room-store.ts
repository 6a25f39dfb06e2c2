import { sealBox } from '@gochat/crypto/box';
import { type Content, type DeviceContent, isDeviceContent, type Ref } from '@gochat/crypto/content';
import { landedFirst } from '@gochat/crypto/create';
import { decodeRoom, encodeRoom } from '@gochat/crypto/encode-room';
import type { RoomEvent, Step } from '@gochat/crypto/event';
import { abandon, type Started, withoutKey } from '@gochat/crypto/handshake';
import type { UnprovedJoin } from '@gochat/crypto/join';
import { awaitsOwnSecret, openKnock } from '@gochat/crypto/knock';
import { haveGoneOn } from '@gochat/crypto/look';
import type { KeptPack } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { ownProof } from '@gochat/crypto/proof';
import { membersOf, type Room } from '@gochat/crypto/room';
import { isStaff } from '@gochat/crypto/room-state';
import { sealMessage } from '@gochat/crypto/send';
import type { Silence } from '@gochat/crypto/speaking';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import {
  comparePositions,
  type FileId,
  type Position,
  type RequestId,
  type RoomId,
} from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import { dropChanges, postedChanges } from '../files/file-records.ts';
import type { FileLimits } from '../files/files.ts';
import { type MergedFrom, mergedLines } from '../history/merged-lines.ts';
import { PackList } from '../history/pack-list.ts';
import type { PackedMessage } from '../history/verify-pack.ts';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import { BoxOpener } from './box-opener.ts';
import { isChange, targetOf } from './changes.ts';
import { awaitsOther, calledBy, ownIdentity } from './direct-room.ts';
import { EpochStore } from './epoch-store.ts';
import { nameOf as eventName, knockLine, refusedMessage, toHistory } from './event-history.ts';
import { type Expiring, expiringNext } from './expiring.ts';
import {
  type BannedPerson,
  type ChangedItem,
  type HistoryItem,
  hasExpired,
  type WarningFact,
  type WithoutSub,
} from './history.ts';
import { HistoryWriter } from './history-writer.ts';
import { knownPersons } from './known-persons.ts';
import { type Again, Outbox } from './outbox.ts';
import type { Boxing, Outgoing, Queued } from './outgoing.ts';
import type { Received } from './received.ts';
import { RecentIds } from './recent-ids.ts';
import type { JoiningKeys, RoomMeta } from './room-meta.ts';
import { lineChanges } from './stored-history.ts';
import { isSlow, ownSilence, Turns } from './turns.ts';
import { decidesKnocks, isNoticed, undecided, withKnock } from './waiting-knocks.ts';

/** How long a device is a newcomer. */
const NEWCOMER_MS = 10 * 60 * 1000;

/** How many lines are deleted in one transaction. */
const EXPIRED_AT_ONCE = 256;
/** How many knocks are kept that can't be opened yet. */
const MOST_SEALED = 8;

/** A line about messages that had disappeared before they arrived. */
type MissedLine = HistoryItem & { readonly kind: 'warning'; readonly warning: 'disappeared' };

/** A request of this device with an outcome that may be unknown. */
export type OpenRequest = UpOf<'handshake'> | UpOf<'create'> | UnprovedJoin;

/**
 * A room's durable state. Each method changes it and resolves when the change is on the disk; send or emit after that. Calls must
 * not overlap. After a failed write every method rejects, since memory would be ahead of the disk.
 */
export class RoomStore {
  readonly #records: Records;
  readonly #env: Env;
  readonly #outbox: Outbox;
  readonly #ids: RecentIds;
  readonly #epochs: EpochStore;
  readonly #boxes = new BoxOpener();
  readonly #turns: Turns;
  #room: Room;
  #meta: RoomMeta;
  #request: OpenRequest | undefined;
  #failure: ChatError | undefined;
  #fileRevision = 0;
  #receivedRevision = 0;
  #nextExpiry: number | undefined;
  /** The newest line that says how many messages had disappeared before they arrived, while it is the last line. */
  #missed: MissedLine | undefined;

  private constructor(
    records: Records,
    env: Env,
    room: Room,
    meta: RoomMeta,
    request: OpenRequest | undefined,
    outbox: Outbox,
  ) {
    this.#records = records;
    this.#env = env;
    this.#room = room;
    this.#meta = meta;
    this.#request = request;
    this.#outbox = outbox;
    this.#ids = new RecentIds(records, meta.id);
    this.#epochs = new EpochStore(records, meta.id);
    this.#turns = new Turns(meta.spoke);
  }

  /** @throws ChatError `unknown-room` when a record of the room is missing; VaultError, RoomError when one is damaged. */
  static async load(records: Records, env: Env, meta: RoomMeta): Promise<RoomStore> {
    const state = await records.get({ of: 'state', room: meta.id });
    if (state === undefined) throw new ChatError({ reason: 'room-incomplete' });
    const request = await records.get({ of: 'request', room: meta.id });
    const outbox = await Outbox.load(records, meta.id);
    const room = await decodeRoom(state);
    // Older versions of this software kept messages that can't be sent any more.
    const ended = meta.left ? outbox.end('unknown') : room.status === 'removed' ? outbox.end('refused') : [];
    if (ended.length > 0) await records.write(ended);
    const store = new RoomStore(records, env, room, meta, request && fromJson<OpenRequest>(request), outbox);
    // An earlier process may have ended before it has processed them.
    if ((await records.list('received', meta.id, { limit: 1 })).length > 0) store.#receivedRevision = 1;
    store.#nextExpiry = (await expiringNext(records, meta.id, 1))[0]?.expires;
    // Before anything is shown. A room whose records can't be written any more opens, too.
    await store.expire().catch((error: unknown) => {
      if (store.failure === undefined) throw error;
    });
    return store;
  }

  /** Stores a room, or replaces the stored one. @param more changes to write with it. */
  static async store(
    records: Records,
    meta: RoomMeta,
    room: Room,
    request: OpenRequest | undefined,
    more: readonly RecordChange[] = [],
  ): Promise<void> {
    await records.write([
      ...more,
      { place: { of: 'room', room: meta.id }, value: toJson(meta) },
      { place: { of: 'state', room: meta.id }, value: encodeRoom(room) },
      { place: { of: 'request', room: meta.id }, value: request && toJson(request) },
    ]);
  }

  /** Removes a room that the server refused to create, or into which it let nobody. */
  static async erase(records: Records, room: RoomId): Promise<void> {
    const places = (['room', 'state', 'request'] as const).map((of) => ({ of, room }));
    await records.write(places.map((place) => ({ place, value: undefined })));
  }

  get id(): RoomId {
    return this.#room.id;
  }

  get room(): Room {
    return this.#room;
  }

  get meta(): RoomMeta {
    return this.#meta;
  }

  get request(): OpenRequest | undefined {
    return this.#request;
  }

  get outbox(): Outbox {
    return this.#outbox;
  }

  /** This device's clock, or the latest time that messages prove if that is later, in milliseconds since 1970. */
  get now(): number {
    return Math.max(this.#env.now(), this.#meta.latest ?? 0);
  }

  /** When the next message disappears; undefined: none does. */
  get nextExpiry(): number | undefined {
    return this.#nextExpiry;
  }

  /** Set after a failed write. */
  get failure(): ChatError | undefined {
    return this.#failure;
  }

  /** Changes when files have to be dropped. */
  get fileRevision(): number {
    return this.#fileRevision;
  }

  /** Grows with what another device has sent to this one. */
  get receivedRevision(): number {
    return this.#receivedRevision;
  }

  /** Files are to be dropped, as the jobs say that are stored by now. */
  dropsFiles(): void {
    this.#fileRevision += 1;
  }

  /**
   * Stores the results of a batch of steps. With this device's own request to leave, the room is left.
   * @returns the new and changed lines.
   */
  async apply(steps: readonly Step<Room>[]): Promise<HistoryItem[]> {
    const last = steps.at(-1);
    if (last === undefined) return [];
    const changes: RecordChange[] = [];
    const writer = new HistoryWriter(this.#records, this.#room, this.#ids, this.#meta.cameBack === true);
    const { leaving } = this.#outbox;
    const packs = new PackList(this.#room.packs);
    this.#noteTime(steps);
    for (const step of steps) {
      for (const event of step.events) {
        const said = event.kind === 'sent' ? this.#ownMessage(event, step.room) : event;
        const silence = said?.kind === 'message' ? this.#silenceOf(said, step.room) : undefined;
        if (said?.kind === 'message' && silence !== undefined)
          await this.#leavesOut(writer, said, silence, step.room);
        else if (said !== undefined)
          changes.push(...(await this.#record(writer, packs, { said, isOwn: said !== event }, step.room)));
        changes.push(...this.#outboxChanges(event, step.room, silence !== undefined));
      }
      if (isSettled(step.room)) changes.push(...this.#outbox.settle());
    }
    await this.#openKnocks(writer, last.room);
    await this.#sayMissed(writer, last.room);
    changes.push(...writer.changes, ...(await this.#dropFiles(writer)));
    this.#room = { ...last.room, packs: packs.packs };
    this.#meta = {
      ...this.#meta,
      name: calledBy(last.room) ?? this.#meta.name,
      leaving: this.#leavingAfter(steps),
      spoke: this.#turns.spoke,
    };
    this.#forgetDecided();
    this.#forgetFormer();
    this.#noteOusting(steps);
    if (leaving !== undefined && this.#outbox.get(leaving) === undefined) {
      this.#meta = { ...this.#meta, left: true };
      changes.push(...this.#outbox.end('unknown'), ...this.#outbox.settle());
    }
    if (this.#room.pending === undefined && this.#request !== undefined) {
      this.#request = undefined;
      changes.push(this.#requestChange());
    }
    // Own messages before the removal were seen in the log, and none can land after it.
    if (this.#room.status === 'removed')
      changes.push(...this.#outbox.end('refused'), ...this.#outbox.settle());
    await this.#write([...changes, this.#stateChange(), this.#metaChange()]);
    if (writer.dropped.length > 0) this.dropsFiles();
    if (changes.some(({ place }) => place.of === 'received')) this.#receivedRevision += 1;
    this.#ids.add(writer.items);
    this.#noteExpiring(writer.items);
    for (const step of steps) wipe(step.secretsToWipe);
    return writer.items;
  }

  /**
   * Deletes the messages whose time has come, with all that is stored of them.
   * @returns the time by which they had disappeared; undefined if there were none
   */
  async expire(): Promise<number | undefined> {
    const { now } = this;
    if (this.#nextExpiry === undefined || this.#nextExpiry > now) return undefined;
    for (;;) {
      const next = await expiringNext(this.#records, this.id, EXPIRED_AT_ONCE);
      const due = next.filter(({ expires }) => expires <= now);
      if (due.length > 0) await this.#delete(due);
      if (due.length === EXPIRED_AT_ONCE) continue;
      this.#nextExpiry = next[due.length]?.expires;
      return now;
    }
  }

  async #delete(due: readonly Expiring[]): Promise<void> {
    const writer = new HistoryWriter(this.#records, this.#room, this.#ids, false);
    const kept: RecordChange[] = [];
    for (const one of due) {
      const item = await writer.expire(one);
      if (item !== undefined) kept.push(...this.#outbox.expired(item.id));
    }
    await this.#write([...writer.changes, ...kept, ...(await this.#dropFiles(writer))]);
    if (writer.dropped.length > 0) this.dropsFiles();
  }

  #noteExpiring(items: readonly HistoryItem[]): void {
    for (const item of items)
      if (item.kind === 'text' && item.expires !== undefined)
        this.#nextExpiry = Math.min(item.expires, this.#nextExpiry ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Adds older messages to the history. Lines that are there stay as they are.
   * @returns the new lines
   */
  async merge(messages: readonly PackedMessage[], from: MergedFrom): Promise<HistoryItem[]> {
    const { now } = this;
    const present = messages.filter(({ expires = Number.POSITIVE_INFINITY }) => expires > now);
    const lines = await mergedLines(this.#records, this.#room, present, from);
    if (lines.length === 0) return [];
    const epochs = await this.#epochs.changesOf(lines.flatMap(({ proved }) => proved));
    await this.#write([...epochs, ...lines.flatMap((line) => lineChanges(this.id, line))]);
    this.#noteExpiring(lines.map(({ item }) => item));
    this.#ids.forget();
    return lines.map(({ item }) => item);
  }

  /** A shared pack is read. @returns the lines that warn about it */
  async sharedRead(pack: KeptPack, warnings: readonly WarningFact[]): Promise<HistoryItem[]> {
    const { shared } = this.#meta;
    if (shared === undefined) return [];
    const writer = new HistoryWriter(this.#records, this.#room, this.#ids, false);
    const line = { seq: shared.before, at: this.#env.now(), from: '', identity: '', own: false };
    for (const warning of warnings) await writer.add({ ...line, kind: 'warning', ...warning });
    const packs = shared.packs.filter(({ key }) => key !== pack.key);
    this.#meta = { ...this.#meta, shared: { ...shared, packs } };
    await this.#write([...writer.changes, this.#metaChange()]);
    return writer.items;
  }

  /** @param also other records that are stored with the messages */
  async enqueue(messages: readonly Queued[], also: readonly RecordChange[]): Promise<void> {
    const fresh = messages.filter(({ id }) => this.#outbox.get(id) === undefined);
    await this.#write([...fresh.map((one) => this.#outbox.add(one, this.#env.now())), ...also]);
  }

  /** Whether a message with this id is among the last ones of the history. */
  async has(id: string): Promise<boolean> {
    return (await this.#ids.find(id)) !== undefined;
  }

  /** As {@link Outbox.again}. @returns the ids of those that are queued */
  async again(wanted: Again): Promise<readonly string[]> {
    const queued = this.#outbox.again(wanted, this.#env.now());
    await this.#write(queued.changes);
    return queued.ids;
  }

  /** Cancels a message. @returns false for a message that isn't there, or is sealed: then it may be in the log. */
  async cancel(id: string): Promise<boolean> {
    const item = this.#outbox.get(id);
    if (item === undefined || item.posted !== undefined || item.end === 'cancelled') return false;
    // A counter that was assigned must be used: the other members would report a missing message.
    if (item.end === undefined && (item.frame !== undefined || item.n !== undefined)) return false;
    const files = await this.#filesOfCancelled(item);
    await this.#write([...files, ...this.#outbox.cancel(id)]);
    if (files.length > 0) this.dropsFiles();
    return true;
  }

  /** @param item that may be in the log, or will never be */
  async #filesOfCancelled({ content, end, again }: Outgoing): Promise<RecordChange[]> {
    if (content?.kind !== 'text' || content.files === undefined || end === 'missed' || again) return [];
    if (end === 'unknown') return postedChanges(this.id, content.files);
    return dropChanges(this.#records, this.id, content.files, {
      isOwn: true,
      isNamed: () => false,
      at: this.#env.now(),
    });
  }

  async #dropFiles(writer: HistoryWriter): Promise<RecordChange[]> {
    const { dropped } = writer;
    if (dropped.length === 0) return [];
    const at = this.#env.now();
    const named = await writer.namedFiles();
    const isNamed = (id: FileId) => named.has(id);
    const jobs = dropped.map(({ files, ...by }) =>
      dropChanges(this.#records, this.id, files, { ...by, isNamed, at }),
    );
    return (await Promise.all(jobs)).flat();
  }

  /** The server has the files of a message. */
  async uploaded(id: string): Promise<void> {
    await this.#write(this.#outbox.uploaded(id));
  }

  /** What the server takes of files. */
  async recordFiles(limits: FileLimits | null): Promise<void> {
    if (JSON.stringify(this.#meta.files) === JSON.stringify(limits)) return;
    this.#meta = { ...this.#meta, files: limits };
    await this.#write([this.#metaChange()]);
  }

  /**
   * Seals up to `count` of the waiting messages, oldest first. In slow mode, texts wait for their turn.
   * @param serverNow the server's clock, in milliseconds since 1970; this device's when absent
   * @returns what to post, in order.
   */
  async seal(count: number, serverNow = this.#env.now()): Promise<UpOf<'post'>[]> {
    await this.#refuseSilenced();
    const ready = this.#ready(count, this.#textsNow(serverNow));
    if (this.#meta.cameBack !== true) return this.#seal(ready);
    return this.#seal(
      await Promise.all(
        ready.map(async (item) => ({ ...item, content: await placed(item.content, this.#ids) })),
      ),
    );
  }

  /** In a direct room nobody could read what is said before the other person is in: then only a request to leave is sealed. */
  #heard(count: number, texts: number): ReturnType<Outbox['waiting']> {
    if (!awaitsOther(this.#room)) return this.#outbox.waiting(count, texts);
    const all = this.#outbox.waiting(Number.POSITIVE_INFINITY);
    return all.filter(({ content }) => content.kind === 'leave').slice(0, Math.max(0, count));
  }

  /** What waits, and its author may not say any more, is refused. */
  async #refuseSilenced(): Promise<void> {
    if (ownSilence(this.#room, { kind: 'text', text: '' }) === undefined) return;
    const silenced = this.#outbox
      .waiting(Number.POSITIVE_INFINITY)
      .filter(({ content, voided }) => !voided && ownSilence(this.#room, content) !== undefined);
    const uploading = this.#outbox.uploading;
    const changes = [...silenced, ...uploading].flatMap(({ id }) => this.#outbox.silence(id));
    if (changes.length > 0) await this.#write(changes);
  }

  /** How many texts may be posted now: readers leave out what comes too early. */
  #textsNow(serverNow: number): number {
    if (!isSlow(this.#room)) return Number.POSITIVE_INFINITY;
    const next = this.nextTurn;
    return this.#outbox.isSpeaking || (next !== undefined && serverNow < next) ? 0 : 1;
  }

  /** When this person may say the next text, in milliseconds since 1970 by the server's clock; undefined: at any time. */
  get nextTurn(): number | undefined {
    return this.#turns.next(this.#room);
  }

  /** The first `count` messages that wait, up to the first that refers to an earlier message which is to be posted again: its new position isn't known yet. */
  #ready(count: number, texts: number): ReturnType<Outbox['waiting']> {
    const waiting = this.#heard(count, texts);
    const end = waiting.findIndex(({ content, order }) => {
      const target = refIn(content);
      const item = target && this.#outbox.get(target.id);
      return (
        item?.again === true && item.end === undefined && item.posted === undefined && item.order < order
      );
    });
    return end === -1 ? waiting : waiting.slice(0, end);
  }

  /**
   * Seals all messages again that are not in the log, if one of them was sealed before `time`: readers compare the time of sealing with
   * the server's. The requests keep their ids, so that the server takes only one of two. @returns what to post, in order.
   */
  renew(time: number): Promise<UpOf<'post'>[]> {
    return this.#seal(this.#outbox.sealedSome(time));
  }

  async #seal(items: ReturnType<Outbox['sealedSome']>): Promise<UpOf<'post'>[]> {
    if (items.length === 0) return [];
    const changes: RecordChange[] = [];
    const frames: UpOf<'post'>[] = [];
    const secretsToWipe: Uint8Array[] = [];
    for (const { id, n, content: said, frame, boxing, voided } of items) {
      const placeholder = { kind: 'delete', of: { seq: this.#room.base, id } } as const;
      const content = boxing === undefined ? said : await this.#boxed(boxing);
      const draft = {
        id,
        n,
        content: voided ? placeholder : content,
        ...(frame && { request: frame.id }),
      };
      const sealed = await sealMessage(this.#room, draft, this.#env);
      this.#room = sealed.room;
      secretsToWipe.push(...sealed.secretsToWipe);
      const { n: number, frame: post, sealedAt } = sealed;
      changes.push(this.#outbox.seal(id, { content, n: number, frame: post, sealedAt }));
      frames.push(post);
    }
    await this.#write([...changes, this.#stateChange()]);
    wipe(secretsToWipe);
    return frames;
  }

  /** A box for the present epoch. Nobody opens that for a person who isn't a member any more. */
  #boxed({ to, room, secret, text }: Boxing): Promise<Content> {
    const from = ownIdentity(this.#room) ?? '';
    return sealBox(this.#room, { to, from }, { room, secret: decodeBytes(secret), text }, this.#env);
  }

  /** A handshake is about to be sent. */
  async begin({ room, frame }: Started): Promise<void> {
    this.#room = room;
    this.#request = frame;
    await this.#write([this.#stateChange(), this.#requestChange()]);
  }

  /**
   * The server refused the handshake permanently.
   * @param isUnproved whether it refused a key: then the key that an order was signed with is an older one
   * @returns false when it isn't the pending one
   */
  async giveUp(request: RequestId, isUnproved: boolean): Promise<boolean> {
    if (this.#room.pending?.request !== request) return false;
    const order = this.#request?.type === 'handshake' ? this.#request.order : undefined;
    const room = abandon(this.#room);
    // With it, each change that this device makes automatically would be refused.
    this.#room = isUnproved && order !== undefined ? withoutKey(room, order.key) : room;
    this.#request = undefined;
    await this.#write([this.#stateChange(), this.#requestChange()]);
    return true;
  }

  /** The server has created this room; its first entry is at `seq`. */
  async landCreate(seq: Position): Promise<void> {
    this.#room = landedFirst(this.#room, seq);
    this.#request = undefined;
    await this.#write([this.#stateChange(), this.#requestChange()]);
  }

  /** @param hasLost whether the server has fewer handshakes than this device has followed */
  async recordLost(hasLost: boolean): Promise<void> {
    const { lostHandshakes = false, ...meta } = this.#meta;
    if (hasLost === lostHandshakes) return;
    this.#meta = hasLost ? { ...meta, lostHandshakes: true } : meta;
    await this.#write([this.#metaChange()]);
  }

  async arrives(keys: JoiningKeys): Promise<void> {
    this.#meta = { ...this.#meta, ...keys };
    await this.#write([this.#metaChange()]);
  }

  /** Nothing more is followed or sent; the history stays. */
  async left(): Promise<void> {
    this.#meta = { ...this.#meta, left: true };
    await this.#write([this.#metaChange(), ...this.#outbox.end('unknown'), ...this.#outbox.settle()]);
  }

  /**
   * Replaces the stored room by that of a device that has come back. What is queued is sealed again, in new counters. What was posted
   * meanwhile is missed, unless this device was in the others' epoch after all.
   */
  returned(meta: RoomMeta, room: Room): Promise<void> {
    const missed = haveGoneOn(room, this.#room) ? this.#outbox.miss() : [];
    return this.#replace(meta, room, [...this.#outbox.restart(), ...missed]);
  }

  /** Replaces the stored room by that of a new device of this person. What was given to the server may be in the log under the older one's name. */
  handedOver(meta: RoomMeta, room: Room): Promise<void> {
    return this.#replace(meta, room, [...this.#outbox.handOver(), ...this.#afterDoubt()]);
  }

  /** Replaces the stored room by a new membership. What was queued in this one is not sent in the new one. */
  supersede(meta: RoomMeta, room: Room): Promise<void> {
    return this.#replace(meta, room, [...this.#outbox.end('unknown'), ...this.#afterDoubt()]);
  }

  /** What becomes of posted messages that perhaps not everybody could read. */
  #afterDoubt(): readonly RecordChange[] {
    const { unfollowed, split } = this.#room;
    const isCutOff = unfollowed !== undefined || split !== undefined;
    return isCutOff ? this.#outbox.miss() : this.#outbox.settle();
  }

  async #replace(meta: RoomMeta, room: Room, queue: readonly RecordChange[]): Promise<void> {
    this.#meta = { ...this.#meta, left: true };
    try {
      await RoomStore.store(this.#records, meta, room, undefined, queue);
    } catch (cause) {
      this.#failure = new ChatError({ reason: 'profile-write' }, { cause });
      throw this.#failure;
    }
  }

  async #write(changes: readonly RecordChange[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#records.write(changes);
    } catch (cause) {
      this.#failure = new ChatError({ reason: 'profile-write' }, { cause });
      throw this.#failure;
    }
  }

  #outboxChanges(event: RoomEvent, room: Room, isLeftOut: boolean): RecordChange[] {
    switch (event.kind) {
      case 'sent':
        if (isLeftOut || this.#outbox.get(event.id)?.voided) return this.#outbox.leftOut(event.id);
        return this.#posted(event, isDoubtful(room));
      case 'message':
        // Another copy of this profile has posted what waits here.
        return event.from.self ? this.#posted(event, false) : [];
      case 'unsealed':
        return event.messages.flatMap(({ id }) => this.#outbox.unseal(id));
      default:
        return [];
    }
  }

  #posted({ id, seq }: { readonly id: string; readonly seq: Position }, isInDoubt: boolean): RecordChange[] {
    const content = this.#outbox.get(id)?.content;
    const files = content?.kind === 'text' ? postedChanges(this.id, content.files) : [];
    return [...files, ...this.#outbox.posted(id, seq, isInDoubt)];
  }

  /** Why nobody may show a message. */
  #silenceOf({ from, content, at }: MessageEvent, room: Room): Silence | undefined {
    return this.#turns.judge(room, { identity: from.identity, content, at });
  }

  /** Warns staff, and who has said it on another device. */
  async #leavesOut(
    writer: HistoryWriter,
    said: MessageEvent,
    { reason }: Silence,
    room: Room,
  ): Promise<void> {
    const { state } = room.context;
    const self = membersOf(room).find((m) => m.self);
    const isWarned =
      self !== undefined && state !== 'newer' && (said.from.own || isStaff(state, self.identity));
    if (isWarned) await writer.add(refusedMessage(said, eventName(room, said.from), reason));
  }

  /** @returns changes of records that are not the history's */
  async #record(
    writer: HistoryWriter,
    packs: PackList,
    { said, isOwn }: { readonly said: RoomEvent; readonly isOwn: boolean },
    room: Room,
  ): Promise<RecordChange[]> {
    if (said.kind === 'knocked') {
      await this.#hearKnock(writer, said, room);
      return [];
    }
    if (said.kind === 'knock-sealed') {
      this.#keepSealed(said);
      return [];
    }
    const pack = packs.read(said, room);
    if (pack !== undefined) this.#wantPack(pack, room);
    if (said.kind === 'message' && said.content.kind === 'pack') return [];
    if (said.kind === 'message' && said.content.kind === 'box')
      return isOwn ? [] : this.#boxes.open(room, said, said.content);
    if (said.kind === 'message' && isDeviceContent(said.content)) {
      // What this device has said itself shows it what the others have, and how late its clock is.
      return !isOwn || said.content.kind === 'keep' ? this.#received(said, said.content) : [];
    }
    const proof = said.kind === 'message' ? said.proof : undefined;
    if (said.kind === 'message' && isChange(said.content)) {
      const changed = await writer.change({ ...said, content: said.content }, room);
      if (changed !== undefined) packs.change(changed, said, room);
    } else {
      const item = toHistory(said, room);
      if (item !== undefined && hasExpired({ ...item, sub: 0 }, this.now)) {
        writer.skip(item);
        return [];
      }
      if (item?.kind === 'text') await writer.say(item, proof);
      else if (item?.kind === 'changed') await writer.add(await this.#withNames(item, writer), proof);
      else if (item !== undefined) await writer.add(item, proof);
    }
    return proof === undefined ? [] : this.#epochs.changes(room, proof.leaf);
  }

  /** Somebody asks to be let in: admins and moderators see it in the room. */
  async #hearKnock(
    writer: HistoryWriter,
    { seq, at, knock }: Extract<RoomEvent, { kind: 'knocked' }>,
    room: Room,
  ): Promise<void> {
    const { knocks = [] } = this.#meta;
    const waiting = withKnock(knocks, { ...knock, seq, at }, room);
    if (waiting === knocks) return;
    this.#meta = { ...this.#meta, knocks: waiting };
    if (decidesKnocks(room, ownIdentity(room)) && isNoticed(waiting, knock, room))
      await writer.add(knockLine({ seq, at }, knock));
  }

  #keepSealed({ seq, at, door, body }: Extract<RoomEvent, { kind: 'knock-sealed' }>): void {
    const { sealedKnocks = [] } = this.#meta;
    if (sealedKnocks.length >= MOST_SEALED) return;
    this.#meta = {
      ...this.#meta,
      sealedKnocks: [...sealedKnocks, { seq, at, door, body: encodeBytes(body) }],
    };
  }

  /** What came before this device had the secret of the own invite. */
  async #openKnocks(writer: HistoryWriter, room: Room): Promise<void> {
    const { sealedKnocks, ...meta } = this.#meta;
    if (sealedKnocks === undefined || awaitsOwnSecret(room)) return;
    this.#meta = meta;
    for (const { seq, at, door, body } of sealedKnocks) {
      const knock = await openKnock(room, door, decodeBytes(body));
      if (knock !== undefined) await this.#hearKnock(writer, { kind: 'knocked', seq, at, knock }, room);
    }
  }

  #forgetDecided(): void {
    const { knocks, ...meta } = this.#meta;
    if (knocks === undefined) return;
    const left = undecided(knocks, this.#room);
    this.#meta = left.length === 0 ? meta : { ...meta, knocks: left };
  }

  /** Whoever is banned is no member any more: the name is that of the history. */
  async #withNames(item: WithoutSub<ChangedItem>, writer: HistoryWriter): Promise<WithoutSub<ChangedItem>> {
    const { banned, unbanned } = item;
    if (banned === undefined && unbanned === undefined) return item;
    const known = await knownPersons(this.#records, this.#room, writer.items);
    const named = (persons: readonly BannedPerson[]) =>
      persons.map(({ fingerprint }): BannedPerson => {
        const name = known.find((one) => one.fingerprint === fingerprint)?.name;
        return { fingerprint, ...(name !== undefined && { name }) };
      });
    return {
      ...item,
      ...(banned && { banned: named(banned) }),
      ...(unbanned && { unbanned: named(unbanned) }),
    };
  }

  /** What a server and a sender both claim is true unless they conspire. */
  #noteTime(steps: readonly Step<Room>[]): void {
    let latest = this.#meta.latest ?? 0;
    for (const event of steps.flatMap(({ events }) => events)) {
      if (event.kind === 'message') latest = Math.max(latest, Math.min(event.at, event.sealedAt));
      if (event.kind === 'sent') latest = Math.max(latest, Math.min(event.at, event.sent.sealedAt));
    }
    if (latest > 0) this.#meta = { ...this.#meta, latest };
  }

  /** Who was away for long reads how many messages have disappeared, in one line for those of one absence. */
  async #sayMissed(writer: HistoryWriter, { position }: Room): Promise<void> {
    const { skipped } = writer;
    if (writer.items.length > 0) this.#missed = undefined;
    if (skipped === 0) return;
    const known = this.#missed;
    const line = { seq: position, at: this.now, from: '', identity: '', own: false } as const;
    const count = skipped + (known?.count ?? 0);
    const fact = { kind: 'warning', warning: 'disappeared', count } as const;
    if (known === undefined) await writer.add({ ...line, ...fact });
    else writer.replace({ ...known, count });
    const [said] = writer.items.filter((item) => item.kind === 'warning' && item.warning === 'disappeared');
    if (said?.kind === 'warning' && said.warning === 'disappeared') this.#missed = said;
  }

  /** Soon after this device has joined, others may share what was said just before. */
  #wantPack(pack: KeptPack, room: Room): void {
    const { shared, since } = this.#meta;
    const isSoon = this.#env.now() - since < NEWCOMER_MS;
    if (shared === undefined || !isSoon || isOwn(room, pack)) return;
    if (comparePositions(pack.from, shared.before) >= 0) return;
    this.#meta = { ...this.#meta, shared: { ...shared, packs: [...shared.packs, pack] } };
  }

  /** What another device has sent to this one waits in a record until it is processed there. */
  #received(
    { seq, at, from }: Extract<RoomEvent, { kind: 'message' }>,
    content: DeviceContent,
  ): RecordChange[] {
    const { kind } = this.#meta;
    if (kind === undefined || (kind === 'self') !== (content.kind === 'keep' || content.kind === 'history'))
      return [];
    const received: Received = {
      seq,
      at,
      device: from.device,
      identity: from.identity,
      limited: from.limited,
      content,
    };
    return [{ place: { of: 'received', room: this.id, at: Number(seq) }, value: toJson(received) }];
  }

  #ownMessage(event: Extract<RoomEvent, { kind: 'sent' }>, room: Room): RoomEvent | undefined {
    const sent = this.#outbox.get(event.id);
    const self = membersOf(room).find((m) => m.self);
    if (sent?.content === undefined || sent.voided || self === undefined) return undefined;
    const proof = ownProof(room, event.sent, sent.content);
    const { sealedAt } = event.sent;
    return {
      ...event,
      kind: 'message',
      from: self,
      content: sent.content,
      sealedAt,
      ...(proof && { proof }),
    };
  }

  #noteOusting(steps: readonly Step<Room>[]): void {
    for (const event of steps.flatMap(({ events }) => events))
      if (event.kind === 'removed' && event.member.self && event.by?.own === true)
        this.#meta = { ...this.#meta, ousted: event.keep ? 'kept' : 'for-ever' };
  }

  #forgetFormer(): void {
    const { former, ...meta } = this.#meta;
    if (former !== undefined && membersOf(this.#room).every(({ device }) => device !== former))
      this.#meta = meta;
  }

  /** Identity keys of members who have asked to be removed, with any of their devices, and have not joined again since. */
  #leavingAfter(steps: readonly Step<Room>[]): readonly string[] {
    const all = new Set(this.#meta.leaving);
    for (const e of steps.flatMap(({ events }) => events)) {
      // A limited device speaks for itself alone.
      if (e.kind === 'message' && e.content.kind === 'leave' && !e.from.own)
        all.add(e.from.limited ? e.from.device : e.from.identity);
      // Who joins after that wants to be a member. A device comes back automatically.
      if (e.kind === 'joined' && e.returned === undefined) {
        all.delete(e.member.identity);
        all.delete(e.member.device);
      }
    }
    if (all.size === 0) return [];
    const here = membersOf(this.#room).flatMap(({ identity, device, limited }) => {
      if (all.has(identity)) return [identity];
      // An older version of this software kept device keys of persons.
      return all.has(device) ? [limited ? device : identity] : [];
    });
    return [...new Set(here)];
  }

  #stateChange(): RecordChange {
    return { place: { of: 'state', room: this.id }, value: encodeRoom(this.#room) };
  }

  #requestChange(): RecordChange {
    return { place: { of: 'request', room: this.id }, value: this.#request && toJson(this.#request) };
  }

  #metaChange(): RecordChange {
    return { place: { of: 'room', room: this.id }, value: toJson(this.#meta) };
  }
}

type MessageEvent = Extract<RoomEvent, { kind: 'message' }>;

function wipe(secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

/** Whether other members may be in another epoch than this device, and perhaps can't read what it posts. */
function isDoubtful({ unfollowed, split, entrance }: Room): boolean {
  return unfollowed !== undefined || split !== undefined || entrance !== undefined;
}

function isOwn(room: Room, { by }: KeptPack): boolean {
  return membersOf(room).some(({ own, identity }) => own && identity === by);
}

function isSettled(room: Room): boolean {
  return room.status === 'active' && !isDoubtful(room);
}

/** The message that a content is about, if it is about one. */
function refIn(content: Content): Ref | undefined {
  if (isChange(content)) return targetOf(content);
  return content.kind === 'text' ? content.reply : undefined;
}

/** @returns the content as others can read it: what it is about may have been posted again, and is at another position for them */
async function placed(content: Content, ids: RecentIds): Promise<Content> {
  const ref = refIn(content);
  const seq = ref && (await ids.placeOf(ref.id));
  if (ref === undefined || seq === undefined || seq === ref.seq) return content;
  const there = { ...ref, seq };
  switch (content.kind) {
    case 'text':
      return { ...content, reply: there };
    case 'edit':
    case 'delete':
    case 'close':
      return { ...content, of: there };
    case 'react':
      return { ...content, to: there };
    case 'leave':
    case 'pack':
    case 'box':
    case 'keep':
    case 'history':
    case 'link':
    case 'linked':
      return content;
  }
}
