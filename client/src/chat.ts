import { createRoom } from '@gochat/crypto/create';
import { invite, remove, revoke } from '@gochat/crypto/handshake';
import {
  cleanName,
  createIdentity,
  decodeIdentity,
  encodeIdentity,
  fingerprintOf,
  type Identity,
  safetyNumber,
} from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import { epochOf, invitesOf, membersOf, roomCode } from '@gochat/crypto/room';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { ChatError } from './chat-error.ts';
import type { HistoryItem } from './history.ts';
import { pickMember, roomInfo, shownMembers } from './infos.ts';
import { joinByLink } from './joining.ts';
import type { InspectInfo, Method, Params, Result, RoomInfo } from './methods.ts';
import { freshId, fromJson, toJson } from './records.ts';
import { RoomLedger } from './room-ledger.ts';
import type { RoomMeta } from './room-meta.ts';
import type { RoomSession } from './room-session.ts';
import { Rooms, type RoomsParts } from './rooms.ts';
import { linkAddress, parseAddress } from './transport/address.ts';

const INVITE_LIFETIME_MS = 30 * 24 * 3600 * 1000;

/** What a profile remembers of itself. */
interface Settings {
  readonly name?: string;
}

export interface ChatParts extends RoomsParts {
  /** Locks the profile's key with a passphrase, or leaves it open. */
  readonly relock: (passphrase: string | undefined) => Promise<void>;
}

type Handlers = { readonly [M in Method]: (params: Params<M>) => Promise<Result<M>> };

/** One profile at work: its identity and its rooms. Only the process that owns the profile has one. */
export class Chat {
  readonly #parts: ChatParts;
  readonly #who: Identity;
  readonly #rooms: Rooms;
  #settings: Settings;

  private constructor(parts: ChatParts, who: Identity, settings: Settings, rooms: Rooms) {
    this.#parts = parts;
    this.#who = who;
    this.#settings = settings;
    this.#rooms = rooms;
  }

  /** Opens what the records hold, or makes an identity. @throws VaultError `damaged` */
  static async open(parts: ChatParts): Promise<Chat> {
    const { records, env } = parts;
    const stored = await records.get({ of: 'identity' });
    const who = stored === undefined ? createIdentity(env) : decodeIdentity(stored);
    if (stored === undefined)
      await records.write([{ place: { of: 'identity' }, value: encodeIdentity(who) }]);
    const settings = await records.get({ of: 'settings' });
    return new Chat(
      parts,
      who,
      settings === undefined ? {} : fromJson<Settings>(settings),
      await Rooms.load(parts),
    );
  }

  /** Answers one request. @throws ChatError, RoomError, LinkError, NameError */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#handlers[method](params);
  }

  /** Stops everything; what was begun is durable before it resolves. */
  close(): Promise<void> {
    return this.#rooms.close();
  }

  readonly #handlers: Handlers = {
    whoami: async () => ({
      name: this.#settings.name,
      identity: encodeBytes(fingerprintOf(this.#who.identity.publicKey)),
    }),
    rooms: async () => (await this.#rooms.all()).map(roomInfo),
    create: (params) => this.#create(params),
    join: async ({ link, as, waitMs }) => {
      const own = cleanName(as);
      const parts = { ...this.#parts, rooms: this.#rooms, who: this.#who, as: own };
      const { session, already } = await joinByLink(parts, link, waitMs);
      await this.#remember(own);
      return { ...roomInfo(session), already };
    },
    queue: async ({ room, id, text, again }) => {
      const session = await this.#followed(room);
      if (again === true && (await this.#recent(session)).some((item) => item.id === id)) return { id };
      await session.queue(id, { kind: 'text', text });
      return { id };
    },
    sent: async ({ room, ids, waitMs }) => {
      const session = await this.#followed(room);
      const waiting = () => ids.filter((id) => session.isQueued(id)).length;
      await session.watch.until(
        () => (waiting() === 0 || session.ended !== undefined ? true : undefined),
        waitMs,
      );
      if (waiting() > 0 && session.ended !== undefined) throw session.ended;
      return { waiting: waiting() };
    },
    sync: async ({ room, waitMs }) => {
      const session = await this.#followed(room);
      try {
        await this.#rooms.caughtUp(session, waitMs);
        await posted(session, waitMs);
        return { live: true, problem: undefined };
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        return { live: false, problem: { code: error.code, message: error.message } };
      }
    },
    follow: async ({ room }) => {
      await this.#followed(room);
      return null;
    },
    history: async ({ room, after, limit }) => {
      const session = await this.#rooms.named(room);
      return this.#history(session, Number(after), limit);
    },
    members: async ({ room }) => shownMembers((await this.#rooms.named(room)).room).map(({ info }) => info),
    remove: async ({ room, member, waitMs }) => {
      const session = await this.#current(room, waitMs);
      const { member: target, info } = pickMember(session.room, member);
      const isIn = () => membersOf(session.room).some((m) => m.device === target.device);
      await session
        .change((now) => remove(now, target.device, this.#parts.env), waitMs)
        .catch((error: unknown) => {
          // An earlier Remove whose outcome wasn't known has landed meanwhile.
          if (isIn()) throw error;
        });
      return { name: info.name };
    },
    invite: async ({ room, expiresMs, uses, waitMs }) => {
      const session = await this.#current(room, waitMs);
      const secret = this.#parts.env.random(16);
      const terms = {
        expires: this.#parts.env.now() + (expiresMs ?? INVITE_LIFETIME_MS),
        ...(uses !== undefined && { uses }),
      };
      await session.change((now) => invite(now, secret, terms, this.#parts.env), waitMs);
      const founder = fingerprintOf(session.room.context.founder);
      const link = formatLink({
        address: linkAddress(session.meta.server),
        room: session.room.id,
        secret,
        founder,
      });
      return { link, id: invitesOf(session.room).at(-1)?.id ?? '' };
    },
    invites: (params) => this.#invites(params),
    revoke: async ({ room, id, waitMs }) => {
      const session = await this.#current(room, waitMs);
      const fitting = invitesOf(session.room).filter((i) => i.id.startsWith(id));
      const [one] = fitting;
      if (one === undefined)
        throw new ChatError('unknown-entry', `there is no invite "${id}": gochat invites lists them`);
      if (fitting.length > 1)
        throw new ChatError('ambiguous', `several invites begin so: ${fitting.map((i) => i.id).join(', ')}`);
      await session.change((now) => revoke(now, [one.id], this.#parts.env), waitMs);
      return null;
    },
    leave: (params) => this.#leave(params),
    safety: async ({ room, member }) => {
      const session = await this.#rooms.named(room);
      const own = this.#who.identity.publicKey;
      const wanted = member === undefined ? shownMembers(session.room) : [pickMember(session.room, member)];
      const members = wanted
        .filter(({ info }) => !info.self)
        .map(({ member: m, info }) => ({
          id: info.id,
          name: info.name,
          number: safetyNumber(own, decodeBytes(m.identity)),
        }));
      return { code: roomCode(session.room), epoch: String(epochOf(session.room)), members };
    },
    inspect: (params) => this.#inspect(params),
    passphrase: async ({ passphrase }) => {
      await this.#parts.relock(passphrase);
      return null;
    },
  };

  /** Whoever connects first posts what is queued, in order; then comes what was asked. */
  async #followed(room: string): Promise<RoomSession> {
    await this.#rooms.followQueued();
    return this.#rooms.followed(room);
  }

  /** The room as the server has it now. @throws ChatError */
  async #current(room: string, waitMs: number): Promise<RoomSession> {
    const session = await this.#followed(room);
    await this.#rooms.caughtUp(session, waitMs);
    await posted(session, waitMs);
    return session;
  }

  async #create({ name, as, server, waitMs }: Params<'create'>): Promise<RoomInfo> {
    const address = parseAddress(server).href;
    const own = cleanName(as);
    const { env, records } = this.#parts;
    const { room, frame } = await createRoom(this.#who, { room: name, own }, env);
    await this.#rooms.followQueued();
    await this.#rooms.line(address).online(waitMs);
    const meta: RoomMeta = {
      id: room.id,
      server: address,
      name: cleanName(name),
      as: own,
      left: false,
      leaving: [],
      since: env.now(),
    };
    await RoomLedger.store(records, meta, room, frame);
    const session = await this.#rooms.adopt(meta);
    await this.#rooms.caughtUp(session, waitMs);
    await this.#remember(own);
    return roomInfo(session);
  }

  /** The first name that somebody goes by is the profile's own from then on. */
  async #remember(name: string): Promise<void> {
    if (this.#settings.name !== undefined) return;
    this.#settings = { ...this.#settings, name };
    await this.#parts.records.write([{ place: { of: 'settings' }, value: toJson(this.#settings) }]);
  }

  async #invites({ room, waitMs }: Params<'invites'>): Promise<Result<'invites'>> {
    const session = await this.#current(room, waitMs);
    const info = await connectionOf(session).request({
      type: 'fetch',
      id: freshId(this.#parts.env),
      room: session.room.id,
    });
    const shown = shownMembers(session.room);
    return invitesOf(session.room).map((i) => {
      const live = info.invites.find((known) => known.invite === i.id);
      const by = shown.find(({ member }) => member.identity === i.by)?.info.name ?? '';
      return { id: i.id, by, expires: live?.expires, uses: live?.uses, live: live !== undefined };
    });
  }

  async #leave({ room, waitMs }: Params<'leave'>): Promise<{ alone: boolean }> {
    const session = await this.#followed(room);
    const alone = membersOf(session.room).length === 1;
    if (!alone && session.ended === undefined) {
      const id = freshId<string>(this.#parts.env);
      await session.queue(id, { kind: 'leave' });
      const told = await session.watch.until(() => (session.isQueued(id) ? undefined : true), waitMs);
      if (told === undefined)
        throw new ChatError(
          'offline',
          'the server could not be reached: the others are told once it can; leave again then',
        );
    }
    await session.leave();
    this.#rooms.line(session.meta.server).drop(session);
    return { alone };
  }

  async #inspect({ room, seq, waitMs }: Params<'inspect'>): Promise<InspectInfo> {
    const session = await this.#current(room, waitMs);
    const wanted = seq ?? (await this.#lastMessage(session));
    if (!/^[1-9][0-9]{0,15}$/.test(wanted))
      throw new ChatError('usage', 'SEQ is a number as gochat tail --json shows it');
    const after = String(Number(wanted) - 1) as Position;
    const frame = {
      type: 'read' as const,
      id: freshId<never>(this.#parts.env),
      room: session.room.id,
      after,
      limit: 1,
    };
    const [entry] = (await connectionOf(session).request(frame)).entries;
    if (entry?.seq !== wanted)
      throw new ChatError(
        'unknown-entry',
        `the server has no entry ${wanted} in this room (it may have expired)`,
      );
    const says = (await this.#history(session, Number(wanted) - 1, 8)).filter((item) => item.seq === wanted);
    return {
      seq: entry.seq,
      kind: entry.kind,
      at: entry.at,
      body: entry.body,
      bytes: decodeBytes(entry.body).length,
      says,
    };
  }

  async #lastMessage(session: RoomSession): Promise<string> {
    const last = (await this.#recent(session)).find((item) => item.kind === 'text');
    if (last === undefined) throw new ChatError('unknown-entry', 'there is no message in this room yet');
    return last.seq;
  }

  /** Newest first. */
  async #recent(session: RoomSession): Promise<HistoryItem[]> {
    const rows = await this.#parts.records.list('history', session.room.id, { limit: 256, reverse: true });
    return rows.map((row) => fromJson<HistoryItem>(row));
  }

  async #history(session: RoomSession, after: number, limit: number): Promise<HistoryItem[]> {
    const rows = await this.#parts.records.list('history', session.room.id, { after, limit });
    return rows.map((row) => fromJson<HistoryItem>(row));
  }
}

/** Waits until all that was queued is in the log, or `waitMs` is over. */
async function posted(session: RoomSession, waitMs: number): Promise<void> {
  await session.watch.until(
    () => (session.queued === 0 || session.ended !== undefined ? true : undefined),
    waitMs,
  );
}

function connectionOf(session: RoomSession) {
  if (session.connection === undefined)
    throw new ChatError('offline', 'the connection to the server was lost: try again');
  return session.connection;
}
