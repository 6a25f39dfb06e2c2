import { identityKeyOf } from '@gochat/crypto/identity';
import { KNOCK_WORDS_BYTES, proveKnock, sealKnock } from '@gochat/crypto/knock';
import { formatLink, type InviteLink, parseLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import { type Env, equalBytes } from '@gochat/crypto/primitives';
import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { OwnKnock } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import { parseAddress } from '../net/address.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError } from '../net/connection-errors.ts';
import type { Mutex } from '../schedule/mutex.ts';
import { Timers } from '../schedule/timers.ts';
import { toJson } from '../store/records.ts';
import { type Joined, joinByLink } from './joining.ts';
import { isIdOrPrefix } from './pick-room.ts';
import { ApprovalNeeded, doorIn, invitation } from './redeem.ts';
import type { Rooms, RoomsParts } from './rooms.ts';

/** How often who waits asks whether it was let in. */
const POLL_MS = 30_000;
const WAIT_MS = 30_000;

/** Why an invite that was granted lets this person in no more. */
const HOPELESS: ReadonlySet<string> = new Set(['banned', 'invite-dead', 'invite-revoked', 'still-member']);

/** This person asks to be let into a room. Bytes are base64url. */
export interface StoredOwnKnock {
  readonly room: RoomId;
  /** The room's name, as members show it to strangers. */
  readonly name: string;
  readonly server: string;
  /** The link that needs approval. */
  readonly link: string;
  readonly as: string;
  readonly words: string;
  /** Who knocks: the identity key. */
  readonly identity: string;
  /** The secret of the invite that this knock wishes for. */
  readonly secret: string;
  /** The key to which the knock is sealed. */
  readonly key: string;
  /** The request: the same one is repeated until the server has taken it. */
  readonly request: RequestId;
  readonly body: string;
  /** By this device's clock, in milliseconds since 1970. */
  readonly at: number;
  readonly state: OwnKnock['state'];
}

export interface KnockingEnv extends Env {
  /** How often it is asked whether this person was let in, in milliseconds; 30 s when absent. */
  readonly asksApartMs?: number;
}

export interface KnockingParts extends RoomsParts {
  readonly env: KnockingEnv;
  readonly rooms: Rooms;
  readonly joinsOf: (room: RoomId) => Mutex;
}

export interface Wanted {
  readonly link: string;
  readonly as: string;
  readonly words: string;
}

/**
 * The knocks of this person: by invites that need approval. Each is stored before it is sent, and asked about until it is decided, also by a
 * later process; then the room is joined.
 */
export class Knocking {
  readonly #parts: KnockingParts;
  readonly #all: Map<RoomId, StoredOwnKnock>;
  readonly #timers = new Timers();
  #polling: Promise<void> | undefined;
  #isOver = false;

  constructor(parts: KnockingParts, all: readonly StoredOwnKnock[]) {
    this.#parts = parts;
    // Of a former identity nobody would let in.
    const own = encodeBytes(identityKeyOf(parts.who));
    const present = all.filter(({ identity }) => identity === own);
    this.#all = new Map(present.map((one) => [one.room, one]));
  }

  /** Goes on with what an earlier process has begun. */
  resume(): void {
    this.#poll();
  }

  /** What is under way is durable when it resolves. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#timers.clear();
    await this.#polling;
  }

  list(): readonly OwnKnock[] {
    return [...this.#all.values()]
      .sort((a, b) => a.at - b.at)
      .map(({ room, name, server, as, at, state }) => ({ room, name, server, as, at, state }));
  }

  /** The members don't learn of it: they may let in somebody who doesn't come. @throws ChatError `unknown-entry` */
  async cancel(wanted: string): Promise<void> {
    const fitting = [...this.#all.keys()].filter((room) => isIdOrPrefix(room, wanted));
    const named = [...this.#all.values()].filter(({ name }) => name === wanted).map(({ room }) => room);
    const [room, more] = fitting.length > 0 ? fitting : named;
    if (room === undefined || more !== undefined)
      throw new ChatError({ reason: 'knock-unknown', id: wanted });
    await this.#forget(room);
  }

  /**
   * Joins by a link. If that needs approval, it is asked for; called again, it joins as soon as it was approved.
   * @throws ChatError `offline` `knock-waiting`; `refused` `knock-declined`, `knocks-full`; as {@link joinByLink} does
   */
  async join(wanted: Wanted, waitMs: number): Promise<Joined> {
    const link = parseLink(wanted.link);
    const end = Date.now() + waitMs;
    const mine = this.#all.get(link.room);
    if (mine !== undefined && isSame(mine, link) && !(await this.#isIn(link.room))) {
      const joined = await this.#look(mine, waitMs);
      if (joined !== undefined) return joined;
      const state = this.#all.get(link.room)?.state;
      if (state === 'declined') throw new ChatError({ reason: 'knock-declined', room: mine.name });
      if (state !== 'ended') throw new ChatError({ reason: 'knock-waiting', room: mine.name });
      await this.#forget(link.room);
    }
    try {
      const joined = await joinByLink({ ...this.#parts, as: wanted.as }, wanted.link, end - Date.now());
      await this.#forget(link.room);
      return joined;
    } catch (error) {
      if (!(error instanceof ApprovalNeeded)) throw error;
      return this.#knock(wanted, error, Math.max(1000, end - Date.now()));
    }
  }

  /** Whether this profile is in a room, so that nobody has to let it in. */
  async #isIn(room: RoomId): Promise<boolean> {
    const { rooms } = this.#parts;
    if (!rooms.has(room)) return false;
    const session = await rooms.withId(room);
    return !session.meta.left && session.ended === undefined && session.unfinishedJoin === undefined;
  }

  /** @throws ChatError `knock-waiting` if it is on its way */
  async #knock({ link: text, as, words }: Wanted, { door }: ApprovalNeeded, waitMs: number): Promise<never> {
    const { env, who } = this.#parts;
    // The members will show another key soon.
    if (door.key === undefined) throw new ChatError({ reason: 'join-crowded' });
    if (new TextEncoder().encode(words).length > KNOCK_WORDS_BYTES)
      throw new ChatError({ reason: 'knock-words', most: KNOCK_WORDS_BYTES });
    const link = parseLink(text);
    const one: Omit<StoredOwnKnock, 'key' | 'body' | 'request' | 'state'> = {
      room: link.room,
      name: door.name,
      server: parseAddress(link.address).href,
      link: formatLink(link),
      as,
      words,
      identity: encodeBytes(identityKeyOf(who)),
      secret: encodeBytes(env.random(16)),
      at: env.now(),
    };
    const sealed = await this.#sealed(one, door.key);
    await this.#put(sealed);
    try {
      await this.#send(sealed, await this.#online(sealed, waitMs));
    } catch (error) {
      // Anything else is tried again.
      const { data } = toChatError(error);
      if (data.reason === 'knocks-full') {
        await this.#forget(link.room);
        throw error;
      }
    }
    this.#pollSoon();
    const ended = this.#all.get(link.room)?.state === 'ended';
    if (ended) await this.#forget(link.room);
    throw new ChatError(ended ? { reason: 'invite-dead' } : { reason: 'knock-waiting', room: door.name });
  }

  /** A new request, with the same wish. */
  async #sealed(
    one: Omit<StoredOwnKnock, 'key' | 'body' | 'request' | 'state'>,
    key: Uint8Array,
  ): Promise<StoredOwnKnock> {
    const { env, who } = this.#parts;
    const says = { name: one.as, words: one.words, secret: decodeBytes(one.secret) };
    const body = encodeBytes(await sealKnock(who, parseLink(one.link), key, says));
    return { ...one, key: encodeBytes(key), body, request: newId<RequestId>(env), state: 'sending' };
  }

  #online({ server, room }: StoredOwnKnock, waitMs: number): Promise<Connection> {
    return this.#parts.rooms.server({ server, id: room }).online(waitMs);
  }

  /** Brings a knock to the room: once, however often it is called. @throws ChatError `knocks-full` */
  async #send(one: StoredOwnKnock, connection: Connection): Promise<void> {
    const { env } = this.#parts;
    const how = { at: connection.dialled, id: one.request, env };
    try {
      await connection.request(proveKnock(parseLink(one.link), decodeBytes(one.body), how));
      await this.#put({ ...one, state: 'waiting' });
    } catch (error) {
      const code = error instanceof RequestError ? error.code : undefined;
      if (code === 'full') throw new ChatError({ reason: 'knocks-full' }, { cause: error });
      if (code !== 'invite' && code !== 'no-room') throw error;
      await this.#put({ ...one, state: 'ended' });
    }
  }

  /** Finds out what was decided. @returns the room once it is joined. @throws ChatError if that can't be found out at present */
  async #look(one: StoredOwnKnock, waitMs: number): Promise<Joined | undefined> {
    const { rooms } = this.#parts;
    const { room, secret, state } = one;
    const isJoining = rooms.has(room) && (await rooms.withId(room)).unfinishedJoin !== undefined;
    // The invite may be used up by this very join.
    if (isJoining) return this.#enter(one, waitMs);
    if (state === 'declined' || state === 'ended') return undefined;
    const connection = await this.#online(one, waitMs);
    if (state === 'sending') await this.#send(one, connection);
    const link = parseLink(one.link);
    const wish = { room, secret: decodeBytes(secret) };
    const granted = await this.#ask(connection, wish);
    if (granted !== undefined && (await doorIn(wish, granted)) === undefined) return this.#enter(one, waitMs);
    if (granted !== undefined) {
      await this.#put({ ...one, state: 'declined' });
      return undefined;
    }
    const asked = await this.#ask(connection, link);
    if (asked === undefined) {
      await this.#put({ ...one, state: 'ended' });
      return undefined;
    }
    // Who has the present key could not open what is sealed to another one.
    const key = (await doorIn(link, asked))?.key;
    if (key === undefined || equalBytes(key, decodeBytes(one.key))) return undefined;
    const again = await this.#sealed(one, key);
    await this.#put(again);
    await this.#send(again, connection);
    return undefined;
  }

  /** @returns undefined if the server has no such invite */
  async #ask(
    connection: Connection,
    link: Pick<InviteLink, 'room' | 'secret'>,
  ): Promise<DownOf<'groupinfo'> | undefined> {
    try {
      return await invitation(connection, link, { env: this.#parts.env, end: Date.now() });
    } catch (error) {
      const { data } = toChatError(error);
      if (data.reason === 'invite-dead' || data.reason === 'room-gone') return undefined;
      throw error;
    }
  }

  /** Joins by the invite that was granted. */
  async #enter(one: StoredOwnKnock, waitMs: number): Promise<Joined | undefined> {
    const link = formatLink({ ...parseLink(one.link), secret: decodeBytes(one.secret) });
    try {
      const joined = await joinByLink({ ...this.#parts, as: one.as }, link, waitMs);
      await this.#forget(one.room);
      return joined;
    } catch (error) {
      if (!HOPELESS.has(toChatError(error).data.reason)) throw error;
      await this.#put({ ...one, state: 'ended' });
      return undefined;
    }
  }

  async #put(one: StoredOwnKnock): Promise<void> {
    const { state } = this.#all.get(one.room) ?? {};
    this.#all.set(one.room, one);
    await this.#store();
    if (state !== one.state) this.#tell();
  }

  async #forget(room: RoomId): Promise<void> {
    if (!this.#all.delete(room)) return;
    await this.#store();
    this.#tell();
  }

  #store(): Promise<void> {
    const all = [...this.#all.values()];
    const value = all.length === 0 ? undefined : toJson(all);
    return this.#parts.records.write([{ place: { of: 'knocks' }, value }]);
  }

  #tell(): void {
    this.#parts.emit({ kind: 'knocking', knocking: this.list() });
  }

  #pollSoon(): void {
    this.#timers.clear();
    const isWaiting = [...this.#all.values()].some(({ state }) => state === 'sending' || state === 'waiting');
    if (this.#isOver || (!isWaiting && this.#polling === undefined)) return;
    const jitter = (this.#parts.env.random(1)[0] ?? 0) / 256;
    const { asksApartMs = POLL_MS } = this.#parts.env;
    this.#timers.after(asksApartMs * (0.75 + jitter / 2), () => this.#poll());
  }

  #poll(): void {
    this.#polling ??= this.#pollAll().finally(() => {
      this.#polling = undefined;
      this.#pollSoon();
    });
  }

  async #pollAll(): Promise<void> {
    for (const { room } of [...this.#all.values()]) {
      if (this.#isOver) return;
      // What fails is tried again.
      await this.#parts
        .joinsOf(room)
        .take(async () => {
          const one = this.#all.get(room);
          if (one === undefined || this.#isOver) return;
          if (await this.#isIn(room)) await this.#forget(room);
          else await this.#look(one, WAIT_MS);
        })
        .catch(() => undefined);
    }
  }
}

function isSame({ link }: StoredOwnKnock, { secret }: InviteLink): boolean {
  return equalBytes(parseLink(link).secret, secret);
}
