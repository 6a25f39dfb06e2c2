import { type Comparison, compare } from '@gochat/crypto/compare';
import { fingerprintOf, holdsIdentity, onDevice, type Who } from '@gochat/crypto/identity';
import type { InviteLink } from '@gochat/crypto/link';
import { afterReturn, waysIn } from '@gochat/crypto/look';
import { newId } from '@gochat/crypto/new-id';
import { type Env, signingKey } from '@gochat/crypto/primitives';
import { leafKeysOf } from '@gochat/crypto/room';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type RequestId, type RoomId } from '@gochat/protocol/fields';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { ChatEvent, RoomConnection } from '../api/methods.ts';
import type { FilePlace } from '../files/file-place.ts';
import type { RoomAt } from '../files/room-at.ts';
import { LazyFiles } from '../files/room-files.ts';
import { LazyPackKeeper } from '../history/lazy-pack-keeper.ts';
import { type Connect, ServerConnection } from '../net/server-connection.ts';
import { awaitsOther, calledBy } from '../room/direct-room.ts';
import { nameOf } from '../room/event-history.ts';
import type { HistoryItem } from '../room/history.ts';
import { RoomMaintenance } from '../room/room-maintenance.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import type { WatchWakes } from '../schedule/wake.ts';
import { fromJson, type RecordChange, type Records } from '../store/records.ts';
import { pickRoom } from './pick-room.ts';
import { invitation, redeem } from './redeem.ts';
import { hasOtherLeft, ownName, roomInfo } from './room-info.ts';
import type { Preferences } from './settings.ts';
import { vouchFor } from './vouching.ts';

export interface RoomsParts {
  readonly records: Records;
  readonly who: Who;
  readonly env: Env;
  readonly connect: Connect;
  /** Whether each room has its own connection. */
  readonly isUnlinked?: boolean;
  readonly emit: (event: ChatEvent) => void;
  readonly watchWakes: WatchWakes;
  readonly files: FilePlace;
  readonly preferences: () => Preferences;
}

interface OpenRoom {
  readonly session: RoomSession;
  /** Does what newcomers may need when nobody else is there, as long as there is a connection. */
  readonly finish: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How long a return after a split may take. */
const RETURN_MS = 60_000;
/** How long the end of a profile may be delayed. */
const FINISH_MS = 5_000;
/** How long a repeated creation waits for what the server has of another room. */
const VOUCH_MS = 20_000;
/** With a connection for each room, the time over which they connect. */
const SPREAD_MS = 2 * 60_000;

/** The rooms of a profile and their servers. A room is opened at its first use, and followed when it is needed. */
export class Rooms {
  readonly files: LazyFiles;
  readonly #parts: RoomsParts;
  readonly #metas: Map<RoomId, RoomMeta>;
  readonly #opened = new Map<RoomId, Promise<OpenRoom>>();
  readonly #servers = new Map<string, ServerConnection>();
  readonly #stopWakes: () => void;
  readonly #watchers = new Set<(session: RoomSession) => void>();
  readonly #serverWatchers = new Set<(address: string) => void>();
  #closed = false;

  private constructor(parts: RoomsParts, metas: Map<RoomId, RoomMeta>) {
    this.#parts = parts;
    this.#metas = metas;
    const { records, env, files: place, emit } = parts;
    this.files = new LazyFiles({ records, clock: env, place, emit, rooms: () => [...this.#metas.keys()] });
    this.#stopWakes = parts.watchWakes(() => {
      for (const server of this.#servers.values()) server.wake();
    });
  }

  /** @throws VaultError `damaged` */
  static async load(parts: RoomsParts): Promise<Rooms> {
    const metas = (await parts.records.rooms()).map((row) => fromJson<RoomMeta>(row));
    return new Rooms(parts, new Map(metas.map((meta) => [meta.id, meta])));
  }

  /** Oldest first. @param kind of rooms between devices; those of people when absent */
  async all(kind?: RoomMeta['kind']): Promise<RoomSession[]> {
    const metas = [...this.#metas.values()].filter((meta) => meta.kind === kind);
    metas.sort((a, b) => a.since - b.since);
    return Promise.all(metas.map(async ({ id }) => (await this.#open(id)).session));
  }

  /** The room with this id, of whatever kind. @throws ChatError `room-unknown` */
  async withId(id: RoomId): Promise<RoomSession> {
    return (await this.#open(id)).session;
  }

  /** Whether this profile has been in a room of this kind. */
  hasKind(kind: RoomMeta['kind']): boolean {
    return [...this.#metas.values()].some((meta) => meta.kind === kind);
  }

  /** Whether another device of this person has removed this one from a room, to let it in no more. */
  get isOusted(): boolean {
    return [...this.#metas.values()].some(({ ousted }) => ousted === 'for-ever');
  }

  /** @param watcher is called after every change of an open room: often, so it must be quick. @returns a function that ends this */
  watch(watcher: (session: RoomSession) => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** @param watcher is called with the address of a server whenever there is a connection to it again. @returns a function that ends this */
  watchServers(watcher: (address: string) => void): () => void {
    this.#serverWatchers.add(watcher);
    return () => {
      this.#serverWatchers.delete(watcher);
    };
  }

  has(id: RoomId): boolean {
    return this.#metas.has(id);
  }

  /** Of all rooms, of whatever kind. */
  get metas(): readonly RoomMeta[] {
    return [...this.#metas.values()];
  }

  meta(id: RoomId): RoomMeta | undefined {
    return this.#metas.get(id);
  }

  /** Follows every room that has queued messages, so that they are posted. */
  async followQueued(): Promise<void> {
    for (const session of [...(await this.all()), ...(await this.all('self'))])
      if (session.queued > 0) this.follow(session);
  }

  /** The room with this name, or with an id that begins with it. @throws ChatError `room-unknown`, `room-ambiguous` */
  async named(name: string): Promise<RoomSession> {
    const shown = [...this.#metas.values()].filter(({ kind }) => kind === undefined);
    const metas = shown.map(async (meta) => ({
      id: meta.id,
      name: meta.name,
      left:
        (meta.left && meta.restored === undefined) ||
        (meta.leaving.length > 0 && hasOtherLeft((await this.#open(meta.id)).session)),
    }));
    const { id } = pickRoom(await Promise.all(metas), name);
    return (await this.#open(id)).session;
  }

  /** As {@link named}; the room is followed from now on. */
  async followed(name: string): Promise<RoomSession> {
    const session = await this.named(name);
    this.follow(session);
    return session;
  }

  /** Somebody acts in the room: its connection must not wait. */
  hurry({ meta }: RoomSession): void {
    if (!meta.left) this.server(meta).hurry();
  }

  /** Follows the room from now on, unless this profile has left it. */
  follow(session: RoomSession): void {
    if (!session.meta.left && session.room.status !== 'removed') this.server(session.meta).add(session);
  }

  /**
   * Joins the other members again after a change that this device could not follow, with the leaf that this device has there, and sends what is queued.
   * @param how `unasked`: when, if nobody has asked for it. `seen`: what the user has seen of the room there, by {@link Comparison.tag}
   * @throws ChatError, RoomError as a join does
   */
  async comeBack(
    session: RoomSession,
    waitMs: number,
    { unasked, seen }: { readonly unasked?: number; readonly seen?: string | undefined },
  ): Promise<void> {
    const { room, meta } = session;
    const { who, env } = this.#parts;
    const [secret] = waysIn(room);
    if (secret === undefined) throw new ChatError({ reason: 'own-invite-unknown' });
    const former = leafKeysOf(room);
    const [again] = former;
    const link = linkOf(session, secret);
    const here = onDevice(who, room.device);
    if (here === undefined) throw new ChatError({ reason: 'device-limited' });
    const end = Date.now() + waitMs;
    const connection = await this.server(meta).online(waitMs);
    const joined = await redeem(connection, here, ownName(session), link, {
      env,
      end,
      persist: async () => undefined,
      former,
      ...(again && { again }),
      ...(room.unfollowed && { unfollowed: room.unfollowed.seq }),
      ...(seen !== undefined && { seen: { room, tag: seen } }),
      ...(room.status === 'split' && { split: { room, unasked: unasked !== undefined } }),
    });
    const next = { ...meta, cameBack: true, ...(unasked !== undefined && { returned: unasked }) } as const;
    await this.adopt(next, () => session.returns(next, afterReturn(joined, room)));
  }

  /** What is otherwise where this device would come back to. @throws ChatError, RoomError as {@link comeBack} */
  async compare(session: RoomSession, waitMs: number): Promise<Comparison> {
    const { room, meta } = session;
    const [secret] = waysIn(room);
    if (secret === undefined) throw new ChatError({ reason: 'own-invite-unknown' });
    const end = Date.now() + waitMs;
    const connection = await this.server(meta).online(waitMs);
    const info = await invitation(connection, linkOf(session, secret), { env: this.#parts.env, end });
    const comparison = await compare(room, info);
    if (comparison === undefined) throw new ChatError({ reason: 'return-unknown' });
    return comparison;
  }

  /**
   * Joins as a new device of this person by the room's own invite, since another copy of this profile has replaced the keys of this
   * device's leaf. The room's maintenance removes that leaf.
   * @param meta of the new membership
   * @param seen as for {@link comeBack}
   * @throws ChatError `own-invite-unknown`; ChatError, RoomError as a join does
   */
  async comeAnew(session: RoomSession, meta: RoomMeta, waitMs: number, seen?: string): Promise<RoomSession> {
    const { who, env } = this.#parts;
    const { own, device: old } = session.room;
    if (own === undefined) throw new ChatError({ reason: 'own-invite-unknown' });
    if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
    const newKey = () => encodeBytes(env.random(32));
    const arriving = session.meta.arriving ?? { device: newKey(), leaf: newKey() };
    await session.arrives({ arriving });
    const [device, leaf] = [signingKey(decodeBytes(arriving.device)), signingKey(decodeBytes(arriving.leaf))];
    const end = Date.now() + waitMs;
    const connection = await this.server(meta).online(waitMs);
    const joined = await redeem(connection, { ...who, device }, meta.as, linkOf(session, own), {
      env,
      end,
      persist: async () => undefined,
      // A join whose reply was lost is replaced.
      former: [leaf],
      again: leaf,
      ...(seen !== undefined && { seen: { room: session.room, tag: seen } }),
    });
    const { arriving: _, ...rest } = meta;
    const next = {
      ...rest,
      name: calledBy(joined) ?? meta.name,
      former: encodeBytes(old.publicKey),
      cameBack: true,
    } as const;
    return this.adopt(next, () => session.handsOver(next, afterReturn(joined, session.room)));
  }

  /**
   * Opens a room that was just stored. It replaces an older one of the same id.
   * @param store stores it, if that isn't done yet
   */
  async adopt(meta: RoomMeta, store: () => Promise<void> = async () => undefined): Promise<RoomSession> {
    const older = this.#opened.get(meta.id);
    // Whoever asks for the room meanwhile waits for the new session.
    const opening = store().then(() => this.#replaced(older, meta));
    this.#opened.set(meta.id, opening);
    const { session } = await opening.catch((error: unknown) => {
      if (older !== undefined) this.#opened.set(meta.id, older);
      throw error;
    });
    if (meta.kind === undefined) this.#parts.emit({ kind: 'room', room: roomInfo(session) });
    this.follow(session);
    for (const watcher of this.#watchers) watcher(session);
    return session;
  }

  /** Ends what this profile does in a room, and deletes all that is stored of it. @param also what is written in the same transaction */
  async forget(id: RoomId, also: readonly RecordChange[] = []): Promise<void> {
    const opened = this.#opened.get(id);
    const older = await opened?.catch(() => undefined);
    if (older !== undefined) {
      this.server(older.session.meta).drop(older.session);
      await older.close();
    }
    this.#opened.delete(id);
    this.#metas.delete(id);
    await this.#parts.records.forget(id, also);
  }

  async #replaced(older: Promise<OpenRoom> | undefined, meta: RoomMeta): Promise<OpenRoom> {
    if (older !== undefined) {
      const { session, close } = await older;
      this.server(session.meta).drop(session);
      await close();
    }
    this.#metas.set(meta.id, meta);
    return this.#load(meta.id);
  }

  /** The connection for a room on a server. */
  server({ server: address, id }: Pick<RoomMeta, 'server' | 'id'>): ServerConnection {
    const { connect, env, isUnlinked = false } = this.#parts;
    const key = isUnlinked ? `${address} ${id}` : address;
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    // Not the room's id, which the proxy must not learn.
    const circuit = isUnlinked ? newId<string>(env) : undefined;
    const server = new ServerConnection(
      address,
      () => connect(address, circuit),
      env,
      isUnlinked ? SPREAD_MS : 0,
      circuit,
    );
    // A call that was under way would otherwise begin a connection that nobody ends.
    if (this.#closed) server.close();
    this.#servers.set(key, server);
    let wasReached = false;
    server.condition.always(() => {
      const isReached = server.connection !== undefined;
      if (isReached && !wasReached) for (const watcher of this.#serverWatchers) watcher(address);
      wasReached = isReached;
    });
    return server;
  }

  /**
   * Waits until everything that the server has of a room has been received, or until nothing has come for `waitMs`. @throws ChatError `offline`, `not-member`, `refused`
   */
  async caughtUp(session: RoomSession, waitMs: number): Promise<void> {
    if (session.ended !== undefined) throw session.ended;
    const server = this.server(session.meta);
    await server.online(waitMs);
    await session.condition.untilSilent(
      () => {
        this.#throwIfClosed();
        return session.isLive || session.ended !== undefined ? true : undefined;
      },
      () => session.room.position,
      waitMs,
    );
    if (session.ended !== undefined) throw session.ended;
    if (!session.isLive)
      throw server.problem ?? new ChatError({ reason: 'server-slow', server: server.address });
  }

  /**
   * Asks the server for what is later than the last entry that a live room has received, and waits for that: an entry takes a moment
   * from the server to its members.
   */
  async newest(session: RoomSession, waitMs: number): Promise<void> {
    const { connection, room } = session;
    if (connection === undefined || room.status !== 'active') return;
    const id = newId<RequestId>(this.#parts.env);
    const frame = { type: 'read', id, room: room.id, after: room.position, limit: 256 } as const;
    // If the connection breaks, or the server ends the delivery, the room is entered again.
    const page = await connection.request(frame).catch(() => undefined);
    const last = page?.entries.at(-1)?.seq;
    const hasCome = () =>
      last === undefined ||
      comparePositions(session.room.position, last) >= 0 ||
      session.room.status !== 'active';
    if (!hasCome() && session.isFollowing)
      await session.condition.until(
        () => (hasCome() || !session.isFollowing || session.ended !== undefined ? true : undefined),
        waitMs,
      );
    await this.caughtUp(session, waitMs);
  }

  /** Waits until what others had ready for this device when it joined is in the history, at most `waitMs`: that can fail for long. */
  async sharedRead(session: RoomSession, waitMs: number): Promise<void> {
    const isRead = () => {
      this.#throwIfClosed();
      const isDue = session.meta.shared !== undefined && session.meta.shared.packs.length > 0;
      return !isDue || session.ended !== undefined ? true : undefined;
    };
    await session.condition.until(isRead, waitMs);
  }

  /** Waits for something about a room that needs its server. @returns undefined after `waitMs`, or earlier when the server can't be reached */
  until<T>(session: RoomSession, probe: () => T | undefined, waitMs: number): Promise<T | undefined> {
    const now = probe();
    if (now !== undefined) return Promise.resolve(now);
    let isHopeless = false;
    this.server(session.meta)
      .online(waitMs)
      .catch(() => {
        isHopeless = true;
        session.condition.changed();
      });
    const found = () => {
      const value = probe();
      if (value === undefined) this.#throwIfClosed();
      if (value !== undefined) return { value };
      return isHopeless ? { value: undefined } : undefined;
    };
    return session.condition.until(found, waitMs).then((end) => end?.value);
  }

  /** Waits until all queued messages are in the log that can be, at most `waitMs`. */
  async posted(session: RoomSession, waitMs: number): Promise<void> {
    const isPosted = () => {
      if (session.queued === 0 || session.ended !== undefined || awaitsOther(session.room)) return true;
      this.#throwIfClosed();
      return undefined;
    };
    await session.condition.until(isPosted, waitMs);
  }

  /** Whether a room receives new entries at present, and if not, why. */
  connectionState(session: RoomSession): RoomConnection {
    const live = session.isFollowing;
    const why = session.ended ?? (live ? undefined : this.server(session.meta).problem);
    const { catchingUp } = session;
    return { live, problem: why && problemOf(why), ...(catchingUp !== undefined && { catchingUp }) };
  }

  /** A room, with its server. */
  at(session: RoomSession): RoomAt {
    return { session, server: this.server(session.meta) };
  }

  /** Why a room has no connection. */
  offline({ meta, ended }: RoomSession): ChatError {
    const { problem, address } = this.server(meta);
    return ended ?? problem ?? new ChatError({ reason: 'server-slow', server: address });
  }

  /** Ends everything, also the waits of calls, which fail with `profile-closed`. No connection and no room is opened afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopWakes();
    const opened = await Promise.allSettled(this.#opened.values());
    await Promise.allSettled(
      opened.map((one) => (one.status === 'fulfilled' ? one.value.finish() : undefined)),
    );
    for (const server of this.#servers.values()) server.close();
    for (const opened of await Promise.allSettled(this.#opened.values())) {
      if (opened.status !== 'fulfilled') continue;
      await opened.value.close();
      opened.value.session.condition.changed();
    }
    await this.files.close();
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new ChatError({ reason: 'profile-closed' });
  }

  #open(id: RoomId): Promise<OpenRoom> {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    const opening = this.#load(id);
    this.#opened.set(id, opening);
    return opening;
  }

  async #load(id: RoomId): Promise<OpenRoom> {
    this.#throwIfClosed();
    const { records, env } = this.#parts;
    const meta = this.#metas.get(id);
    if (meta === undefined) throw new ChatError({ reason: 'room-unknown', name: id });
    const emit = meta.kind === undefined ? this.#parts.emit : () => undefined;
    const session = new RoomSession(await RoomStore.load(records, env, meta), env, {
      items: (items) => {
        keeper?.items(items);
        emit({ kind: 'items', room: id, items });
        const shown = previewed(session, items, this.#parts.preferences());
        if (shown.length > 0) files.arrived(shown).catch(() => undefined);
      },
      expired: (until) => emit({ kind: 'expired', room: id, until }),
      uploading: (message) => files.uploading(message),
      vouch: (frame, at) => vouchFor(meta, this, env, VOUCH_MS)(frame, at),
      waiting: (waiting) => emit({ kind: 'waiting', room: id, waiting }),
      presence: ({ from, presence }) =>
        emit({
          kind: 'presence',
          room: id,
          identity: from.identity,
          device: from.device,
          from: nameOf(session.room, from),
          says: presence,
        }),
    });
    const files = this.files.room(this.at(session));
    const maintenance = new RoomMaintenance(session, env, () =>
      this.comeBack(session, RETURN_MS, { unasked: env.now() }),
    );
    const keeper = meta.kind === undefined ? new LazyPackKeeper(session, records, env) : undefined;
    let lastState = '';
    let lastInfo = withoutQueue(session);
    const emitState = () => {
      const connection = this.connectionState(session);
      const state = JSON.stringify(connection);
      if (state !== lastState) emit({ kind: 'online', room: id, ...connection });
      lastState = state;
    };
    const stopServer = this.server(meta).condition.always(emitState);
    const stopSession = session.condition.always(() => {
      this.#metas.set(id, session.meta);
      emitState();
      const info = withoutQueue(session);
      if (info !== lastInfo) emit({ kind: 'room', room: roomInfo(session) });
      lastInfo = info;
      if (meta.kind !== 'pairing') maintenance.nudge();
      keeper?.nudge();
      files.nudge();
      for (const watcher of this.#watchers) watcher(session);
    });
    return {
      session,
      finish: async () => keeper?.finish(FINISH_MS),
      close: async () => {
        stopServer();
        stopSession();
        maintenance.close();
        keeper?.close();
        files.close();
        await session.close();
      },
    };
  }
}

function linkOf({ room, meta }: RoomSession, secret: Uint8Array): InviteLink {
  return {
    address: meta.server,
    room: room.id,
    secret,
    founder: fingerprintOf(room.context.founder),
  };
}

/** A room's info without the parts that change with every message. */
function withoutQueue(session: RoomSession): string {
  // The turn by the server's clock: by this device's it differs with each reading of the two.
  return JSON.stringify({ ...roomInfo(session), queued: 0, turn: session.nextTurn });
}

/** The messages whose previews are fetched unasked: nobody should learn who looks at what they posted in a room that may be forged. */
function previewed(
  session: RoomSession,
  items: readonly HistoryItem[],
  { pictures, ignored }: Preferences,
): readonly HistoryItem[] {
  const hasPreview = (item: HistoryItem) =>
    item.kind === 'text' && item.files?.some(({ preview }) => preview);
  const shown = items.filter((item) => hasPreview(item) && !ignored.includes(item.identity));
  if (shown.length === 0 || pictures !== 'always') return [];
  const { status, confirmed } = roomInfo(session);
  return status === 'active' && confirmed ? shown : [];
}
