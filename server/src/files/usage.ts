import type { RoomId } from '@gochat/protocol/fields';

interface Used {
  bytes: number;
  files: number;
}

/** What files take on the disk, as far as this node knows: what it has counted in a walk, and what it has stored and dropped since. */
export class Usage {
  #total: Used = { bytes: 0, files: 0 };
  #rooms = new Map<RoomId, Used>();
  /** Present while a walk counts: what changed since the walk began. */
  #since: Usage | undefined;

  get bytes(): number {
    return this.#total.bytes;
  }

  get files(): number {
    return this.#total.files;
  }

  ofRoom(room: RoomId): number {
    return this.#rooms.get(room)?.bytes ?? 0;
  }

  add(room: RoomId, bytes: number, files = 0): void {
    const used = this.#rooms.get(room) ?? { bytes: 0, files: 0 };
    used.bytes += bytes;
    used.files += files;
    if (used.bytes === 0 && used.files === 0) this.#rooms.delete(room);
    else this.#rooms.set(room, used);
    this.#total.bytes += bytes;
    this.#total.files += files;
    this.#since?.add(room, bytes, files);
  }

  /**
   * Counts again, while files are stored and dropped. A file that is stored meanwhile may be counted twice, until the next time.
   * @param walk counts what there is
   */
  async recount(walk: (count: Usage) => Promise<void>): Promise<void> {
    const counted = new Usage();
    const since = new Usage();
    this.#since = since;
    try {
      await walk(counted);
    } finally {
      this.#since = undefined;
    }
    for (const [room, { bytes, files }] of since.#rooms) {
      const { bytes: had, files: hadFiles } = counted.#rooms.get(room) ?? { bytes: 0, files: 0 };
      counted.add(room, Math.max(bytes, -had), Math.max(files, -hadFiles));
    }
    this.#rooms = counted.#rooms;
    this.#total = counted.#total;
  }
}
