import { CannotOpen } from './cannot-open.ts';
import type { Clock } from './engine.ts';
import type { Nats, NatsOptions } from './jetstream/nats.ts';
import { connectNats, type JetStreamOptions } from './jetstream/open.ts';
import {
  isInternal,
  isSameMark,
  requireNoNodes,
  type StoredRecord,
  StoredStreams,
  type StoredValue,
  type StreamMark,
  tailOf,
} from './jetstream/stored-streams.ts';
import { lockFolder } from './lmdb/folder-lock.ts';
import { type IncomingEntry, IncomingRooms } from './lmdb/incoming-rooms.ts';
import { prepareFolder } from './lmdb/trees.ts';

/** By how much the clocks of the NATS servers may differ from this one. */
const EXPIRING_MS = 60_000;

export interface MoveOutOptions extends NatsOptions, Pick<JetStreamOptions, 'startMs'> {
  /** A data folder without rooms. It is created if it doesn't exist. */
  readonly folder: string;
  readonly now?: Clock;
  /** Called regularly, and at the end. */
  readonly progress?: (progress: MoveOutProgress) => void;
}

export interface MoveOutProgress {
  /** Of those in the folder so far. */
  readonly rooms: number;
  /** To copy and to compare: each entry counts twice. */
  readonly steps: number;
  readonly stepsDone: number;
}

export interface MoveOutReport {
  readonly rooms: number;
  readonly entries: number;
}

/**
 * Copies the rooms of a cluster that no node uses into a data folder, with their positions, and compares each entry and value with
 * what the cluster returns when it is read again. It can be interrupted at any time: the next run continues. No server uses the
 * folder before it is complete. The cluster is not changed.
 *
 * @throws CannotOpen nodes are running, or ran meanwhile; the cluster can't be read; the folder is in use, has rooms or can't be written; or a copy differs
 * @throws Unavailable the cluster can't be reached any more
 */
export async function moveOut({
  folder,
  progress,
  now = Date.now,
  ...nats
}: MoveOutOptions): Promise<MoveOutReport> {
  const connection = await connectNats(nats);
  try {
    const cluster = await StoredStreams.open(connection);
    await requireNoNodes(connection);
    const path = prepareFolder(folder);
    const lock = await lockFolder(path);
    try {
      const rooms = new IncomingRooms(path, now);
      try {
        return await new MoveOut(connection, cluster, rooms, now, progress).run();
      } finally {
        await rooms.close();
      }
    } finally {
      await lock.release();
    }
  } finally {
    await connection.close();
  }
}

class MoveOut {
  readonly #nats: Nats;
  readonly #cluster: StoredStreams;
  readonly #rooms: IncomingRooms;
  readonly #now: Clock;
  readonly #report: (progress: MoveOutProgress) => void;
  #steps = 0;
  #stepsDone = 0;

  constructor(
    nats: Nats,
    cluster: StoredStreams,
    rooms: IncomingRooms,
    now: Clock,
    report: MoveOutOptions['progress'],
  ) {
    this.#nats = nats;
    this.#cluster = cluster;
    this.#rooms = rooms;
    this.#now = now;
    this.#report = report ?? (() => undefined);
  }

  async run(): Promise<MoveOutReport> {
    const marks = await this.#cluster.marks();
    await this.#requireSameCluster(marks);
    this.#steps = 2 * (await this.#cluster.entries());
    this.#done(this.#rooms.entries);
    for (const { log } of this.#cluster.streams.pairs) await this.#copyEntries(log, markOf(marks, log));
    await this.#rooms.replaceState(this.#values());
    const difference = await this.#difference();
    await this.#requireUnchanged(marks);
    if (difference !== undefined) {
      await this.#rooms.restart();
      throw new CannotOpen(
        'damaged',
        `the copy in the folder differs from the cluster (${difference}), and was deleted: move the rooms again`,
      );
    }
    const report = { rooms: this.#rooms.rooms, entries: this.#rooms.entries };
    await this.#rooms.finish(
      (room) => markOf(marks, this.#cluster.streams.logOf(room)).last,
      new Map(marks.map(({ name, ...source }) => [name, source])),
    );
    return report;
  }

  /** What an earlier run has copied from other streams is of no use. */
  async #requireSameCluster(marks: readonly StreamMark[]): Promise<void> {
    for (const [name, { created }] of this.#rooms.sources)
      if (!marks.some((mark) => mark.name === name && mark.created === created)) {
        await this.#rooms.restart();
        return;
      }
  }

  async #copyEntries(log: string, { created }: StreamMark): Promise<void> {
    for await (const page of this.#cluster.records(log, this.#rooms.sources.get(log)?.last ?? 0)) {
      const last = page.at(-1)?.record.seq ?? 0;
      this.#rooms.add(log, { created, last }, page.map(incoming));
      this.#done(page.length);
    }
  }

  /** The state values of all rooms. Records on the way what they say about the ends of rooms. */
  async *#values(): AsyncGenerator<StoredValue[]> {
    for (const { state } of this.#cluster.streams.pairs)
      for await (const page of this.#cluster.values(state)) {
        for (const value of page) {
          const last = tailOf(value);
          if (last !== undefined) this.#rooms.ended(value.room, last);
        }
        yield page.filter(({ key }) => !isInternal(key));
      }
  }

  /** Reads the cluster again. @returns what differs in the folder; undefined: nothing does */
  async #difference(): Promise<string | undefined> {
    let [heads, entries, values] = [0, 0, 0];
    for (const { log } of this.#cluster.streams.pairs)
      for await (const page of this.#cluster.records(log, 0)) {
        for (const one of page.map(incoming)) {
          if (!this.#rooms.hasEntry(one) && !this.#expires(one))
            return `position ${one.entry.pos} of the room ${one.room}`;
          if (this.#rooms.hasHead(one)) heads += 1;
          if (one.expiresAt === 0) entries += 1;
        }
        this.#done(page.length);
      }
    for await (const page of this.#values())
      for (const value of page) {
        if (!this.#rooms.has(value.room)) continue;
        if (!this.#rooms.hasValue(value) && !this.#expires(value))
          return `a state value of the room ${value.room}`;
        if (value.expiresAt === 0) values += 1;
      }
    if (heads !== this.#rooms.rooms) return 'last handshakes';
    // What expires may be in the folder alone: the cluster has deleted it meanwhile.
    const kept = this.#rooms.permanent();
    if (entries !== kept.entries) return 'deleted rooms';
    return values === kept.values ? undefined : 'deleted state values';
  }

  /** Whether one server of the cluster may have deleted it while another still has it. */
  #expires({ expiresAt }: { readonly expiresAt: number }): boolean {
    return expiresAt !== 0 && expiresAt <= this.#now() + EXPIRING_MS;
  }

  /** @throws CannotOpen */
  async #requireUnchanged(before: readonly StreamMark[]): Promise<void> {
    await requireNoNodes(this.#nats);
    const after = await this.#cluster.marks();
    if (before.every((mark) => after.some((one) => isSameMark(one, mark)))) return;
    throw new CannotOpen(
      'in use',
      'the cluster was used while its rooms were copied: stop all nodes, and move the rooms again; it continues where it stopped',
    );
  }

  #done(steps: number): void {
    this.#stepsDone += steps;
    this.#report({
      rooms: this.#rooms.rooms,
      steps: Math.max(this.#steps, this.#stepsDone),
      stepsDone: this.#stepsDone,
    });
  }
}

function markOf(marks: readonly StreamMark[], name: string): StreamMark {
  const mark = marks.find((one) => one.name === name);
  if (mark === undefined) throw new Error(`there is no stream ${name}`);
  return mark;
}

function incoming({ room, id, record }: StoredRecord): IncomingEntry {
  const { entry, expiresAt, before, id: handshake, state } = record;
  return {
    room,
    entry,
    expiresAt,
    before,
    ...(id !== undefined && { post: id }),
    ...(handshake !== undefined && state !== undefined && { head: { id: handshake, state } }),
  };
}
