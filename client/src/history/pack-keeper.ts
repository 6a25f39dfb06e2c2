import { refresh } from '@gochat/crypto/handshake';
import { newId } from '@gochat/crypto/new-id';
import { PackWriter } from '@gochat/crypto/pack';
import { changesSince, historyOf } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { invitesOf, memberAt, ownLeaf, type Room } from '@gochat/crypto/room';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import type { HistoryItem } from '../room/history.ts';
import { HistoryReader } from '../room/history-reader.ts';
import type { RoomSession } from '../room/room-session.ts';
import { Timers } from '../schedule/timers.ts';
import type { Records } from '../store/records.ts';
import { isDue, mustKeep } from './pack-duty.ts';
import { liveConnection, postPack } from './pack-posts.ts';
import { type PackedHistory, readPacks } from './read-packs.ts';
import { readShared } from './read-shared.ts';

const SECOND_MS = 1000;
const DAY_MS = 24 * 3600 * SECOND_MS;
/** The author of the last message packs after a pause, and at the latest after so many messages. */
const AUTHOR_MS = 20 * SECOND_MS;
const UNPACKED = 64;
/** Whoever makes an invite, or has deleted a packed message, packs soon. */
const SOON_MS = SECOND_MS;
/** Others pack if nobody has until then. */
const OTHERS_FROM_MS = 60 * SECOND_MS;
const OTHERS_TO_MS = 120 * SECOND_MS;
/** How much longer those wait who know less. */
const LAST = 5;
/** The wait after a failure, which grows with each. */
const RETRY_MS = 5 * SECOND_MS;
const LONGEST_RETRY_MS = 30 * 60 * SECOND_MS;
/** How many packs are kept until all of them are made into one. */
const MERGED_AT = 31;

interface Range {
  readonly from: Position;
  readonly to: Position;
}

/** A message that may have to be packed. */
interface Newest {
  readonly seq: Position;
  /** Whether this profile's person has written it. */
  readonly own: boolean;
}

/** Why a pack is made, and how long that may wait. */
interface Duty {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Keeps packs of a room's history ready for newcomers, while the room shows them any and somebody may join; and reads those that were ready when this device has
 * joined.
 */
export class PackKeeper {
  readonly #session: RoomSession;
  readonly #records: Records;
  readonly #env: Env;
  readonly #timers = new Timers();
  #newest: Newest | undefined;
  #isLoaded = false;
  /** How many messages came since the last pack. */
  #unpacked = 0;
  /** The last message that was packed, or could not be. */
  #tried = 0;
  /** Holes in which this device has nothing to pack, by where they begin. */
  readonly #emptyHoles = new Set<number>();
  /** The pack that this device has announced, until the GroupInfo has it or another pack has replaced it. */
  #announced: (Range & { readonly key: string }) | undefined;
  #duty: { readonly key: string; readonly at: number } | undefined;
  #running: Promise<void> | undefined;
  #rests = false;
  #failures = 0;
  #closed = false;

  constructor(session: RoomSession, records: Records, env: Env) {
    this.#session = session;
    this.#records = records;
    this.#env = env;
  }

  /** New and changed lines of the history. */
  items(items: readonly HistoryItem[]): void {
    for (const item of items) {
      const isNew = Number(item.seq) > Number(this.#newest?.seq ?? 0);
      if (item.kind !== 'text' || item.shared !== undefined || !isNew) continue;
      this.#newest = { seq: item.seq, own: item.own };
      this.#unpacked += 1;
    }
  }

  /** Call it whenever the session has changed. It does nothing while it runs or when there is nothing to do. */
  nudge(): void {
    if (this.#running !== undefined || this.#closed || this.#rests || !this.#session.isLive) return;
    const job = this.#job();
    if (job === undefined) return;
    this.#running = job()
      .then(() => {
        this.#failures = 0;
      })
      // Whatever failed is tried again after a pause.
      .catch(() => {
        this.#failures += 1;
        this.#rest(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** this.#failures));
      })
      .finally(() => {
        this.#running = undefined;
        this.nudge();
      });
  }

  /** Packs what this device has still to pack, within `ms`; otherwise another member does it. Nothing is done after that. */
  async finish(ms: number): Promise<void> {
    this.#rests = true;
    const work = async () => {
      await this.#running;
      if (!this.#session.isLive) return;
      if (!this.#isLoaded && mustKeep(this.#session.room)) await this.#load();
      const duty = this.#dutyNow();
      if (duty !== undefined && duty.toMs <= AUTHOR_MS) await this.#pack();
      if (this.#announced === undefined) return;
      await this.#session.condition.until(() => (this.#isHeard() ? true : undefined), ms);
      await this.#publish();
    };
    await Promise.race([work().catch(() => undefined), this.#timers.pause(ms)]);
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
  }

  #rest(ms: number): void {
    this.#rests = true;
    this.#timers.after(ms, () => {
      this.#rests = false;
      this.nudge();
    });
  }

  #job(): (() => Promise<void>) | undefined {
    const session = this.#session;
    if (session.room.status !== 'active') return undefined;
    if (isDue(session)) return () => readShared(this.#records, this.#env, session);
    if (!this.#isLoaded) return mustKeep(session.room) ? () => this.#load() : undefined;
    if (this.#announced !== undefined) return this.#isHeard() ? () => this.#publish() : undefined;
    return this.#isTime(this.#dutyNow()) ? () => this.#pack() : undefined;
  }

  /** What was the last message when this process has opened the room. */
  async #load(): Promise<void> {
    const recent = await new HistoryReader(this.#records, this.#session.room).recent();
    this.#isLoaded = true;
    const packed = packedTo(this.#session.room);
    this.items(recent.toReversed().filter(({ seq }) => Number(seq) > packed));
  }

  #dutyNow(): Duty | undefined {
    const { room } = this.#session;
    if (!mustKeep(room)) return undefined;
    const { packs } = room;
    const changes = packs.list.flatMap((pack) => changesSince(packs, pack));
    const last = changes.at(-1);
    if (last !== undefined) {
      const key = `changed ${last.seq}`;
      if (changes.some(({ gone, self }) => gone && self)) return { key, fromMs: 0, toMs: SOON_MS };
      return last.self ? authors(key) : others('changed', this.#hasJoinedAfter(packs.list));
    }
    if (this.#holes(room).length > 0) return others('hole');
    const newest = Number(this.#newest?.seq ?? 0);
    if (newest <= Math.max(packedTo(room), this.#tried)) {
      this.#unpacked = 0;
      return undefined;
    }
    if (packs.list.length === 0 && hasInvited(room)) return { key: 'first', fromMs: 0, toMs: SOON_MS };
    if (this.#newest?.own !== true) return others(`others ${packedTo(room)}`);
    return this.#unpacked >= UNPACKED ? { key: 'many', fromMs: 0, toMs: 0 } : authors(`own ${newest}`);
  }

  /** What a newcomer couldn't pack, since it was said between the packs and its join. */
  #holes({ packs }: Room): { from: Position; to: Position }[] {
    const ranges = packs.list.toSorted((a, b) => comparePositions(a.from, b.from));
    const joined = this.#joined;
    let end = 0;
    return ranges.flatMap(({ from, to }) => {
      const hole = { from: next(end), to: String(Number(from) - 1) as Position };
      const isHole = end > 0 && Number(from) > end + 1 && end + 1 >= joined && !this.#emptyHoles.has(end);
      end = Math.max(end, Number(to));
      return isHole ? [hole] : [];
    });
  }

  /** The position at which this device has joined, and from which on it has read everything; 0 for the founder. */
  get #joined(): number {
    return Number(this.#session.meta.shared?.before ?? 0);
  }

  /** Whether this device has of some of these packs no more than what others have shared. */
  #hasJoinedAfter(list: readonly { readonly from: Position }[]): boolean {
    return list.some(({ from }) => Number(from) < this.#joined);
  }

  /** Whether a duty has waited long enough: each device waits for a random time, so that one of them does it. */
  #isTime(duty: Duty | undefined): boolean {
    if (duty === undefined) {
      this.#duty = undefined;
      return false;
    }
    const now = this.#env.now();
    if (this.#duty?.key === duty.key) return now >= this.#duty.at;
    const { key, fromMs, toMs } = duty;
    const wait = Math.ceil(fromMs + (toMs - fromMs) * ((this.#env.random(1)[0] ?? 0) / 255));
    this.#duty = { key, at: now + wait };
    if (wait === 0) return true;
    this.#timers.after(wait, () => this.nudge());
    return false;
  }

  async #pack(): Promise<void> {
    const { room } = this.#session;
    this.#duty = undefined;
    const seen = room.position;
    const newest = Number(this.#newest?.seq ?? 0);
    for (const { packed, from, to } of await this.#due(room)) {
      const posted = await postPack(
        { session: this.#session, env: this.#env, timers: this.#timers },
        packed.pack,
      );
      const { messages } = packed;
      const content = { kind: 'pack', ...posted, from, to, seen, messages } as const;
      await this.#session.queue([{ id: newId(this.#env), content }]);
      this.#announced = { key: posted.key, from, to };
    }
    this.#tried = newest;
    this.#unpacked = 0;
  }

  /** @returns the packs to make, each with the range that it is for */
  async #due(room: Room): Promise<{ packed: PackedHistory; from: Position; to: Position }[]> {
    const { packs } = room;
    const changed = packs.list.filter((pack) => changesSince(packs, pack).length > 0);
    const due: { packed: PackedHistory; from: Position; to: Position }[] = [];
    for (const { from, to } of changed) {
      const [packed = emptyPack(from, to)] = await this.#read(room, { from, to });
      due.push({ packed, from, to });
    }
    for (const hole of this.#holes(room)) {
      const [packed] = await this.#read(room, hole);
      if (packed === undefined) this.#emptyHoles.add(Number(hole.from) - 1);
      else due.push({ packed, ...hole });
    }
    if (due.length > 0) return due;
    const isFull = packs.list.length >= MERGED_AT;
    const last = packedTo(room);
    // What this device hasn't read is left for others to pack.
    const start = Math.max(last + 1, this.#joined);
    const after = isFull || last === 0 ? {} : { from: String(start) as Position };
    const packed = await this.#read(room, { ...after, ...windowOf(room, this.#env.now()) });
    const from = isFull
      ? packs.list.reduce((first, one) => earlier(first, one.from), room.position)
      : after.from;
    // Ranges that touch: a hole between two is what somebody couldn't pack.
    return packed.map((one, i) => {
      const older = packed[i + 1];
      const first = older === undefined ? from : next(Number(older.to));
      return { packed: one, from: first === undefined ? one.from : earlier(first, one.from), to: one.to };
    });
  }

  async #read(room: Room, range: Parameters<typeof readPacks>[2]): Promise<PackedHistory[]> {
    const packs: PackedHistory[] = [];
    const options = { forNewcomers: true, now: this.#env.now() };
    for await (const pack of readPacks(this.#records, room, range, options)) packs.push(pack);
    return packs;
  }

  /** Whether the room's list has the pack that was announced, or another one in its place. */
  #isHeard(): boolean {
    const { list } = this.#session.room.packs;
    return (
      this.#isListed() || list.some((pack) => this.#announced !== undefined && covers(pack, this.#announced))
    );
  }

  #isListed(): boolean {
    return this.#session.room.packs.list.some(({ key }) => key === this.#announced?.key);
  }

  /** Newcomers find the pack by the GroupInfo. Whoever has replaced it publishes the other one. */
  async #publish(): Promise<void> {
    if (!this.#isHeard()) return;
    if (this.#isListed())
      await liveConnection(this.#session).request(await refresh(this.#session.room, this.#env));
    this.#announced = undefined;
  }
}

function hasInvited(room: Room): boolean {
  const own = memberAt(room, ownLeaf(room))?.identity;
  return invitesOf(room).some(({ by }) => by === own);
}

/** @returns the position up to which messages are in packs; 0 if there are none */
function packedTo({ packs }: Room): number {
  return Math.max(0, ...packs.list.map(({ to }) => Number(to)));
}

function windowOf(room: Room, now: number): { readonly last?: number; readonly since?: number } {
  const history = historyOf(room.context);
  if (history === undefined || history === 'all') return {};
  return 'last' in history ? { last: history.last } : { since: now - history.days * DAY_MS };
}

function authors(key: string): Duty {
  return { key, fromMs: AUTHOR_MS, toMs: AUTHOR_MS };
}

/** @param isLast whether members should do it who were there before */
function others(key: string, isLast = false): Duty {
  const factor = isLast ? LAST : 1;
  return { key, fromMs: factor * OTHERS_FROM_MS, toMs: factor * OTHERS_TO_MS };
}

function covers(outer: Range, inner: Range): boolean {
  return comparePositions(outer.from, inner.from) <= 0 && comparePositions(outer.to, inner.to) >= 0;
}

function emptyPack(from: Position, to: Position): PackedHistory {
  return { pack: new PackWriter().encode(), from, to, messages: 0 };
}

function next(position: number): Position {
  return String(position + 1) as Position;
}

function earlier(a: Position, b: Position): Position {
  return comparePositions(a, b) < 0 ? a : b;
}
