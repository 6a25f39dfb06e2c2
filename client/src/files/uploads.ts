import type { FileContent } from '@gochat/crypto/content';
import { chunkCount, discardHash } from '@gochat/crypto/file';
import type { FileId } from '@gochat/protocol/fields';
import { PIECE_BYTES } from '@gochat/protocol/file-chunks';
import * as v from 'valibot';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { SealedFile } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { Uploading } from '../room/posts.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Clock } from '../schedule/clock.ts';
import { Timers } from '../schedule/timers.ts';
import type { Records } from '../store/records.ts';
import { CHUNKS_AT_ONCE, type EarlyUploads } from './early-uploads.ts';
import { type FileDoor, FileRefused, refusalOf } from './file-door.ts';
import { idsOf } from './file-ids.ts';
import { type FileJob, forgetChanges, jobsOf, secretOf } from './file-records.ts';
import type { RoomsCache } from './rooms-cache.ts';

/** The waits after a failure of the network, and after the server's refusal: from, to. */
const NETWORK_MS = [1_000, 60_000] as const;
const REFUSED_MS = [60_000, 30 * 60_000] as const;
/** What was prepared and is in no message for so long is dropped. */
const UNSENT_MS = 24 * 3600_000;

/** What the server has of a file. */
const present = v.object({ chunks: v.number(), have: v.array(v.number()) });
/** Servers keep the chunks of a file that isn't whole for about a day. */
const UNFINISHED_MS = 24 * 3600_000;

export interface UploadsParts {
  readonly session: RoomSession;
  readonly server: ServerConnection;
  readonly records: Records;
  readonly cache: RoomsCache;
  readonly door: FileDoor;
  readonly clock: Pick<Clock, 'now'>;
  /** Files of which the server surely has nothing: sealed by now, and never uploaded. A file is taken out when its upload begins. */
  readonly fresh: Set<FileId>;
  /** It is over for a file whose upload begins. */
  readonly early: EarlyUploads;
}

/** A failure, and how often there was one. */
interface Rest {
  readonly until: number;
  readonly times: number;
  readonly why: ChatError;
}

/**
 * Uploads the files of a room's waiting messages, one message after another, and drops what is to be forgotten. It goes on where an
 * earlier process or connection has ended: the server says what it has.
 */
export class Uploads {
  readonly #parts: UploadsParts;
  readonly #timers = new Timers();
  /** How much of each file the server has, in bytes of the file. */
  readonly #done = new Map<FileId, number>();
  /** By the ids of messages, and of files to drop. */
  readonly #rests = new Map<string, Rest>();
  /** The network doesn't let requests through. */
  #offline: (Rest & { readonly over: Connection | undefined }) | undefined;
  #isRunning = false;
  #again = false;
  #closed = false;
  /** What {@link RoomSession.fileRevision} was when the jobs were read. */
  #revision = -1;
  #drops: readonly FileJob[] = [];

  constructor(parts: UploadsParts) {
    this.#parts = parts;
  }

  /** Something has changed: begins what may be done now. */
  nudge(): void {
    this.#again = true;
    if (this.#isRunning || this.#closed || !this.#hasWork()) return;
    this.#again = false;
    this.#isRunning = true;
    // What the records refuse is tried again when the room changes.
    const over = () => {
      this.#isRunning = false;
      if (this.#again) this.nudge();
    };
    this.#run().then(over, over);
  }

  /** Nothing more is begun. What is under way fails with its transfer. */
  close(): void {
    this.#closed = true;
    this.#timers.clear();
  }

  /** @returns how far the upload of a waiting message's files is */
  state(id: string): Uploading | undefined {
    const content = this.#parts.session.uploads.find((message) => message.id === id)?.content;
    if (content?.kind !== 'text') return undefined;
    const of = ({ bytes, preview }: FileContent) => bytes + (preview?.bytes ?? 0);
    const done = (file: FileContent) =>
      idsOf([file]).reduce((sum, one) => sum + (this.#done.get(one) ?? 0), 0);
    const files = (content.files ?? []).map((file) => ({ done: done(file), of: of(file) }));
    const why = this.#rests.get(id)?.why ?? this.#offline?.why;
    return { files, ...(why && { problem: problemOf(why) }) };
  }

  #hasWork(): boolean {
    if (this.#parts.session.fileRevision !== this.#revision) return true;
    return this.#isOnline() && (this.#nextUpload() !== undefined || this.#nextDrop() !== undefined);
  }

  #isOnline(): boolean {
    const { session, server, clock } = this.#parts;
    if (!session.isFollowing || session.room.status !== 'active' || this.#closed) return false;
    return (
      this.#offline === undefined ||
      this.#offline.over !== server.connection ||
      this.#offline.until <= clock.now()
    );
  }

  #isDue(id: string): boolean {
    return (this.#rests.get(id)?.until ?? 0) <= this.#parts.clock.now();
  }

  #nextUpload() {
    return this.#parts.session.uploads.find(({ id }) => this.#isDue(id));
  }

  #nextDrop(): FileJob | undefined {
    return this.#drops.find(({ id }) => this.#isDue(id));
  }

  async #run(): Promise<void> {
    await this.#readJobs();
    while (this.#isOnline()) {
      const message = this.#nextUpload();
      const drop = this.#nextDrop();
      if (message?.content.kind === 'text')
        await this.#try(message.id, this.#upload(message.id, message.content.files ?? []));
      else if (drop !== undefined) await this.#try(drop.id, this.#dropThere(drop));
      else return;
    }
  }

  /** @param id of what is rested after a refusal */
  async #try(id: string, work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#rests.delete(id);
      this.#offline = undefined;
    } catch (error) {
      if (this.#closed) return;
      const why = toChatError(error);
      const { clock, server } = this.#parts;
      const isNetwork = why.data.reason === 'server-unreachable' || why.data.reason === 'connection-ended';
      const times = ((isNetwork ? this.#offline : this.#rests.get(id))?.times ?? 0) + 1;
      const [from, to] = isNetwork ? NETWORK_MS : REFUSED_MS;
      const wait = Math.max(
        Math.min(to, from * 2 ** (times - 1)),
        error instanceof FileRefused ? Math.min(REFUSED_MS[1], error.retryAfterMs) : 0,
      );
      const rest = { until: clock.now() + wait, times, why };
      if (isNetwork) this.#offline = { ...rest, over: server.connection };
      else this.#rests.set(id, rest);
      this.#timers.after(wait, () => this.nudge());
    }
    this.#parts.session.uploadsChanged();
  }

  async #upload(message: string, files: readonly FileContent[]): Promise<void> {
    const { session, clock } = this.#parts;
    const isWanted = () => !this.#closed && session.uploads.some(({ id }) => id === message);
    const began = clock.now();
    const all = files.flatMap((file) => (file.preview === undefined ? [file] : [file.preview, file]));
    let isResumed = false;
    for (const file of all) isResumed = (await this.#file(file, isWanted)) || isResumed;
    // The server may have dropped meanwhile what it had first: no message is posted whose files aren't there.
    if (isResumed || clock.now() - began > UNFINISHED_MS)
      for (const file of all) await this.#file(file, isWanted);
    if (!isWanted()) return;
    await session.uploaded(message);
    for (const id of idsOf(files)) this.#done.delete(id);
  }

  /** @returns whether the server may have dropped meanwhile what it had before */
  async #file(file: SealedFile, isWanted: () => boolean): Promise<boolean> {
    const { records, session, clock } = this.#parts;
    if (!isWanted()) return false;
    const secret = await secretOf(records, session.room.id, file.id);
    const discard = secret === undefined ? {} : { discard: await discardHash(secret) };
    const isFresh = this.#parts.fresh.delete(file.id);
    const early = await this.#parts.early.end(file.id);
    const have = isFresh ? (early?.have ?? new Set<number>()) : await this.#have(file);
    const missing = Array.from({ length: chunkCount(file.bytes) }, (_, chunk) => chunk).filter(
      (c) => !have.has(c),
    );
    const count = (chunk: number) => {
      const bytes = Math.max(0, Math.min(PIECE_BYTES, file.bytes - chunk * PIECE_BYTES));
      this.#done.set(file.id, (this.#done.get(file.id) ?? 0) + bytes);
    };
    this.#done.set(file.id, 0);
    for (const chunk of have) count(chunk);
    const works = Array.from({ length: CHUNKS_AT_ONCE }, async () => {
      while (isWanted()) {
        const chunk = missing.shift();
        if (chunk === undefined) return;
        try {
          await this.#put(file, chunk, discard);
        } catch (error) {
          missing.length = 0;
          throw error;
        }
        count(chunk);
        session.uploadsChanged();
      }
    });
    const failed = (await Promise.allSettled(works)).find((work) => work.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    if (!isFresh) return have.size > 0;
    return early !== undefined && clock.now() - early.since > UNFINISHED_MS;
  }

  async #have({ id, bytes }: SealedFile): Promise<ReadonlySet<number>> {
    const answer = await this.#parts.door.ask({ verb: 'get', id }, { method: 'GET', path: `/files/${id}` });
    if (answer.status === 404) return new Set();
    if (answer.status !== 200) throw refusalOf(answer);
    const { have } = v.parse(present, JSON.parse(new TextDecoder().decode(answer.body)));
    return new Set(
      have.filter((chunk) => Number.isInteger(chunk) && chunk >= 0 && chunk < chunkCount(bytes)),
    );
  }

  async #put(file: SealedFile, chunk: number, discard: { readonly discard?: string }): Promise<void> {
    const { id, bytes } = file;
    const { cache, session } = this.#parts;
    const { id: room } = session.room;
    const body = (await cache.getOwn(room, id, chunk)) ?? (await cache.get(room, file, chunk));
    if (body === undefined) throw new ChatError({ reason: 'file-unprepared' });
    await this.#parts.door.put({ id, bytes, ...discard }, chunk, body);
  }

  /** Reads what is to be dropped, and drops it here. */
  async #readJobs(): Promise<void> {
    const { session, records, cache, clock } = this.#parts;
    if (session.fileRevision === this.#revision) return;
    this.#revision = session.fileRevision;
    const sent = new Set(session.outgoing.flatMap((said) => (said.kind === 'text' ? idsOf(said.files) : [])));
    const isStale = ({ id, state, at }: FileJob) =>
      state !== 'drop' && !sent.has(id) && clock.now() - at > UNSENT_MS;
    const jobs = (await jobsOf(records, session.room.id)).filter(
      (job) => job.state === 'drop' || isStale(job),
    );
    const there: FileJob[] = [];
    for (const job of jobs) {
      const { id, hash } = job;
      await this.#parts.early.end(id);
      await cache.dropOwn(session.room.id, id);
      if (hash !== undefined) await cache.dropFetched(session.room.id, { id, hash });
      this.#done.delete(job.id);
      // This device may ask the server for nothing any more.
      const mayAsk = session.ended?.code !== 'not-member';
      const secret = job.discard ?? (await secretOf(records, session.room.id, job.id));
      if (mayAsk && (secret !== undefined || job.asAdmin))
        there.push({ ...job, ...(secret && { discard: secret }) });
      else await records.write(forgetChanges(session.room.id, job.id));
    }
    this.#drops = there;
  }

  async #dropThere(job: FileJob): Promise<void> {
    const { id, discard } = job;
    const { door, records, session } = this.#parts;
    const wanted = { verb: 'drop', id, ...(discard !== undefined && { discard }) } as const;
    const answer = await door.ask(wanted, { method: 'DELETE', path: `/files/${id}` });
    if (answer.status !== 204 && answer.status !== 404) throw refusalOf(answer);
    await records.write(forgetChanges(session.room.id, id));
    this.#drops = this.#drops.filter((one) => one !== job);
  }
}
