import { type Content, content, isDeviceContent } from '@gochat/crypto/content';
import { identityKeyOf, safetyNumber } from '@gochat/crypto/identity';
import { parseLink } from '@gochat/crypto/link';
import { logCode, logCodesKept } from '@gochat/crypto/log-code';
import { cleanName } from '@gochat/crypto/names';
import { newId } from '@gochat/crypto/new-id';
import { epochOf, invitesOf, membersOf, roomCode } from '@gochat/crypto/room';
import { rulesOf } from '@gochat/crypto/room-rules';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { FileId, Position, RoomId } from '@gochat/protocol/fields';
import * as v from 'valibot';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { InspectInfo, Method, Params, Result, RoomInfo } from '../api/methods.ts';
import { checkToken } from '../api/validate-input.ts';
import { type BackupMethod, backupHandlers } from '../backup/backups.ts';
import { type DeviceMethod, Devices } from '../devices/devices.ts';
import type { DevicesParts } from '../devices/devices-parts.ts';
import { LazyDirect } from '../direct/lazy-direct.ts';
import { Requests } from '../direct/requests.ts';
import { idsOf } from '../files/file-ids.ts';
import { findFile, messageAt } from '../files/find-file.ts';
import { parseAddress } from '../net/address.ts';
import { isBlank } from '../room/blank.ts';
import { applyChange, isChange, targetOf } from '../room/changes.ts';
import { awaitsOther } from '../room/direct-room.ts';
import { isEmoji } from '../room/emoji.ts';
import { HistoryReader } from '../room/history-reader.ts';
import type { Queued } from '../room/outgoing.ts';
import { isVote, readPoll, refusedPoll } from '../room/polls.ts';
import type { RoomSession } from '../room/room-session.ts';
import { ownSilence } from '../room/turns.ts';
import { Mutex } from '../schedule/mutex.ts';
import { createOn } from './creating.ts';
import { connectionOf, Governance } from './governance.ts';
import { peek } from './joining.ts';
import type { StoredOwnKnock } from './knocking.ts';
import { Knocks } from './knocks.ts';
import { LazyKnocking, storedKnocks } from './lazy-knocking.ts';
import { Moderation } from './moderation.ts';
import { comparisonInfo, pickMember, roomInfo, shownMembers } from './room-info.ts';
import { Rooms, type RoomsParts } from './rooms.ts';
import type { SettingsStore } from './settings-store.ts';

/** How long a process waits for the history that others had ready when its profile joined. */
const SHARED_MS = 5_000;
/** How long a message that may not be said waits for what is new in the room. */
const HEARING_MS = 5_000;

/** The requests that an account answers without its rooms. */
export type AccountMethod = 'whoami' | 'preferences' | 'prefer' | 'passphrase';
export type RoomMethod = Exclude<Method, AccountMethod>;

type Handlers = Omit<AllHandlers, DeviceMethod | BackupMethod>;
type AllHandlers = { readonly [M in RoomMethod]: (params: Params<M>) => Promise<Result<M>> };

export type RequestsParts = RoomsParts & Pick<DevicesParts, 'becomes' | 'ousted'>;

interface Stored {
  readonly rooms: Rooms;
  readonly requests: Requests;
  readonly knocks: readonly StoredOwnKnock[];
}

/** The requests about the rooms of a profile. This module has all that uses MLS, and is loaded once a profile has a room or wants one. */
export class RoomRequests {
  readonly #parts: RoomsParts;
  readonly #rooms: Rooms;
  readonly #settings: SettingsStore;
  readonly #governance: Governance;
  readonly #moderation: Moderation;
  readonly #devices: Devices;
  readonly #direct: LazyDirect;
  readonly #knocks: Knocks;
  readonly #knocking: LazyKnocking;
  readonly #all: AllHandlers;

  /** One join of a room at a time: of two, the server would refuse one, because the device is a member. */
  readonly #joins = new Map<RoomId, Mutex>();

  private constructor(parts: RequestsParts, settings: SettingsStore, { rooms, requests, knocks }: Stored) {
    this.#parts = parts;
    this.#settings = settings;
    this.#rooms = rooms;
    this.#governance = new Governance(parts.env);
    this.#moderation = new Moderation(parts.env, parts.records, this.#governance);
    this.#knocks = new Knocks(this.#governance);
    const joinsOf = (room: RoomId) => this.#joinsOf(room);
    this.#knocking = new LazyKnocking({ ...parts, rooms, joinsOf }, knocks);
    this.#devices = new Devices({
      ...parts,
      rooms,
      settings,
      requests,
      joinsOf,
    });
    this.#direct = new LazyDirect({ ...parts, rooms, settings, requests, joinsOf });
    const sync = () => this.#devices.sync();
    const backups = backupHandlers({ ...parts, rooms, settings, sync, joinsOf });
    this.#all = { ...this.#handlers, ...this.#devices.handlers, ...backups };
  }

  #joinsOf(room: RoomId): Mutex {
    const known = this.#joins.get(room);
    if (known !== undefined) return known;
    const joins = new Mutex();
    this.#joins.set(room, joins);
    return joins;
  }

  /** Loads the profile's rooms from the records. @throws VaultError `damaged` */
  static async open(
    account: Omit<RequestsParts, 'preferences'>,
    settings: SettingsStore,
  ): Promise<RoomRequests> {
    const parts = { ...account, preferences: () => settings.preferences };
    const { records } = parts;
    const requests = new RoomRequests(parts, settings, {
      requests: await Requests.load(records),
      rooms: await Rooms.load(parts),
      knocks: await storedKnocks(records),
    });
    await requests.#devices.resume();
    requests.#direct.resume();
    requests.#knocking.resume();
    return requests;
  }

  /** Answers one request. @throws ChatError, RoomError, LinkError, NameError */
  call<M extends RoomMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return this.#all[method](params);
  }

  /** Stops everything. Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    await this.#devices.close();
    await this.#direct.close();
    // A call of it ends with the rooms.
    const knocking = this.#knocking.close();
    await this.#rooms.close();
    await knocking;
  }

  readonly #handlers: Handlers = {
    rooms: async () => (await this.#rooms.all()).map(roomInfo),
    create: (params) => this.#create(params),
    join: (params) => this.#join(params),
    knocking: () => this.#knocking.list(),
    cancelKnock: async ({ room }) => {
      await this.#knocking.cancel(room);
      return null;
    },
    knocks: async ({ room }) => this.#knocks.list(await this.#rooms.named(room)),
    approveKnock: async (params) =>
      this.#knocks.decide(await this.#current(params.room, params.waitMs), params, true),
    declineKnock: async (params) =>
      this.#knocks.decide(await this.#current(params.room, params.waitMs), params, false),
    queue: async ({ room, id, content: wanted, note, again, allowed }) => {
      const said = checked(wanted);
      const session = await this.#followed(room);
      this.#rooms.hurry(session);
      await this.#checkFiles(session, [{ id, content: said }]);
      if (again === true && (await session.isPosted(id))) {
        if (note !== undefined) await this.#settings.note(session.room.id, note);
        return { id };
      }
      if (allowed === true && !session.isKnown(id)) await this.#checkAllowed(session, said);
      const messages = [{ id, content: said }];
      await this.#hearIfSilenced(session, messages);
      if (note === undefined) await session.queue(messages);
      else await this.#settings.note(session.room.id, note, (changes) => session.queue(messages, changes));
      return { id };
    },
    queueAll: async ({ room, messages: wanted, again }) => {
      const messages = wanted.map(({ id, content }) => ({ id, content: checked(content) }));
      const session = await this.#followed(room);
      this.#rooms.hurry(session);
      await this.#checkFiles(session, messages);
      const posted = await Promise.all(
        messages.map(async ({ id }) => again === true && (await session.isPosted(id))),
      );
      await this.#hearIfSilenced(session, messages);
      await session.queue(messages.filter((_, i) => !posted[i]));
      return null;
    },
    resend: async ({ room, ids, unsent }) => {
      const session = await this.#followed(room);
      this.#rooms.hurry(session);
      await this.#hearIfSilenced(session, [{ content: { kind: 'text', text: '' } }]);
      return {
        ids: await session.sendAgain({
          ids,
          ...(unsent === true && { newId: () => newId(this.#parts.env) }),
        }),
      };
    },
    waiting: async ({ room }) => (await this.#rooms.named(room)).waiting,
    cancel: async ({ room, id }) => ({ cancelled: await (await this.#rooms.named(room)).cancel(id) }),
    sent: ({ room, ids, waitMs }) => this.#sent(room, ids, waitMs),
    sync: async ({ room, waitMs }) => {
      const session = await this.#followed(room);
      const { isLive } = session;
      try {
        await this.#rooms.caughtUp(session, waitMs);
        if (isLive) await this.#rooms.newest(session, waitMs);
        await this.#rooms.sharedRead(session, Math.min(waitMs, SHARED_MS));
        await this.#rooms.posted(session, waitMs);
        return { live: true, problem: undefined };
      } catch (error) {
        // Another process answers it then.
        if (!(error instanceof ChatError) || error.data.reason === 'profile-closed') throw error;
        return { live: false, problem: problemOf(error) };
      }
    },
    follow: async ({ room }) => {
      this.#devices.wake();
      return this.#rooms.connectionState(await this.#followed(room));
    },
    history: async ({ room, after, before, limit }) => {
      const history = await this.#history(await this.#rooms.named(room));
      if (after !== undefined) return history.after(Number(after), limit);
      return history.before(before === undefined ? undefined : Number(before), limit);
    },
    search: async ({ room, text, before, limit }) => {
      const history = await this.#history(await this.#rooms.named(room));
      return history.search(text, before === undefined ? undefined : Number(before), limit);
    },
    fileLimits: async ({ room, bytes, waitMs }) => {
      const session = await this.#followed(room);
      // The server says them whenever the room is entered. Its operator may have changed them since.
      const known = () => {
        const { files } = session.meta;
        if (session.isFollowing) return files;
        return bytes !== undefined && (files === null || bytes > (files?.bytes ?? 0)) ? undefined : files;
      };
      const limits = await this.#rooms.until(session, known, waitMs);
      if (limits === undefined) throw this.#rooms.offline(session);
      return limits;
    },
    spool: async ({ room, files }) => {
      const { id } = (await this.#rooms.named(room)).room;
      await (await this.#rooms.files.load()).spool(id, files);
      return { room: id };
    },
    chunkSealed: async ({ room, id, bytes, chunk }) => {
      const at = this.#rooms.at(await this.#rooms.named(room));
      await (await this.#rooms.files.load()).chunkSealed(at, { id: id as FileId, bytes }, chunk);
      return null;
    },
    spooled: async ({ room, ids }) => {
      await (await this.#rooms.files.load()).spooled((await this.#rooms.named(room)).room.id, ids);
      return null;
    },
    unspool: async ({ room, ids }) => {
      const session = await this.#rooms.named(room);
      await (await this.#rooms.files.load()).unspool(session, ids);
      session.dropFiles();
      return null;
    },
    fileChunk: (params) => this.#fileChunk(params),
    fileDamaged: async ({ room, id, hash, bytes }) => {
      const session = await this.#rooms.named(room);
      await (await this.#rooms.files.load()).fetches.damaged(session.room.id, {
        id: id as FileId,
        hash,
        bytes,
      });
      return null;
    },
    members: async ({ room }) => shownMembers((await this.#rooms.named(room)).room).map(({ info }) => info),
    remove: async (params) =>
      this.#governance.remove(await this.#current(params.room, params.waitMs), params),
    invite: (params) => this.#invite(params),
    invites: async ({ room, waitMs }) => {
      const session = await this.#current(room, waitMs);
      return this.#governance.invites(session, (await this.#settings.notes(session.room.id)).links);
    },
    configure: async (params) =>
      this.#governance.configure(await this.#current(params.room, params.waitMs), params),
    nick: async (params) => this.#governance.nick(await this.#current(params.room, params.waitMs), params),
    rules: async ({ room }) => rulesOf((await this.#rooms.named(room)).room.context.state),
    setRole: async (params) =>
      this.#moderation.setRole(await this.#current(params.room, params.waitMs), params),
    ban: async (params) => this.#moderation.ban(await this.#current(params.room, params.waitMs), params),
    unban: async (params) => this.#moderation.unban(await this.#current(params.room, params.waitMs), params),
    bans: async ({ room }) => this.#moderation.bans(await this.#rooms.named(room)),
    pin: async (params) =>
      this.#moderation.pin(await this.#current(params.room, params.waitMs), params, true),
    unpin: async (params) =>
      this.#moderation.pin(await this.#current(params.room, params.waitMs), params, false),
    pins: async ({ room }) => this.#moderation.pins(await this.#rooms.named(room)),
    reportCompromise: async (params) =>
      this.#governance.reportCompromise(await this.#current(params.room, params.waitMs), params),
    dm: async ({ room, ...wanted }) => {
      if (wanted.token !== undefined) checkToken(wanted.token);
      const direct = await this.#direct.load();
      const { session, message } = await direct.write(await this.#followed(room), wanted);
      return { ...roomInfo(session), ...(message !== undefined && { message }) };
    },
    requests: () => this.#direct.list(),
    acceptRequest: async ({ id, waitMs }) => roomInfo(await (await this.#direct.load()).accept(id, waitMs)),
    ignoreRequest: async ({ id }) => {
      await (await this.#direct.load()).ignore(id);
      return null;
    },
    revoke: async (params) =>
      this.#governance.revoke(await this.#current(params.room, params.waitMs), params),
    peek: ({ link, waitMs }) => peek({ ...this.#parts, rooms: this.#rooms }, link, waitMs),
    presence: async ({ room, says }) => {
      (await this.#followed(room)).presence(says);
      return null;
    },
    notes: async ({ room }) => this.#settings.notes((await this.#rooms.named(room)).room.id),
    note: async ({ room, change }) => this.#settings.note((await this.#rooms.named(room)).room.id, change),
    leave: (params) => this.#leave(params),
    return: async ({ room, seen, waitMs }) => {
      const session = await this.#followed(room);
      await this.#rooms.until(session, () => (session.isLive || session.ended ? true : undefined), waitMs);
      const { status, unfollowed } = session.room;
      if (status === 'broken') {
        await this.#rooms.comeAnew(session, session.meta, waitMs, seen);
        return { returned: true };
      }
      if (status !== 'split' && unfollowed === undefined) return { returned: false };
      await this.#rooms.comeBack(session, waitMs, { seen });
      return { returned: true };
    },
    compare: async ({ room, waitMs }) => {
      const session = await this.#followed(room);
      await this.#rooms.until(session, () => (session.isLive || session.ended ? true : undefined), waitMs);
      const { status, unfollowed } = session.room;
      if (status !== 'broken' && status !== 'split' && unfollowed === undefined) return null;
      return comparisonInfo(await this.#rooms.compare(session, waitMs));
    },
    safety: async ({ room, member, at }) => {
      const session = await this.#rooms.named(room);
      const own = identityKeyOf(this.#parts.who);
      const wanted = member === undefined ? shownMembers(session.room) : [pickMember(session.room, member)];
      const members = wanted
        .filter(({ info }) => !info.self)
        .map(({ member: m, info }) => ({
          id: info.id,
          name: info.name,
          number: safetyNumber(own, decodeBytes(m.identity)),
        }));
      const log = logCode(session.room, at);
      if (log === undefined && at !== undefined)
        throw new ChatError({ reason: 'log-code-unknown', ...logCodesKept(session.room) });
      return {
        code: roomCode(session.room),
        epoch: String(epochOf(session.room)),
        ...(log && { log }),
        members,
      };
    },
    inspect: (params) => this.#inspect(params),
  };

  /** The first use of a connection posts the queued messages in order, before the request itself. */
  async #followed(room: string): Promise<RoomSession> {
    await this.#rooms.followQueued();
    return this.#rooms.followed(room);
  }

  /** @returns the session of the room at the end: that of a device which came back after a split continues the queue of the older one. */
  async #untilSent(room: string, ids: readonly string[], end: number): Promise<RoomSession> {
    const session = await this.#followed(room);
    await this.#rooms.until(
      session,
      // Nothing is posted in a direct room before the other person is in.
      () =>
        session.ended !== undefined ||
        (session.isLive && awaitsOther(session.room)) ||
        !ids.some((id) => session.isQueued(id))
          ? true
          : undefined,
      end - Date.now(),
    );
    return (await this.#rooms.named(room)) === session ? session : this.#untilSent(room, ids, end);
  }

  async #sent(room: string, ids: readonly string[], waitMs: number): Promise<Result<'sent'>> {
    const session = await this.#untilSent(room, ids, Date.now() + waitMs);
    const outcomes = ids.map((id) => session.outcome(id));
    const waiting = outcomes.filter(({ state }) => state === 'waiting').length;
    // Who reads the history next finds there what is posted.
    if (waiting < ids.length) await session.stored();
    // What was refused waits no more, and the room says why.
    const isOver = outcomes.every(({ state }) => state !== 'waiting' && state !== 'refused');
    const { problem = waiting === 0 ? undefined : holdUp(session) } = isOver
      ? {}
      : this.#rooms.connectionState(session);
    if (outcomes.every(({ state, seq }) => state !== 'posted' || seq !== undefined))
      return { waiting, outcomes, problem };
    // The process that saw them in the log has ended.
    const recent = await (await this.#history(session)).recent();
    const seqs = new Map(recent.flatMap((item) => (item.kind === 'text' ? [[item.id, item.seq]] : [])));
    const found = outcomes.map((outcome) => {
      const seq = outcome.state === 'posted' ? (outcome.seq ?? seqs.get(outcome.id)) : undefined;
      return seq === undefined ? outcome : { ...outcome, seq };
    });
    return { waiting, outcomes: found, problem };
  }

  /** The room, up to date with the server. @throws ChatError */
  async #current(room: string, waitMs: number): Promise<RoomSession> {
    const session = await this.#followed(room);
    await this.#rooms.caughtUp(session, waitMs);
    await this.#rooms.posted(session, waitMs);
    return session;
  }

  async #join({ link, as, words = '', waitMs }: Params<'join'>): Promise<Result<'join'>> {
    const end = Date.now() + waitMs;
    const own = this.#nameFor(as);
    const { room } = parseLink(link);
    try {
      const { session, already, stayed } = await this.#joinsOf(room).take(() =>
        this.#knocking.join({ link, as: own, words }, Math.max(0, end - Date.now())),
      );
      await this.#remember(own);
      return { ...roomInfo(session), already, stayed };
    } catch (error) {
      if (error instanceof ChatError && error.data.reason === 'knock-waiting') await this.#remember(own);
      throw error;
    }
  }

  async #create({ name, as, server, token, history, expire, waitMs }: Params<'create'>): Promise<RoomInfo> {
    if (token !== undefined) checkToken(token);
    const address = parseAddress(server).href;
    const own = this.#nameFor(as);
    await this.#rooms.followQueued();
    const parts = { ...this.#parts, rooms: this.#rooms };
    const session = await createOn(parts, { name, as: own, server: address, token, history, expire }, waitMs);
    await this.#remember(own);
    return roomInfo(session);
  }

  /** @throws ChatError `usage` when neither the caller nor the profile has a name; NameError */
  #nameFor(as: string | undefined): string {
    const name = as ?? this.#settings.preferences.name;
    if (name === undefined) throw new ChatError({ reason: 'name-missing' });
    return cleanName(name);
  }

  /** The first name that is used becomes the profile's own. */
  async #remember(name: string): Promise<void> {
    const { name: known = name, removed } = this.#settings.preferences;
    if (this.#settings.preferences.name === undefined || removed !== undefined)
      await this.#settings.prefer({ name: known, removed: undefined });
  }

  async #invite(params: Params<'invite'>): Promise<Result<'invite'>> {
    const session = await this.#current(params.room, params.waitMs);
    const made = await this.#governance.invite(session, params);
    const { id } = session.room;
    const { links } = await this.#settings.notes(id);
    // Links of invites that no longer exist are dropped, so that their number is bounded.
    const live = invitesOf(session.room).flatMap(({ id: one }) =>
      one !== made.id && Object.hasOwn(links, one) ? [[one, links[one] ?? '']] : [],
    );
    await this.#settings.note(id, { links: Object.fromEntries([...live, [made.id, made.link]]) });
    return made;
  }

  async #leave({ room, waitMs }: Params<'leave'>): Promise<Result<'leave'>> {
    const end = Date.now() + waitMs;
    const session = await this.#followed(room);
    const isIn = session.ended === undefined && session.unfinishedJoin === undefined;
    // Somebody may have joined since this device was last here.
    const isKnown =
      isIn &&
      (await this.#rooms.caughtUp(session, waitMs).then(
        () => true,
        () => false,
      ));
    const alone = membersOf(session.room).length === 1 && (isKnown || !isIn);
    const rest = () => Math.max(0, end - Date.now());
    let isHeard = alone;
    if (!alone && session.ended === undefined && session.unfinishedJoin === undefined) {
      const already = session.leaving !== undefined;
      const id = session.leaving ?? newId<string>(this.#parts.env);
      if (!already) await session.queue([{ id, content: { kind: 'leave' } }]);
      const sent = await this.#rooms.until(session, () => (session.isQueued(id) ? undefined : true), rest());
      if (sent === undefined) throw new ChatError({ reason: 'leave-queued', already });
      isHeard = true;
      // What was said before is in the log as well, if it can be.
    } else if (isKnown) await this.#rooms.posted(session, rest());
    // The others know whom they have removed; who has left before is not asked again.
    const isOver = session.room.status === 'removed' || session.meta.left;
    const unheard = isHeard || isOver ? undefined : session.ended;
    await session.leave();
    this.#rooms.server(session.meta).drop(session);
    const admins = shownMembers(session.room).filter(({ info }) => info.admin && !info.self).length;
    return { alone, admins, ...(unheard && { unheard: problemOf(unheard) }) };
  }

  async #inspect({ room, seq, waitMs }: Params<'inspect'>): Promise<InspectInfo> {
    const session = await this.#current(room, waitMs);
    const wanted = seq ?? (await this.#lastMessage(session));
    if (!/^[1-9][0-9]{0,15}$/.test(wanted)) throw new ChatError({ reason: 'entry-number' });
    const unknown = new ChatError({ reason: 'entry-unknown', seq: wanted });
    // The server refuses positions after the end of the room.
    if (Number(wanted) > Number(session.room.position)) throw unknown;
    const after = String(Number(wanted) - 1) as Position;
    const frame = {
      type: 'read' as const,
      id: newId<never>(this.#parts.env),
      room: session.room.id,
      after,
      limit: 1,
    };
    const [entry] = (await connectionOf(session).request(frame)).entries;
    if (entry?.seq !== wanted) throw unknown;
    const says = (await (await this.#history(session)).after(Number(wanted) - 1, 8)).filter(
      (item) => item.seq === wanted,
    );
    return {
      seq: entry.seq,
      kind: entry.kind,
      at: entry.at,
      body: entry.body,
      bytes: decodeBytes(entry.body).length,
      says,
    };
  }

  /** @throws ChatError `message-blank` for an edit that leaves nothing, `file-unprepared` */
  async #checkFiles(session: RoomSession, messages: readonly Queued[]): Promise<void> {
    for (const { id, content: said } of messages) {
      if (said.kind === 'edit' && isBlank(said.text)) {
        const edited = await messageAt(await this.#history(session), said.of.seq, said.of.id);
        if (edited?.files === undefined) throw new ChatError({ reason: 'message-blank' });
      }
      if (said.kind !== 'text' || said.files === undefined) continue;
      // A repeated call: its files may have been uploaded since.
      if (session.isKnown(id) || (await session.isPosted(id))) continue;
      const files = await this.#rooms.files.load();
      if (!(await files.areSealed(session.room.id, idsOf(said.files))))
        throw new ChatError({ reason: 'file-unprepared' });
    }
  }

  /** What this device knows of the room may be old: before it rejects a message for it, it asks the server for what is new. */
  async #hearIfSilenced(session: RoomSession, messages: readonly Pick<Queued, 'content'>[]): Promise<void> {
    if (messages.some(({ content }) => ownSilence(session.room, content) !== undefined))
      await this.#hear(session);
  }

  async #hear(session: RoomSession): Promise<void> {
    const isLive = () => (session.isLive || session.ended ? true : undefined);
    if (isLive() === undefined) await this.#rooms.until(session, isLive, HEARING_MS);
  }

  /**
   * @throws ChatError `not-author`, `message-deleted`, `poll-closed`, `not-a-poll`: every reader would ignore the change;
   * `poll-edit`
   */
  async #checkAllowed(session: RoomSession, said: Content): Promise<void> {
    if (!isChange(said)) return;
    const { seq, id } = targetOf(said);
    const known = async () => messageAt(await this.#history(session), seq, id);
    let item = await known();
    // It may have been closed meanwhile, and the vote would not count.
    if (said.kind === 'react' && item !== undefined && isVote(item, said.emoji)) {
      await this.#hear(session);
      item = await known();
    }
    const self = membersOf(session.room).find((member) => member.self);
    if (item === undefined || self === undefined) return;
    const author = { ...self, name: '' };
    // Nothing is left to do.
    if (said.kind === 'delete' && item.deleted !== undefined) return;
    if (said.kind !== 'react' && applyChange(item, said, author, 0) === 'refused')
      throw new ChatError({ reason: 'not-author', change: said.kind });
    if (item.deleted !== undefined) throw new ChatError({ reason: 'message-deleted' });
    if (said.kind === 'edit' && item.poll !== undefined && readPoll(said.text) === undefined)
      throw new ChatError({ reason: 'poll-edit' });
    if (said.kind === 'close' && item.poll === undefined) throw new ChatError({ reason: 'not-a-poll' });
    const isOfOpen = said.kind === 'edit' || (said.kind === 'react' && isVote(item, said.emoji));
    if (isOfOpen && item.closed !== undefined) throw new ChatError({ reason: 'poll-closed' });
  }

  async #fileChunk({ chunk, again, ...wanted }: Params<'fileChunk'>): Promise<Result<'fileChunk'>> {
    const session = await this.#followed(wanted.room);
    const found = await findFile(session, await this.#history(session), wanted);
    const { fetches } = await this.#rooms.files.load();
    await fetches.chunk(this.#rooms.at(session), found, chunk, again);
    const { id, key, hash, bytes } = found.file;
    return { room: session.room.id, file: { id, key, hash, bytes } };
  }

  async #lastMessage(session: RoomSession): Promise<string> {
    const last = (await (await this.#history(session)).recent()).find((item) => item.kind === 'text');
    if (last === undefined) throw new ChatError({ reason: 'entry-none' });
    return last.seq;
  }

  /** What has disappeared is deleted first. @throws ChatError `profile-write` */
  async #history(session: RoomSession): Promise<HistoryReader> {
    await session.expire();
    return new HistoryReader(this.#parts.records, session.room);
  }
}

/** Why messages wait although the server is reached. */
function holdUp(session: RoomSession): Result<'sent'>['problem'] {
  const { isLive, turn } = session;
  if (!isLive) return undefined;
  if (awaitsOther(session.room))
    return problemOf(new ChatError({ reason: 'direct-asked', name: session.meta.name }));
  if (turn === undefined || turn <= Date.now()) return undefined;
  return problemOf(new ChatError({ reason: 'slow-turn', until: turn }));
}

/** @throws ChatError `usage` for content that readers reject */
function checked(said: Content): Content {
  if (said.kind === 'react' && !isEmoji(said.emoji)) throw new ChatError({ reason: 'reaction-emoji' });
  if (said.kind === 'text' && said.files === undefined && isBlank(said.text))
    throw new ChatError({ reason: 'message-blank' });
  if (said.kind === 'text' && said.poll !== undefined && readPoll(said.text) === undefined)
    throw refusedPoll();
  if (!v.is(content, said) || isDeviceContent(said) || said.kind === 'pack' || said.kind === 'box')
    throw new ChatError({ reason: 'content-invalid' });
  return said;
}
