import { loadCode } from '../api/load-code.ts';
import type { HistoryItem } from '../room/history.ts';
import type { Uploading } from '../room/posts.ts';
import type { ProfileFiles, ProfileFilesParts } from './profile-files.ts';
import type { RoomAt } from './room-at.ts';
import type { Uploads } from './uploads.ts';

/** The code for files, which is loaded when a file is to be sent, fetched or dropped. */
export class LazyFiles {
  readonly #parts: ProfileFilesParts;
  #files: Promise<ProfileFiles> | undefined;

  constructor(parts: ProfileFilesParts) {
    this.#parts = parts;
  }

  /** What fails is tried again at the next call. @throws ChatError `code-not-loaded`, `browser-storage` */
  load(): Promise<ProfileFiles> {
    this.#files ??= this.#load().catch((error: unknown) => {
      this.#files = undefined;
      throw error;
    });
    return this.#files;
  }

  async #load(): Promise<ProfileFiles> {
    const code = await loadCode(() => import('./profile-files.ts'));
    return code.ProfileFiles.open(this.#parts);
  }

  /** The files of a room that was opened. */
  room(at: RoomAt): RoomFiles {
    const hasJobs = this.#parts.records.list('file-job', at.session.room.id, { limit: 1 });
    return new RoomFiles(
      at,
      hasJobs.then((jobs) => jobs.length > 0),
      () => this.load(),
    );
  }

  async close(): Promise<void> {
    (await this.#files?.catch(() => undefined))?.close();
    await this.#parts.place.close();
  }
}

/** The files of one room. */
export class RoomFiles {
  readonly #at: RoomAt;
  readonly #load: () => Promise<ProfileFiles>;
  #hasJobs = false;
  #loading = false;
  #uploads: Uploads | undefined;
  #closed = false;

  /** @param hasJobs whether an earlier process has left something to do */
  constructor(at: RoomAt, hasJobs: Promise<boolean>, load: () => Promise<ProfileFiles>) {
    this.#at = at;
    this.#load = load;
    hasJobs.then(
      (has) => {
        this.#hasJobs = has;
        this.nudge();
      },
      // A damaged record is reported where it matters.
      () => undefined,
    );
  }

  /** The room has changed. */
  nudge(): void {
    const { session } = this.#at;
    if (this.#uploads !== undefined) this.#uploads.nudge();
    else if (this.#hasJobs || session.fileRevision > 0 || session.uploads.length > 0) void this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#loading || this.#closed) return;
    this.#loading = true;
    try {
      const uploads = (await this.#load()).uploads(this.#at);
      if (this.#closed) return;
      this.#uploads = uploads;
      uploads.nudge();
    } catch {
      // It is tried again when the room changes.
    } finally {
      this.#loading = false;
    }
  }

  /** @returns how far the upload of a waiting message's files is */
  uploading(id: string): Uploading | undefined {
    return this.#uploads?.state(id);
  }

  /** Fetches the previews of new messages, newest last. */
  async arrived(items: readonly HistoryItem[]): Promise<void> {
    const previews = items.flatMap((item) =>
      item.kind !== 'text'
        ? []
        : (item.files ?? []).flatMap(({ preview }) =>
            preview === undefined ? [] : [{ file: preview, postedAt: item.at }],
          ),
    );
    if (previews.length > 0 && !this.#closed) (await this.#load()).fetches.inBackground(this.#at, previews);
  }

  close(): void {
    this.#closed = true;
    this.#uploads?.close();
  }
}
