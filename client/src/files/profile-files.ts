import type { FileId, RoomId } from '@gochat/protocol/fields';
import type { ChatEvent, Params, SealedFile } from '../api/methods.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Clock } from '../schedule/clock.ts';
import type { Records } from '../store/records.ts';
import { CacheBound } from './cache-bound.ts';
import { EarlyUploads } from './early-uploads.ts';
import { Fetches } from './fetches.ts';
import type { CacheId, FileCache } from './file-cache.ts';
import { FileDoor } from './file-door.ts';
import { idsOf } from './file-ids.ts';
import type { FilePlace } from './file-place.ts';
import { jobChange, jobOf, jobsOf, secretOf, spoolChanges } from './file-records.ts';
import type { RoomAt } from './room-at.ts';
import { ownId, RoomsCache } from './rooms-cache.ts';
import { Uploads } from './uploads.ts';

export interface ProfileFilesParts {
  readonly records: Records;
  readonly clock: Pick<Clock, 'now'>;
  readonly place: FilePlace;
  /** The profile's rooms. */
  readonly rooms: () => readonly RoomId[];
  readonly emit: (event: ChatEvent) => void;
}

/** The files of all rooms, in the process that owns the profile. Loaded when there is a file. */
export class ProfileFiles {
  readonly fetches: Fetches;
  readonly #parts: ProfileFilesParts;
  readonly #cache: RoomsCache;
  readonly #bound: CacheBound;
  /** Sealed since this process owns the profile, and not uploaded yet. */
  readonly #fresh = new Set<FileId>();
  readonly #early: EarlyUploads;
  readonly #doors = new WeakMap<RoomSession, FileDoor>();

  private constructor(parts: ProfileFilesParts, cache: FileCache) {
    this.#parts = parts;
    this.#cache = new RoomsCache(cache);
    this.#bound = new CacheBound(cache, () => this.#waiting());
    const { clock, emit, records } = parts;
    const door = (at: RoomAt) => this.#door(at);
    this.fetches = new Fetches({ clock, emit, cache: this.#cache, bound: this.#bound, door });
    this.#early = new EarlyUploads({ records, clock, cache: this.#cache, door });
  }

  static async open(parts: ProfileFilesParts): Promise<ProfileFiles> {
    return new ProfileFiles(parts, await parts.place.cache());
  }

  close(): void {
    this.fetches.close();
    this.#early.close();
  }

  /** The uploads of a room that was opened. */
  uploads({ session, server }: RoomAt): Uploads {
    const { records, clock } = this.#parts;
    const door = this.#door({ session, server });
    const [cache, fresh, early] = [this.#cache, this.#fresh, this.#early];
    return new Uploads({ session, server, records, clock, cache, door, fresh, early });
  }

  /** As {@link Methods.spool}. */
  async spool(room: RoomId, files: Params<'spool'>['files']): Promise<void> {
    const at = this.#parts.clock.now();
    const changes = files.map(({ id, discard }) => spoolChanges(room, id as FileId, discard, at));
    await this.#parts.records.write(changes.flat());
  }

  /** As {@link Methods.chunkSealed}. */
  async chunkSealed(at: RoomAt, file: Pick<SealedFile, 'id' | 'bytes'>, chunk: number): Promise<void> {
    const job = await jobOf(this.#parts.records, at.session.room.id, file.id);
    // Otherwise the rest is the upload's, or nothing of it is wanted any more.
    if (job?.state === 'sealing') this.#early.add(at, file, chunk);
  }

  /** As {@link Methods.spooled}. */
  async spooled(room: RoomId, ids: readonly string[]): Promise<void> {
    const { records, clock } = this.#parts;
    const at = clock.now();
    const sealed = await this.#jobs(room, ids, 'sealing');
    await records.write(sealed.map((id) => jobChange(room, id, { id, state: 'sealed', at })));
    for (const id of sealed) this.#fresh.add(id);
    await this.#bound.grown(undefined);
  }

  /** As {@link Methods.unspool}: marks the files as to be dropped. */
  async unspool({ room, outgoing }: RoomSession, ids: readonly string[]): Promise<void> {
    const { records, clock } = this.#parts;
    const at = clock.now();
    const sent = new Set(outgoing.flatMap((said) => (said.kind === 'text' ? idsOf(said.files) : [])));
    const dropped = (await this.#jobs(room.id, ids, 'sealing', 'sealed')).filter((id) => !sent.has(id));
    for (const id of dropped) this.#fresh.delete(id);
    await records.write(
      await Promise.all(
        dropped.map(async (id) => {
          const discard = await secretOf(records, room.id, id);
          return jobChange(room.id, id, { id, state: 'drop', at, ...(discard !== undefined && { discard }) });
        }),
      ),
    );
  }

  /** Whether files that a message names are all in the cache. */
  async areSealed(room: RoomId, ids: readonly FileId[]): Promise<boolean> {
    return (await this.#jobs(room, ids, 'sealed')).length === ids.length;
  }

  /** @returns those of the files whose job is in one of the states */
  async #jobs(room: RoomId, ids: readonly string[], ...states: readonly string[]): Promise<FileId[]> {
    const jobs = await Promise.all(ids.map((id) => jobOf(this.#parts.records, room, id as FileId)));
    return jobs.flatMap((job) => (job !== undefined && states.includes(job.state) ? [job.id] : []));
  }

  /** Where the cache has the files that wait to be sent. */
  async #waiting(): Promise<ReadonlySet<CacheId>> {
    const ids = this.#parts.rooms().map(async (room) => {
      const jobs = await jobsOf(this.#parts.records, room);
      return Promise.all(jobs.map(({ id }) => ownId(room, id)));
    });
    return new Set((await Promise.all(ids)).flat());
  }

  #door({ session, server }: RoomAt): FileDoor {
    const known = this.#doors.get(session);
    if (known !== undefined) return known;
    const door = new FileDoor(session, server, this.#parts.place);
    this.#doors.set(session, door);
    return door;
  }
}
