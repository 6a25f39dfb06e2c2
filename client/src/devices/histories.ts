import type { Content } from '@gochat/crypto/content';
import { newId } from '@gochat/crypto/new-id';
import { membersOf, type Room } from '@gochat/crypto/room';
import { mergePack } from '../history/merge-pack.ts';
import { fetchPack, postPack } from '../history/pack-posts.ts';
import { readPacks } from '../history/read-packs.ts';
import type { Received } from '../room/received.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Timers } from '../schedule/timers.ts';
import { type Context, isIn } from './context.ts';
import { siblingsIn } from './known-devices.ts';
import { serverOf } from './ticket.ts';

/** How much of the history of each room a new device is given first. */
const FIRST_MS = 30 * 24 * 3600 * 1000;
/** The most of one room, in packs of 4 MiB, the newest: of those days, and of what is older. */
const MOST_PACKS = 4;
const MOST_OLDER_PACKS = 1;
/** In the store, after the id of a room whose last days are given. */
const OLDER = ' older';

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
    const { self, rooms, store, jobs } = this.#context;
    for (const [device, left] of store.gifts) {
      if (left.size === 0) this.#ends(device, undefined);
      for (const what of left) {
        const session = rooms.find(({ room }) => room.id === what.replace(OLDER, ''));
        if (session === undefined || session.meta.left) this.#ends(device, what);
        const place = session && self.find(({ meta }) => serverOf(meta) === serverOf(session.meta));
        if (session === undefined || place === undefined || !isReader(place, device)) continue;
        // A self room has no place that only some of its devices read.
        if (siblingsIn(place).some(({ limited }) => limited)) this.#ends(device, what);
        if (!left.has(what) || this.#isOverheard(place)) continue;
        // One at a time: what people write goes before it.
        if (jobs.start(`give ${device}`, () => this.#give({ device, what, session, place }))) break;
      }
    }
    for (const gift of this.#gifts) {
      const session = rooms.find(({ room }) => room.id === gift.content.of);
      if (session === undefined || !isIn(session) || !session.isLive || !gift.session.isLive) continue;
      jobs.start(`take ${gift.session.room.id} ${gift.received.seq}`, () => this.#take(gift, session));
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
    const range = isOlder ? { until: now - FIRST_MS } : { since: now - FIRST_MS };
    let packs = 0;
    for await (const { pack } of readPacks(records, room, range, { forNewcomers: false, now })) {
      const posted = await postPack({ session: place, env, timers: this.#timers }, pack);
      const content = { kind: 'history', to: device, of: room.id, ...posted } as const;
      await place.queue([{ id: newId(env), content: { ...content, parts: [...posted.parts] } }]);
      packs += 1;
      if (packs === (isOlder ? MOST_OLDER_PACKS : MOST_PACKS)) break;
    }
    // The last days of the other rooms come before.
    if (!isOlder) this.#context.store.gifts.get(device)?.add(room.id + OLDER);
    this.#ends(device, what);
  }

  async #take({ session, received, content }: Gift, into: RoomSession): Promise<void> {
    const { records, env } = this.#context.parts;
    const bytes = await fetchPack({ session, env }, content);
    // Without it, nothing is lost but lines of before.
    if (bytes !== undefined) await mergePack(records, into, bytes, { now: env.now() });
    const place = { of: 'received', room: session.room.id, at: Number(received.seq) } as const;
    await records.write([{ place, value: undefined }]);
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
