import type { Content, Kept } from '@gochat/crypto/content';
import { newId } from '@gochat/crypto/new-id';
import { membersOf } from '@gochat/crypto/room';
import { comparePositions, type Position, type RoomId } from '@gochat/protocol/fields';
import type { Received } from '../room/received.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Timers } from '../schedule/timers.ts';
import { Asks } from './asks.ts';
import { type Context, isIn, turnMs } from './context.ts';
import { isOfRoom, keptValue, parseKey, slices } from './kept.ts';
import { siblingsIn } from './known-devices.ts';
import { serverOf } from './ticket.ts';

/** Changes of one moment are posted together. */
const TOGETHER_MS = 1000;
/** The shortest time between two posts in a self room, unless the environment has another one. */
const APART_MS = 10_000;
/** How long a device that asks has for saying what it knows. */
const ASKED_MS = 2000;
/** When nobody has answered after this time, nobody is there. */
const ANSWER_MS = 10_000;

/** What was said in a self room since somebody asked there for everything: each key's time. */
type Said = Map<string, string>;

/** Posts what is to be kept: what this device has set, and what another one lacks. */
export class Posting {
  readonly #context: Context;
  readonly #timers: Timers;
  readonly #nudge: () => void;
  readonly #isOverheard: (session: RoomSession) => boolean;
  /** By self room, when the next post may go, by this device's clock. */
  readonly #next = new Map<string, number>();
  readonly #asks = new Map<string, Said>();
  /** By self room, when this device asked there, by its clock. */
  readonly #asked = new Map<string, number>();
  readonly #answered = new Asks();
  #isHurried = false;

  /** @param isOverheard whether a lost device would read it */
  constructor(
    context: Context,
    parts: { timers: Timers; nudge: () => void; isOverheard: (session: RoomSession) => boolean },
  ) {
    this.#context = context;
    this.#timers = parts.timers;
    this.#nudge = parts.nudge;
    this.#isOverheard = parts.isOverheard;
  }

  /** A key has changed on this device: it is to be posted where it belongs. */
  changed(key: string): void {
    const { store } = this.#context;
    for (const { room } of this.#placesOf(key)) store.send(room.id, [key]);
  }

  /** Whether all is posted, where this device is connected. */
  get isDone(): boolean {
    return this.#context.self.every((session) => {
      if (!isIn(session) || !session.isLive || this.#isOverheard(session)) return true;
      const isKept = (this.#context.store.unsent.get(session.room.id)?.size ?? 0) === 0;
      return isKept && !this.#asksIn(session) && session.queued === 0;
    });
  }

  /** Whether another device of this person may yet say what this one has asked for in the self room of a server. */
  isAnsweredSoon(server: string): boolean {
    return this.#context.self.some((session) => {
      if (
        serverOf(session.meta) !== serverOf({ server }) ||
        !isIn(session) ||
        siblingsIn(session).length === 0
      )
        return false;
      const asked = this.#asked.get(session.room.id);
      if (asked === undefined) return session.isLive && this.#asksIn(session);
      return this.#context.parts.env.now() < asked + ANSWER_MS;
    });
  }

  /** What is to be posted is posted now, as this process may end. */
  hurry(): void {
    this.#isHurried = true;
  }

  /** Somebody has said something in a self room. What the store keeps of it must be stored together with that. */
  heard(
    session: RoomSession,
    { content, device, at }: Received,
    entries: readonly Kept[],
    isOwn: boolean,
  ): void {
    const { store, parts } = this.#context;
    const { id } = session.room;
    if (content.kind === 'keep' && content.ask && !isOwn && this.#answered.takes(id, device, at)) {
      store.owed.set(id, parts.env.now() + ASKED_MS + turnMs(session));
      store.changed();
      this.#listens(session);
    }
    const said = this.#asks.get(id);
    for (const entry of entries) said?.set(entry.key, timeOf(entry));
  }

  /** Posts what may be posted now. */
  async update(): Promise<void> {
    const { self, store } = this.#context;
    // Asked before this process began.
    for (const session of self)
      if (store.owed.has(session.room.id) && !this.#asks.has(session.room.id)) this.#listens(session);
    for (const session of self) {
      if (!isIn(session) || !session.isLive || this.#isOverheard(session)) continue;
      const asks = this.#asksIn(session);
      const keys = store.unsent.get(session.room.id) ?? new Set();
      if (!asks && keys.size === 0) continue;
      if (session.queued === 0 && this.#isTime(session.room.id)) await this.#post(session, asks);
    }
    if (this.isDone) this.#isHurried = false;
  }

  /** All keys that belong into a self room. */
  keysIn(session: RoomSession): readonly string[] {
    const { store } = this.#context;
    return [...store.map.keys()].filter((key) => this.#placesOf(key).includes(session));
  }

  /** The self rooms into which a key goes. */
  #placesOf(key: string): readonly RoomSession[] {
    const { self, store, parts } = this.#context;
    const parsed = parseKey(key);
    if (parsed === undefined) return [];
    if (parsed.kind === 'request') {
      const request = keptValue(store.map, 'request', parsed.of);
      return self.filter(({ meta }) => serverOf(meta) === request?.server);
    }
    if (!isOfRoom(parsed)) return self;
    const ticket = keptValue(store.map, 'ticket', parsed.of);
    const known = parts.rooms.meta(parsed.of as RoomId);
    const server = known === undefined ? (ticket === 'left' ? undefined : ticket?.server) : serverOf(known);
    return self.filter(({ meta }) => serverOf(meta) === server);
  }

  /** This device has just come in, or entries have expired that it never read: it says what it has, and asks for the rest. */
  #asksIn({ room }: RoomSession): boolean {
    const asked = this.#context.store.asked.get(room.id);
    return asked === undefined || comparePositions(room.expired, asked as Position) > 0;
  }

  #isTime(room: string): boolean {
    if (this.#isHurried) return true;
    const now = this.#context.parts.env.now();
    const next = this.#next.get(room);
    if (next === undefined) {
      this.#waits(room, TOGETHER_MS);
      return false;
    }
    return now >= next;
  }

  #waits(room: string, ms: number): void {
    this.#next.set(room, this.#context.parts.env.now() + ms);
    this.#timers.after(ms, this.#nudge);
  }

  async #post(session: RoomSession, asks: boolean): Promise<void> {
    const { store, parts } = this.#context;
    const { id, expired } = session.room;
    const isAlone = membersOf(session.room).length === 1;
    const unsent = store.unsent.get(id) ?? new Set();
    const keys = asks ? this.keysIn(session) : [...unsent];
    const entries = keys.flatMap((key) => store.map.get(key) ?? []);
    const contents: Content[] = slices(entries).map((set) => ({ kind: 'keep', set: [...set] }));
    const [first] = contents;
    if (asks && !isAlone && first?.kind === 'keep') contents[0] = { ...first, ask: true };
    store.unsent.delete(id);
    if (asks) store.asked.set(id, expired);
    const messages = contents.map((content) => ({ id: newId<string>(parts.env), content }));
    try {
      await session.queue(messages, [store.change()]);
    } catch (error) {
      store.send(id, unsent);
      if (asks) store.asked.delete(id);
      throw error;
    }
    if (asks) this.#asked.set(id, parts.env.now());
    if (asks) this.#timers.after(ANSWER_MS, this.#nudge);
    this.#next.delete(id);
    this.#waits(id, parts.env.postsApartMs ?? APART_MS);
  }

  /** Notes what is said in a self room until this device answers. */
  #listens(session: RoomSession): void {
    const { id } = session.room;
    const longestMs = ASKED_MS + turnMs(session);
    const waitMs = (this.#context.store.owed.get(id) ?? 0) - this.#context.parts.env.now();
    this.#asks.set(id, new Map());
    this.#timers.after(Math.min(Math.max(0, waitMs), longestMs), () => this.#answer(id));
  }

  /** Has posted what the one who asks lacks, and nobody has posted meanwhile. */
  #answer(room: RoomId): void {
    const { store, self } = this.#context;
    const said = this.#asks.get(room);
    this.#asks.delete(room);
    if (store.owed.delete(room)) store.changed();
    const session = self.find((one) => one.room.id === room);
    if (said === undefined || session === undefined) return;
    const lacking = this.keysIn(session).filter((key) => {
      const entry = store.map.get(key);
      return entry !== undefined && said.get(key) !== timeOf(entry);
    });
    if (lacking.length > 0) store.send(session.room.id, lacking);
    this.#nudge();
  }
}

function timeOf({ at }: Kept): string {
  return at.join(' ');
}
