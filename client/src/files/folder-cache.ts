import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import type { CachedFile, CacheId, FileCache } from './file-cache.ts';

const MOST_BYTES = 512_000_000;
/** How many chunks that were put are kept until they are asked for. */
const HANDED_ON = 4;
/** How often a chunk is written whose folder is missing. */
const TRIES = 3;
const NAME = /^[0-9a-f]{32}$/;
const CHUNK = /^(0|[1-9]\d{0,9})$/;
const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);

/** A cache in a folder of the profile: a folder for each file, a file for each chunk. Only the user may read it. */
export class FolderCache implements FileCache {
  readonly mostBytes: number = MOST_BYTES;
  readonly #dir: string;
  /** By file and number: what was put last, for whoever reads it right after. */
  readonly #handedOn = new Map<string, Uint8Array<ArrayBuffer>>();
  #isMade = false;

  /** @param profile the profile's folder, which exists */
  constructor(profile: string) {
    this.#dir = join(profile, 'files');
  }

  async put(id: CacheId, chunk: number, sealed: Uint8Array<ArrayBuffer>, isDurable: boolean): Promise<void> {
    try {
      for (let tries = 1; ; tries += 1) {
        try {
          await this.#write(id, String(chunk), sealed, isDurable);
          break;
        } catch (error) {
          // It has no folder yet, or was dropped in the middle of it.
          if (!NONE.has(codeOf(error)) || tries === TRIES) throw error;
          await make(join(this.#dir, nameOf(id)));
        }
      }
    } catch (cause) {
      throw FULL.has(codeOf(cause)) ? new ChatError({ reason: 'file-space' }, { cause }) : cause;
    }
    this.#handedOn.set(keyOf(id, chunk), sealed);
    const [oldest] = this.#handedOn.keys();
    if (this.#handedOn.size > HANDED_ON && oldest !== undefined) this.#handedOn.delete(oldest);
  }

  async #write(id: CacheId, chunk: string, sealed: Uint8Array, isDurable: boolean): Promise<void> {
    await this.#make();
    const dir = join(this.#dir, nameOf(id));
    const draft = join(dir, `new-${randomUUID()}`);
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(sealed);
        if (isDurable) await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(dir, chunk));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  }

  async settle(id: CacheId): Promise<void> {
    await synced(join(this.#dir, nameOf(id)));
    await synced(this.#dir);
  }

  /** @throws ChatError `profile-link` if something else is in its place */
  async #make(): Promise<void> {
    if (this.#isMade) return;
    await make(this.#dir);
    // A symbolic link would lead out of the profile.
    if (!(await lstat(this.#dir)).isDirectory())
      throw new ChatError({ reason: 'profile-link', file: this.#dir });
    await synced(join(this.#dir, '..'));
    this.#isMade = true;
  }

  async get(id: CacheId, chunk: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = keyOf(id, chunk);
    const put = this.#handedOn.get(key);
    this.#handedOn.delete(key);
    return put ?? orNone(wholeFile(join(this.#dir, nameOf(id), String(chunk))), undefined);
  }

  async have(id: CacheId): Promise<readonly number[]> {
    const names = await orNone(readdir(join(this.#dir, nameOf(id))), []);
    return names
      .filter((name) => CHUNK.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  async drop(id: CacheId): Promise<void> {
    for (const key of this.#handedOn.keys()) if (key.startsWith(id)) this.#handedOn.delete(key);
    // Again while another process puts a chunk into it.
    await rm(join(this.#dir, nameOf(id)), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }

  async list(): Promise<readonly CachedFile[]> {
    const found: CachedFile[] = [];
    for (const folder of await orNone(readdir(this.#dir), [])) {
      if (!NAME.test(folder)) continue;
      const id = encodeBytes(Buffer.from(folder, 'hex')) as CacheId;
      const names = await orNone(readdir(join(this.#dir, folder)), []);
      // Another process may drop it meanwhile. Drafts of a process that was killed count, too.
      const chunks = await Promise.all(
        names.map((name) => orNone(stat(join(this.#dir, folder, name)), undefined)),
      );
      const bytes = chunks.reduce((sum, chunk) => sum + (chunk?.size ?? 0), 0);
      const at = chunks.reduce((last, chunk) => Math.max(last, chunk?.mtimeMs ?? 0), 0);
      found.push({ id, bytes, at });
    }
    return found;
  }

  async close(): Promise<void> {}
}

/** In hexadecimal: senders choose ids, and some file systems take names for equal that differ only by case. */
function nameOf(id: CacheId): string {
  return Buffer.from(decodeBytes(id)).toString('hex');
}

/** Base64url has no blank. */
function keyOf(id: CacheId, chunk: number): string {
  return `${id} ${chunk}`;
}

/** Reads a file by one call: `readFile` reads in parts, and copies them. */
async function wholeFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      const { bytesRead } = await file.read(bytes, at);
      if (bytesRead === 0) return bytes.slice(0, at);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function make(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Otherwise a power failure may lose the names in it. */
async function synced(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function orNone<T, N>(found: Promise<T>, none: N): Promise<T | N> {
  try {
    return await found;
  } catch (error) {
    if (NONE.has(codeOf(error))) return none;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
