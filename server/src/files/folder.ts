import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { Semaphore } from '../log/semaphore.ts';
import { decodeDescription, encodeDescription } from './description.ts';
import {
  type ChunkBody,
  type FileDescription,
  type FileName,
  type FileState,
  type FileStore,
  OtherVersion,
  type SkipFile,
  type StoredChunk,
  type StoredFile,
  StoreFull,
} from './file-store.ts';
import { chunkOf, DESCRIPTION, filePath, idOf, roomPath } from './names.ts';

export interface FolderOptions {
  /** Created with mode 700 if it doesn't exist. Several nodes may share it, over a network too. */
  readonly folder: string;
  /** What must stay free on the disk: without space, the log of the rooms could not accept messages. Absent: 64 MiB. */
  readonly spareBytes?: number;
}

const SPARE_BYTES = 64 * 1024 * 1024;
/** How much of a chunk is in memory: fewer and larger calls of the system take less time, and 500 chunks may be under way. */
const PART_BYTES = 256 * 1024;
/** What no put can still be writing, and no drop deleting. */
const LEFT_BEHIND_MS = 3600_000;
/** How many syncs run at a time. They occupy threads that the log needs too. */
const SYNCS = 2;
const MOST_REMEMBERED = 10_000;
/** The folder of a room may be deleted, because it is empty, while a file of it begins. */
const TRIES = 5;

interface Described {
  readonly ino: number;
  readonly mtimeMs: number;
  readonly description: FileDescription;
}

/** A file is a folder: `RO/ROOM/ID/` with the description and one file for each chunk. */
export class FolderFiles implements FileStore {
  readonly #root: string;
  readonly #spareBytes: number;
  readonly #syncs = new Semaphore(SYNCS);
  /** The folders of files whose description is durable. */
  readonly #secured = new Set<string>();
  /** By folder: what was read last, and of which file on the disk. */
  readonly #described = new Map<string, Described>();
  /** The bytes of the chunks that are being written. */
  #pending = 0;

  private constructor(root: string, spareBytes: number) {
    this.#root = root;
    this.#spareBytes = spareBytes;
  }

  /** @throws the system's error when the folder can't be created, or written */
  static async open({ folder, spareBytes = SPARE_BYTES }: FolderOptions): Promise<FolderFiles> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return new FolderFiles(folder, spareBytes);
  }

  async begin(
    file: FileName,
    description: FileDescription,
  ): Promise<{ readonly description: FileDescription; readonly isNew: boolean }> {
    const path = this.#pathOf(file);
    const earlier = await this.#describe(path);
    if (earlier !== undefined) return { description: earlier, isNew: false };
    await this.#requireSpace();
    return full(async () => {
      for (let tries = 1; ; tries++) {
        await mkdir(path, { recursive: true, mode: 0o700 }).catch(unless('ENOENT'));
        const outcome = await this.#write(path, DESCRIPTION, one(encodeDescription(description)), false);
        if (outcome === 'stored') return { description, isNew: true };
        const stored = await readDescription(path);
        if (stored !== undefined) return { description: stored, isNew: false };
        // There is one, but it is damaged.
        if (outcome === 'there') await this.drop(file);
        if (tries >= TRIES) throw new Error(`the folder of a file disappears while it is written: ${path}`);
      }
    });
  }

  async put(
    file: FileName,
    chunk: number,
    take: () => Promise<ChunkBody>,
  ): Promise<'stored' | 'there' | 'gone'> {
    const path = this.#pathOf(file);
    const name = String(chunk);
    if (await exists(join(path, name))) {
      // Whoever has stored it may still be waiting for the disk.
      return (await this.#secure(file)) ? 'there' : 'gone';
    }
    if (!(await exists(join(path, DESCRIPTION)))) return 'gone';
    const body = await take();
    this.#pending += body.bytes;
    try {
      await this.#requireSpace();
      return await full(async () => {
        const outcome = await this.#write(path, name, body.parts, true);
        return outcome !== 'gone' && !(await this.#secure(file)) ? 'gone' : outcome;
      });
    } finally {
      this.#pending -= body.bytes;
    }
  }

  async have(file: FileName): Promise<FileState | undefined> {
    return stateOf(this.#pathOf(file));
  }

  async get(file: FileName, chunk: number): Promise<StoredChunk | undefined> {
    const path = this.#pathOf(file);
    const handle = await orMissing(open(join(path, String(chunk)), 'r'));
    if (handle === undefined) return undefined;
    try {
      const description = await this.#describe(path);
      if (description === undefined) {
        await handle.close();
        return undefined;
      }
      const { size } = await handle.stat();
      return { description, bytes: size, parts: partsOf(handle, size), close: () => handle.close() };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async drop(file: FileName): Promise<boolean> {
    const path = this.#pathOf(file);
    // A put at this moment finds no folder any more. Otherwise it could bring back a part of the file.
    const away = `${path}.${randomName()}.dropped`;
    this.#secured.delete(path);
    this.#described.delete(path);
    if ((await orMissing(rename(path, away).then(() => true))) === undefined) return false;
    const [first, second] = roomPath(file.room);
    const room = join(this.#root, first, second);
    await orMissing(this.#sync(room));
    await rm(away, { recursive: true, force: true });
    // It succeeds only if it was the last file.
    await rmdir(room).catch(() => undefined);
    return true;
  }

  async *walk(room?: RoomId, skip?: SkipFile): AsyncIterable<StoredFile> {
    if (room !== undefined) return yield* this.#walkRoom(room, false, skip);
    for (const prefix of await readdir(this.#root))
      if (/^[0-9a-f]{2}$/.test(prefix))
        for (const hex of await names(join(this.#root, prefix))) {
          const found = idOf<RoomId>(hex);
          if (found !== undefined) yield* this.#walkRoom(found, true, skip);
        }
  }

  async *#walkRoom(room: RoomId, tidies: boolean, skip?: SkipFile): AsyncIterable<StoredFile> {
    const folder = join(this.#root, ...roomPath(room));
    for (const name of await names(folder)) {
      const path = join(folder, name);
      const id = idOf<FileId>(name);
      if (tidies) await removeLeftBehind(path, id === undefined);
      if (id === undefined) continue;
      const description = await describedIn(path);
      if (description === undefined) continue;
      const chunks = await chunksIn(path);
      const found = await Promise.all(chunks.map((chunk) => orMissing(stat(join(path, String(chunk))))));
      const bytes = found.reduce((sum, chunk) => sum + (chunk?.size ?? 0), 0);
      if (description instanceof OtherVersion) {
        if (skip === undefined) throw description;
        skip({ room, id, bytes });
        continue;
      }
      const changed = Math.max(description.began, ...found.map((chunk) => chunk?.mtimeMs ?? 0));
      yield { room, id, description, chunks, bytes, changed };
    }
  }

  #pathOf(file: FileName): string {
    return join(this.#root, ...filePath(file));
  }

  /**
   * Makes a file durable once a chunk of it is stored, and not when it begins: whoever begins files without storing anything would keep
   * the disk busy. The folder with the chunks is synced each time, the folders around it and the description once.
   * @returns false when it was dropped
   */
  async #secure(file: FileName): Promise<boolean> {
    const names = filePath(file);
    const path = this.#pathOf(file);
    if (this.#secured.has(path)) return (await orMissing(this.#sync(path).then(() => true))) ?? false;
    const all = [
      join(path, DESCRIPTION),
      ...names.map((_, i) => join(this.#root, ...names.slice(0, names.length - i))),
      this.#root,
    ];
    for (const each of all) if (!(await orMissing(this.#sync(each).then(() => true)))) return false;
    makeRoom(this.#secured);
    this.#secured.add(path);
    return true;
  }

  /** Each request on a chunk needs it, so that it is read once, unless another node has dropped and begun the file since. */
  async #describe(path: string): Promise<FileDescription | undefined> {
    const found = await orMissing(stat(join(path, DESCRIPTION)));
    if (found === undefined) return undefined;
    const { ino, mtimeMs } = found;
    const known = this.#described.get(path);
    if (known?.ino === ino && known.mtimeMs === mtimeMs) return known.description;
    const description = await readDescription(path);
    if (description === undefined) return undefined;
    makeRoom(this.#described);
    this.#described.set(path, { ino, mtimeMs, description });
    return description;
  }

  /** Writes under a temporary name first. @returns `gone` when the folder isn't there any more */
  async #write(
    path: string,
    name: string,
    parts: AsyncIterable<Uint8Array>,
    syncs: boolean,
  ): Promise<'stored' | 'there' | 'gone'> {
    const temporary = join(path, `${name}.${randomName()}.part`);
    const handle = await orMissing(open(temporary, 'wx', 0o600));
    if (handle === undefined) return 'gone';
    try {
      try {
        await writeAll(handle, parts);
        if (syncs) await this.#syncs.run(() => handle.datasync());
      } finally {
        await handle.close();
      }
      return await place(temporary, join(path, name));
    } finally {
      await orMissing(unlink(temporary));
    }
  }

  async #sync(path: string): Promise<void> {
    const handle = await open(path, 'r');
    try {
      await this.#syncs.run(() => handle.sync());
    } finally {
      await handle.close();
    }
  }

  /** Chunks that are being written count whole, though the disk has a part of them already. @throws StoreFull */
  async #requireSpace(): Promise<void> {
    if (this.#spareBytes === 0) return;
    const { bavail, bsize } = await statfs(this.#root);
    if (bavail * bsize < this.#pending + this.#spareBytes) throw new StoreFull('the disk is almost full');
  }
}

/** Forgets the oldest of what was remembered, when there is too much of it. */
function makeRoom(remembered: Set<string> | Map<string, unknown>): void {
  const [oldest] = remembered.keys();
  if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

/** Gives a finished file its name, unless there is one with that name. */
async function place(temporary: string, final: string): Promise<'stored' | 'there' | 'gone'> {
  try {
    await link(temporary, final);
    return 'stored';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return 'there';
    if (code === 'ENOENT') return 'gone';
    // Some network shares have no links. Two nodes could then write the same chunk at the same time, and the later one stays.
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(code)) throw error;
    if (await exists(final)) return 'there';
    return (await orMissing(rename(temporary, final).then(() => true))) ? 'stored' : 'gone';
  }
}

async function stateOf(path: string): Promise<FileState | undefined> {
  const description = await readDescription(path);
  if (description === undefined) return undefined;
  return { description, chunks: await chunksIn(path) };
}

/** @returns the chunks that are stored, ascending */
async function chunksIn(path: string): Promise<number[]> {
  const chunks = (await names(path)).flatMap((name) => chunkOf(name) ?? []);
  return chunks.sort((a, b) => a - b);
}

async function readDescription(path: string): Promise<FileDescription | undefined> {
  const text = await orMissing(readFile(join(path, DESCRIPTION), 'utf8'));
  return text === undefined ? undefined : decodeDescription(text);
}

async function describedIn(path: string): Promise<FileDescription | OtherVersion | undefined> {
  try {
    return await readDescription(path);
  } catch (error) {
    if (error instanceof OtherVersion) return error;
    throw error;
  }
}

/** Deletes what a killed process left: a dropped file, a file without a description, or the parts of chunks. */
async function removeLeftBehind(path: string, isDropped: boolean): Promise<void> {
  if (!(await isOld(path))) return;
  if (isDropped || (await describedIn(path)) === undefined) {
    await rm(path, { recursive: true, force: true });
    return;
  }
  for (const name of await names(path))
    if (name.endsWith('.part') && (await isOld(join(path, name))))
      await rm(join(path, name), { force: true });
}

async function isOld(path: string): Promise<boolean> {
  const found = await orMissing(stat(path));
  return found !== undefined && Date.now() - found.mtimeMs > LEFT_BEHIND_MS;
}

async function* partsOf(handle: FileHandle, bytes: number): AsyncGenerator<Uint8Array> {
  try {
    for (let left = bytes; left > 0; ) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(left, PART_BYTES));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Several parts by one call: a connection gives at most 64 KiB at a time. */
async function writeAll(handle: FileHandle, parts: AsyncIterable<Uint8Array>): Promise<void> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    held.push(part);
    bytes += part.length;
    if (bytes < PART_BYTES) continue;
    await writeTogether(handle, held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) await writeTogether(handle, held);
}

async function writeTogether(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  const { bytesWritten } = await handle.writev(parts);
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  if (bytesWritten === bytes) return;
  const left = Buffer.concat(parts).subarray(bytesWritten);
  for (let at = 0; at < left.length; ) at += (await handle.write(left, at)).bytesWritten;
}

async function names(folder: string): Promise<readonly string[]> {
  return (await orMissing(readdir(folder))) ?? [];
}

async function exists(path: string): Promise<boolean> {
  return (await orMissing(access(path).then(() => true))) ?? false;
}

/** @returns undefined when there is no such file or folder */
async function orMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (codeOf(error) !== code) throw error;
  };
}

/** @throws StoreFull when the disk or a quota is full */
async function full<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(codeOf(error)))
      throw new StoreFull('the disk is full', { cause: error });
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}
