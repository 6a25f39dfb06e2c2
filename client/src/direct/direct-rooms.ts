import { invite } from '@gochat/crypto/handshake';
import { fingerprintOf, holdsIdentity, identityKeyOf } from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import { checkSize } from '@gochat/crypto/send';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import { createOn } from '../account/creating.ts';
import { joinByLink } from '../account/joining.ts';
import { isIdOrPrefix } from '../account/pick-room.ts';
import { ownName, pickMember, type ShownMember } from '../account/room-info.ts';
import { ChatError } from '../api/chat-error.ts';
import type { DirectRequest, Params } from '../api/methods.ts';
import { Jobs } from '../devices/jobs.ts';
import { serverOf } from '../devices/ticket.ts';
import { linkAddress, parseAddress } from '../net/address.ts';
import { isBlank } from '../room/blank.ts';
import { awaitsOther, otherIn } from '../room/direct-room.ts';
import { BOX_TO_SEAL } from '../room/outgoing.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import type { RoomSession } from '../room/room-session.ts';
import { Timers } from '../schedule/timers.ts';
import type { DirectParts } from './direct-parts.ts';
import { firstWords } from './first-words.ts';
import { judged } from './judge.ts';
import type { StoredRequest } from './requests.ts';

const INVITE_LIFETIME_MS = 30 * 24 * 3600 * 1000;
const WAIT_MS = 30_000;
/** How long a text for a conversation waits to hear whether the other person is still there. */
const HEARING_MS = 5000;

/** Why a request leads nowhere any more. */
const HAS_ENDED: ReadonlySet<string> = new Set(['invite-dead', 'invite-revoked', 'room-gone']);

interface Written {
  readonly session: RoomSession;
  readonly message: string | undefined;
}

type Ask = NonNullable<NonNullable<RoomMeta['direct']>['ask']>;

/**
 * The conversations of two persons: makes them, asks the other person, and keeps what others ask. What is to be done is stored before
 * it is done, so that another process goes on.
 */
export class DirectRooms {
  readonly #parts: DirectParts;
  readonly #own: string;
  readonly #timers = new Timers();
  readonly #jobs: Jobs;
  readonly #stops: (() => void)[] = [];
  readonly #received = new WeakMap<RoomSession, number>();
  /** The rooms of people that are open, by id. */
  readonly #sessions = new Map<RoomId, RoomSession>();
  #emitted: string;
  #isOver = false;

  constructor(parts: DirectParts) {
    this.#parts = parts;
    this.#own = encodeBytes(identityKeyOf(parts.who));
    this.#jobs = new Jobs({ env: parts.env, timers: this.#timers, nudge: () => this.#nudge() });
    this.#emitted = JSON.stringify(this.list());
    this.#stops.push(
      parts.rooms.watch((session) => this.#look(session)),
      parts.rooms.watchServers((server) => this.#jobs.reached(serverOf({ server }))),
      parts.requests.watch(() => this.#nudge()),
      parts.settings.watch((what) => {
        if (what === 'preferences') this.#tell();
      }),
    );
  }

  /** Goes on with what an earlier process has begun, or was left before this code was loaded. */
  async resume(): Promise<void> {
    const { rooms } = this.#parts;
    await this.#openAll();
    this.#nudge();
    for (const { id, direct } of rooms.metas)
      if (direct?.ask !== undefined) rooms.follow(await rooms.withId(id));
  }

  /** As {@link list}, once all that was read is judged. */
  async listAll(): Promise<readonly DirectRequest[]> {
    await this.#openAll();
    await Promise.all([...this.#sessions.values()].map((session) => this.#receive(session)));
    return this.list();
  }

  /** Requests that nobody has decided, oldest first. */
  list(): readonly DirectRequest[] {
    const { rooms } = this.#parts;
    return this.#open
      .filter((one) => !this.#isCrossing(one))
      .sort((a, b) => a.at - b.at)
      .map(({ id, common, server, from, name, text, at }) => {
        const roomName = rooms.meta(common)?.name ?? '';
        return { id, room: common, roomName, server, identity: from, name, text, at };
      });
  }

  get #open(): readonly StoredRequest[] {
    const { requests, rooms, settings } = this.#parts;
    const { ignored } = settings.preferences;
    return requests.all.filter(
      ({ id, state, from }) => state === 'open' && !rooms.has(id) && !ignored.includes(from),
    );
  }

  /** Whether this person has asked whoever asks: their devices find out which of the two rooms stays. */
  #isCrossing({ from }: StoredRequest): boolean {
    return this.#between(from).some(({ room }) => awaitsOther(room));
  }

  /**
   * Asks a member of a room to write to each other, or finds the conversation that there is.
   * @param params `text`: what is said first. `token`: for a server that requires one
   * @returns the conversation, and the id of the message with the text
   * @throws ChatError `unknown-member`, `usage` `direct-self`, `message-blank`; RoomError `too-large`; as `create` does
   */
  async write(
    common: RoomSession,
    { member, text = '', token, waitMs }: Omit<Params<'dm'>, 'room'>,
  ): Promise<Written> {
    // Nobody is asked, and no room is made, for words that can't be sent.
    if (text !== '' && isBlank(text)) throw new ChatError({ reason: 'message-blank' });
    checkSize({ kind: 'text', text });
    const { member: other, info } = await this.#member(common, member, waitMs);
    if (info.self) throw new ChatError({ reason: 'direct-self' });
    await this.#openAll();
    const known = await this.#conversation(other.identity, waitMs);
    if (known !== undefined) {
      const message = await this.#say(known, text);
      if (awaitsOther(known.room)) await this.#asksAgain(known, common, { text, waitMs });
      return { session: known, message };
    }
    const session = await this.#comes(other.identity, waitMs);
    if (session === undefined)
      return this.#create(common, { with: other.identity, name: info.name, text, token }, waitMs);
    return { session, message: await this.#say(session, text) };
  }

  /**
   * Whoever writes to a person accepts what that person has asked, shown or not: with a room of their own besides, both would wait in
   * their own for the other to come.
   * @returns undefined if there is no request that still leads into a room
   */
  async #comes(identity: string, waitMs: number): Promise<RoomSession | undefined> {
    const { requests, rooms } = this.#parts;
    const asked = requests.all
      .filter(({ id, from, state }) => from === identity && state !== 'accepted' && !rooms.has(id))
      .sort((a, b) => b.at - a.at);
    for (const request of asked)
      try {
        const session = await this.#enter(request, waitMs);
        await this.#decide(request, 'accepted');
        return session;
      } catch (error) {
        if (!(error instanceof ChatError) || !HAS_ENDED.has(error.data.reason)) throw error;
      }
    return undefined;
  }

  /** The conversation with a person, unless they have left it, which this device may not have heard yet. */
  async #conversation(identity: string, waitMs: number): Promise<RoomSession | undefined> {
    const known = best(this.#between(identity));
    if (known === undefined) return undefined;
    const { rooms } = this.#parts;
    rooms.follow(known);
    await rooms.caughtUp(known, Math.min(waitMs, HEARING_MS)).catch((error: unknown) => {
      if (!(error instanceof ChatError)) throw error;
    });
    return best(this.#between(identity));
  }

  /** Somebody may have joined since this device was last here. @throws ChatError `unknown-member`, `ambiguous`, `offline` */
  async #member(common: RoomSession, wanted: string, waitMs: number): Promise<ShownMember> {
    try {
      return pickMember(common.room, wanted);
    } catch {
      await this.#parts.rooms.caughtUp(common, waitMs);
      return pickMember(common.room, wanted);
    }
  }

  /** @returns the id of the message; undefined for an empty text */
  async #say(session: RoomSession, text: string): Promise<string | undefined> {
    if (text === '') return undefined;
    const id = newId<string>(this.#parts.env);
    await session.queue([{ id, content: { kind: 'text', text } }]);
    return id;
  }

  async #create(
    common: RoomSession,
    other: {
      readonly with: string;
      readonly name: string;
      readonly text: string;
      readonly token: string | undefined;
    },
    waitMs: number,
  ): Promise<Written> {
    await this.#parts.rooms.caughtUp(common, waitMs);
    const ask = this.#newAsk(common, other.text);
    const expires = this.#expiry(common);
    const direct = {
      terms: { with: other.with, secret: decodeBytes(ask.secret), expires },
      meta: { with: other.with, expires, ask },
    };
    const { server } = common.meta;
    const wanted = { name: other.name, as: ownName(common), server, token: other.token, direct };
    const session = await createOn(this.#parts, wanted, waitMs);
    await this.#asks(session);
    return { session, message: other.text === '' ? undefined : ask.message };
  }

  #newAsk(common: RoomSession, text: string): Ask {
    const { env } = this.#parts;
    const [box, message] = [newId<string>(env), newId<string>(env)];
    return { common: common.room.id, secret: encodeBytes(env.random(16)), box, message, text };
  }

  /** Until when an invite can be used that is made now. */
  #expiry({ connection }: RoomSession): number {
    const most = connection?.inviteLifetimeMs ?? INVITE_LIFETIME_MS;
    return Math.floor(this.#parts.env.now() + Math.min(INVITE_LIFETIME_MS, most));
  }

  /** Once the invite has ended, another one is made, and boxed. */
  async #asksAgain(
    session: RoomSession,
    common: RoomSession,
    { text, waitMs }: { readonly text: string; readonly waitMs: number },
  ): Promise<void> {
    const { env, rooms } = this.#parts;
    const { direct } = session.meta;
    const other = otherIn(session.room, this.#own);
    if (other === undefined || direct?.ask !== undefined) return;
    if (direct !== undefined && env.now() < direct.expires) return;
    await rooms.caughtUp(session, waitMs);
    // The text waits in the room already.
    const ask = { ...this.#newAsk(common, ''), words: firstWords(text) };
    const expires = this.#expiry(session);
    const secret = decodeBytes(ask.secret);
    await session.change((now) => invite(now, secret, { expires, uses: 1 }, env, { only: other }), waitMs);
    await session.arrives({ direct: { with: other, expires, ask } });
    await this.#asks(session);
  }

  /** Queues the first words and the box. A repeated call queues neither twice. */
  async #asks(session: RoomSession): Promise<void> {
    const { rooms } = this.#parts;
    const { direct } = session.meta;
    // Until the server has the room, it isn't sure to get it.
    if (direct?.ask === undefined || session.room.status !== 'active') return;
    const { ask, ...rest } = direct;
    const { common: id, secret, box, message, text, words = firstWords(text) } = ask;
    if (text !== '' && !session.isKnown(message) && !(await session.isPosted(message)))
      await session.queue([{ id: message, content: { kind: 'text', text } }]);
    const common = rooms.has(id) ? await rooms.withId(id) : undefined;
    if (common !== undefined && common.ended?.code !== 'not-member') {
      const boxing = { to: direct.with, room: session.room.id, secret, text: words };
      await common.queue([{ id: box, content: BOX_TO_SEAL, boxing }]);
      rooms.follow(common);
    }
    await session.arrives({ direct: rest });
  }

  /** Joins the room of a request. @param id of the request, or its beginning. @throws ChatError `unknown-entry`, `device-limited`; as a join does */
  async accept(id: string, waitMs: number): Promise<RoomSession> {
    const request = this.#pick(id);
    const session = await this.#enter(request, waitMs);
    await this.#decide(request, 'accepted');
    return session;
  }

  /** Nothing is sent: who asks doesn't learn of it. @throws ChatError `unknown-entry` */
  async ignore(id: string): Promise<void> {
    await this.#decide(this.#pick(id), 'ignored');
  }

  #pick(id: string): StoredRequest {
    const open = this.#parts.requests.all.filter(({ state }) => state === 'open');
    const fitting = open.filter((one) => isIdOrPrefix(one.id, id));
    const [one] = fitting;
    if (one === undefined || fitting.length > 1) throw new ChatError({ reason: 'request-unknown', id });
    return one;
  }

  async #decide(request: StoredRequest, state: 'accepted' | 'ignored'): Promise<void> {
    const { requests, env } = this.#parts;
    await requests.take([{ ...request, state }], env.now());
  }

  /** Nothing was sent to the server about this room before. */
  async #enter(request: StoredRequest, waitMs: number): Promise<RoomSession> {
    const { id, common, from, secret, name } = request;
    const { rooms, who, joinsOf, settings } = this.#parts;
    if (rooms.meta(id)?.left === false) return rooms.withId(id);
    if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
    // As the common room is reached: over the same connection.
    const server = rooms.meta(common)?.server ?? parseAddress(request.server).href;
    const as = rooms.has(common) ? ownName(await rooms.withId(common)) : settings.preferences.name;
    if (as === undefined) throw new ChatError({ reason: 'name-missing' });
    const link = formatLink({
      address: linkAddress(server),
      room: id,
      secret: decodeBytes(secret),
      founder: fingerprintOf(decodeBytes(from)),
    });
    const how = { ...this.#parts, as, name, server, direct: true } as const;
    const { session } = await joinsOf(id).take(() => joinByLink(how, link, waitMs));
    return session;
  }

  /** A room has changed. */
  #look(session: RoomSession): void {
    const { meta, room, receivedRevision } = session;
    if (this.#isOver || meta.kind !== undefined) return;
    this.#sessions.set(room.id, session);
    if (this.#received.get(session) !== receivedRevision)
      this.#jobs.start(`boxes ${room.id}`, serverOf(meta), async () => {
        await this.#receive(session);
        this.#received.set(session, receivedRevision);
      });
    if (meta.direct?.ask !== undefined && room.status === 'active')
      this.#jobs.start(`ask ${room.id}`, serverOf(meta), () => this.#asks(session));
    const other = otherIn(room, this.#own);
    if (other !== undefined) this.#meets(other);
  }

  #nudge(): void {
    if (this.#isOver) return;
    for (const session of this.#sessions.values()) this.#look(session);
    this.#tell();
  }

  #tell(): void {
    const requests = this.list();
    const text = JSON.stringify(requests);
    if (text !== this.#emitted) this.#parts.emit({ kind: 'requests', requests });
    this.#emitted = text;
  }

  async #openAll(): Promise<void> {
    for (const session of await this.#parts.rooms.all())
      if (session.meta.kind === undefined) this.#sessions.set(session.room.id, session);
  }

  /** Judges the boxes that were opened in a room. */
  async #receive(session: RoomSession): Promise<void> {
    const { records, requests, env, rooms, settings } = this.#parts;
    const rows = await records.list('received', session.room.id);
    if (rows.length === 0) return;
    await this.#openAll();
    const { taken, done } = judged(rows, session, {
      preferences: settings.preferences,
      known: requests.all,
      has: (id) => rooms.has(id),
      isAsked: (identity) => this.#between(identity).some(({ room }) => awaitsOther(room)),
    });
    await requests.take(taken, env.now(), done);
  }

  /** The conversations with a person that neither of the two has left. */
  #between(identity: string): readonly RoomSession[] {
    return [...this.#sessions.values()].filter(
      ({ room, meta }) =>
        otherIn(room, this.#own) === identity &&
        !meta.left &&
        room.status !== 'removed' &&
        !meta.leaving.includes(identity),
    );
  }

  /** If both have asked each other, one of the two rooms stays. */
  #meets(identity: string): void {
    const between = this.#between(identity);
    const stays = best(between);
    if (stays === undefined) return;
    if (awaitsOther(stays.room)) {
      const asked = this.#open.find(({ from }) => from === identity);
      if (asked === undefined || !holdsIdentity(this.#parts.who)) return;
      this.#jobs.start(`accept ${asked.id}`, asked.server, async () => {
        // Who has the room with the higher id comes into the other one, while it can be entered.
        const { expires = Number.POSITIVE_INFINITY } = stays.meta.direct ?? {};
        if (asked.id < stays.room.id || expires < this.#parts.env.now()) await this.accept(asked.id, WAIT_MS);
        else await this.#decide(asked, 'accepted');
      });
    } else if (stays.room.status === 'active') {
      for (const other of between)
        if (other !== stays)
          this.#jobs.start(`merge ${other.room.id}`, serverOf(other.meta), () => this.#merge(other, stays));
    }
  }

  /** What waits in one room is said in another one, and the former is left. */
  async #merge(from: RoomSession, to: RoomSession): Promise<void> {
    const { rooms, settings } = this.#parts;
    const texts = from.waiting.filter(
      ({ state, content }) => state === 'waiting' && content.kind === 'text' && content.files === undefined,
    );
    await to.queue(texts.map(({ id, content }) => ({ id, content })));
    for (const { id } of texts) await from.cancel(id);
    const isEmpty = from.queued === 0 && awaitsOther(from.room);
    await from.leave();
    rooms.server(from.meta).drop(from);
    if (isEmpty) await settings.note(from.room.id, { hidden: true });
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#timers.clear();
    await this.#jobs.idle();
  }
}

/** Of several conversations, the one that stays: one in which both are, or else the one with the lowest id. */
function best(sessions: readonly RoomSession[]): RoomSession | undefined {
  const order = (a: RoomSession, b: RoomSession) =>
    Number(awaitsOther(a.room)) - Number(awaitsOther(b.room)) || (a.room.id < b.room.id ? -1 : 1);
  return [...sessions].sort(order)[0];
}
