import type { Content } from '@gochat/crypto/content';
import { newId } from '@gochat/crypto/new-id';
import { membersOf, type Room } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { mergePack } from '../history/merge-pack.ts';
import { fetchPack, postPack } from '../history/pack-posts.ts';
import { readPacks } from '../history/read-packs.ts';
import type { Received } from '../room/received.ts';
import type { RoomSession } from '../room/room-session.ts';
import { decodeItem, identitiesIn } from '../room/stored-history.ts';
import type { Timers } from '../schedule/timers.ts';
import { type Context, isIn, turnMs } from './context.ts';
import { keptValue } from './kept.ts';
import { siblingsIn } from './known-devices.ts';
import { serverOf } from './ticket.ts';

/** How much of the history of each room a new device is given first. */
const FIRST_MS = 30 * 24 * 3600 * 1000;
/** The most of one room, in packs of 4 MiB, the newest: of those days, and of what is older. */
const MOST_PACKS = 4;
const MOST_OLDER_PACKS = 1;
/** In the store, after the id of a room whose last days are given, and of one of which a device has asked for what is before a position. */
const OLDER = ' older';
const BEFORE = ' before ';
/** How many lines are read at a time to find the first message. */
const PAGE = 64;

type HistoryContent = Extract<Content, { kind: 'history' }>;

/** A pack that another device has posted for this one. */
interface Gift {
  readonly session: RoomSession;
  readonly received: Received;
  readonly content: HistoryContent;
}

/**
 * Gives a device that this one has linked the history of the last 30 days of all rooms, and after that what is older, whatever the rooms
 * show newcomers: a self room carries it, so that only this person's devices can read it. Where a limited device is among them, nothing is given. Both sides go on after a crash; a message that comes twice is one line.
 */
export class Histories {
  readonly #context: Context;
  readonly #timers: Timers;
  readonly #isOverheard: (session: RoomSession) => boolean;
  /** By self room and position: what waits to be read. */
  #gifts: readonly Gift[] = [];
  /** How many packs this device has taken, by room. */
  readonly #taken = new Map<string, number>();
  /** What others have asked for and this device doesn't have. */
  readonly #lacking = new Set<string>();

  /** @param isOverheard whether a lost device would read what is posted in a self room */
  constructor(context: Context, timers: Timers, isOverheard: (session: RoomSession) => boolean) {
    this.#context = context;
    this.#timers = timers;
    this.#isOverheard = isOverheard;
  }

  /** A device that has just been linked is to be given the history of the rooms that this one is in. */
  give(device: string): void {
    const { rooms, store } = this.#context;
    store.gifts.set(device, new Set(rooms.filter(isIn).map(({ room }) => room.id)));
    store.changed();
  }

  /**
   * Asks the other devices for what was said in a room before the first message that this one has. The order is lasting once the store is saved.
   * @returns how many can answer: none where there is no other one, or a limited one would read along
   */
  async ask(session: RoomSession): Promise<number> {
    const before = (await this.#first(session)) ?? (String(Number(session.room.position) + 1) as Position);
    const devices = this.#answerers(session);
    if (devices > 0) this.#context.set('older', session.room.id, { to: this.#own, before });
    return devices;
  }

  /** @returns how many packs of a room this device has taken since it was opened */
  taken(room: string): number {
    return this.#taken.get(room) ?? 0;
  }

  /** @param gifts all that wait in the records of a self room */
  found(session: RoomSession, gifts: readonly Gift[]): void {
    this.#gifts = [...this.#gifts.filter((gift) => gift.session !== session), ...gifts];
  }

  /** Whether each device that is here has what it is to be given. */
  get isDone(): boolean {
    const { self, store } = this.#context;
    return [...store.gifts].every(
      ([device, left]) => left.size === 0 || !self.some((place) => isReader(place, device)),
    );
  }

  /** Begins what can be done now. */
  update(): void {
    const { rooms, store, jobs } = this.#context;
    for (const session of rooms) this.#answers(session);
    for (const [device, left] of store.gifts) {
      if (left.size === 0) this.#ends(device, undefined);
      for (const what of left) {
        const session = rooms.find(({ room }) => room.id === what.split(' ')[0]);
        if (session === undefined || session.meta.left) this.#ends(device, what);
        const place = session && this.#place(session);
        if (session === undefined || place === undefined || !isReader(place, device)) continue;
        // A self room has no place that only some of its devices read.
        if (siblingsIn(place).some(({ limited }) => limited)) this.#ends(device, what);
        if (!left.has(what) || this.#isOverheard(place)) continue;
        // One at a time: what people write goes before it.
        if (
          jobs.start(`give ${device}`, serverOf(place.meta), () =>
            this.#give({ device, what, session, place }),
          )
        )
          break;
      }
    }
    for (const gift of this.#gifts) {
      const session = rooms.find(({ room }) => room.id === gift.content.of);
      if (session === undefined || !isIn(session) || !session.isLive || !gift.session.isLive) continue;
      const name = `take ${gift.session.room.id} ${gift.received.seq}`;
      jobs.start(name, serverOf(session.meta), () => this.#take(gift, session));
    }
  }

  /** Gives what another device has asked for, unless one that comes before this one has: whoever gives it takes the order back. */
  #answers(session: RoomSession): void {
    const { store, jobs } = this.#context;
    const { id } = session.room;
    const order = keptValue(store.map, 'older', id);
    const place = this.#place(session);
    const isDue =
      order != null &&
      order.to !== this.#own &&
      isIn(session) &&
      place !== undefined &&
      isReader(place, order.to);
    const name = `older ${id} ${order?.to} ${order?.before}`;
    if (!jobs.isTime(name, isDue && !this.#lacking.has(name), place === undefined ? 0 : turnMs(place)))
      return;
    if (order == null) return;
    jobs.start(name, serverOf(session.meta), async () => {
      const first = await this.#first(session);
      if (first === undefined || comparePositions(first, order.before) >= 0) {
        this.#lacking.add(name);
        return;
      }
      store.gifts.set(order.to, (store.gifts.get(order.to) ?? new Set()).add(id + BEFORE + order.before));
      store.changed();
      this.#context.set('older', id, null);
    });
  }

  #place({ meta }: RoomSession): RoomSession | undefined {
    return this.#context.self.find((one) => serverOf(one.meta) === serverOf(meta));
  }

  get #own(): string {
    return encodeBytes(this.#context.parts.who.device.publicKey);
  }

  #answerers(session: RoomSession): number {
    const place = this.#place(session);
    const siblings = place === undefined ? [] : siblingsIn(place);
    return siblings.some(({ limited }) => limited) ? 0 : siblings.length;
  }

  /** The position of the first message that this device has of a room. */
  async #first({ room }: RoomSession): Promise<Position | undefined> {
    const { records } = this.#context.parts;
    const identityOf = identitiesIn(room);
    for (let after: Position | undefined; ; ) {
      const rows = await records.list('history', room.id, {
        limit: PAGE,
        ...(after !== undefined && { after: Number(after) }),
      });
      for (const row of rows) {
        const item = decodeItem(row, identityOf);
        if (item.kind === 'text') return item.seq;
        after = item.seq;
      }
      if (rows.length < PAGE) return undefined;
    }
  }

  async #give(to: {
    readonly device: string;
    readonly what: string;
    readonly session: RoomSession;
    readonly place: RoomSession;
  }): Promise<void> {
    const { device, what, session, place } = to;
    const { records, env } = this.#context.parts;
    const { room } = session;
    const now = env.now();
    const isOlder = what.endsWith(OLDER);
    const [, before] = what.split(BEFORE);
    const range =
      before === undefined
        ? isOlder
          ? { until: now - FIRST_MS }
          : { since: now - FIRST_MS }
        : { to: String(Number(before) - 1) as Position };
    let packs = 0;
    for await (const { pack } of readPacks(records, room, range, { forNewcomers: false, now })) {
      const posted = await postPack({ session: place, env, timers: this.#timers }, pack);
      const content = { kind: 'history', to: device, of: room.id, ...posted } as const;
      await place.queue([{ id: newId(env), content: { ...content, parts: [...posted.parts] } }]);
      packs += 1;
      if (packs === (isOlder ? MOST_OLDER_PACKS : MOST_PACKS)) break;
    }
    // The last days of the other rooms come before.
    if (!isOlder && before === undefined) this.#context.store.gifts.get(device)?.add(room.id + OLDER);
    this.#ends(device, what);
  }

  async #take({ session, received, content }: Gift, into: RoomSession): Promise<void> {
    const { records, env } = this.#context.parts;
    const bytes = await fetchPack({ session, env }, content);
    // Without it, nothing is lost but lines of before.
    if (bytes !== undefined) await mergePack(records, into, bytes, { now: env.now() });
    const place = { of: 'received', room: session.room.id, at: Number(received.seq) } as const;
    await records.write([{ place, value: undefined }]);
    if (bytes !== undefined) this.#taken.set(content.of, this.taken(content.of) + 1);
    this.#gifts = this.#gifts.filter((gift) => gift.received !== received);
  }

  #ends(device: string, what: string | undefined): void {
    const { store } = this.#context;
    const left = store.gifts.get(device);
    if (what !== undefined) left?.delete(what);
    if (left === undefined || left.size === 0) store.gifts.delete(device);
    store.changed();
  }
}

/** Whether a device is in a self room that this one can post in now. */
function isReader({ room, isLive, meta }: RoomSession, device: string): boolean {
  const isHere = (of: Room) => membersOf(of).some((m) => m.own && !m.self && m.device === device);
  return isLive && !meta.left && room.status === 'active' && isHere(room);
}
