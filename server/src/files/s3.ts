import type { FileId, RoomId } from '@gochat/protocol/fields';
import { S3mini } from 's3mini';
import { Unavailable } from '../log/log.ts';
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

/** A bucket of an S3 server. */
export interface S3Settings {
  /** The address of the bucket: `https://host/bucket`. */
  readonly endpoint: string;
  /** What the names of all objects begin with: empty, or a path that ends with a slash. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly at: number;
}

const PAGE = 1000;
const TIMEOUT_MS = 30_000;
/** Chunks that no put can still be completing. */
const LEFT_BEHIND_MS = 3600_000;
const DESCRIPTIONS_CACHED = 10_000;
const ABSENT = { 'if-none-match': '*' };
const PRECONDITION_FAILED = 412;

/**
 * A file is the objects `PREFIX/RO/ROOM/ID/about` and one for each chunk. A server that knows conditional writes refuses to replace an
 * object. On another one, of two nodes that store the same chunk at the same moment, the later replaces the earlier; each is whole.
 */
export class S3Files implements FileStore {
  readonly #bucket: S3mini;
  readonly #prefix: string;
  readonly #pageObjects: number;
  /** They never change. */
  readonly #descriptions = new Map<string, FileDescription>();

  /** @param page how many objects a list may have. S3's own limit is 1,000 */
  constructor({ endpoint, prefix, region, accessKey, secretKey }: S3Settings, page = PAGE) {
    this.#pageObjects = page;
    this.#bucket = new S3mini({
      endpoint,
      region,
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      requestAbortTimeout: TIMEOUT_MS,
    });
    this.#prefix = prefix;
  }

  /** @throws Unavailable when the bucket can't be used */
  async check(): Promise<void> {
    await this.#page(this.#prefix, 1, undefined);
  }

  async begin(
    file: FileName,
    description: FileDescription,
  ): Promise<{ readonly description: FileDescription; readonly isNew: boolean }> {
    const earlier = await this.#readDescription(file);
    if (earlier !== undefined) return { description: earlier, isNew: false };
    const isFirst = await this.#store(this.#nameOf(file, DESCRIPTION), encodeDescription(description));
    // What another node has stored at the same moment.
    const stored = await this.#readDescription(file);
    if (stored === undefined) throw new Unavailable('a file disappeared while it was begun');
    return { description: stored, isNew: isFirst };
  }

  async put(
    file: FileName,
    chunk: number,
    take: () => Promise<ChunkBody>,
  ): Promise<'stored' | 'there' | 'gone'> {
    const name = this.#nameOf(file, chunk);
    if (await this.#exists(name)) return 'there';
    if (!(await this.#exists(this.#nameOf(file, DESCRIPTION)))) return 'gone';
    const isFirst = await this.#store(name, await bytesOf(await take()));
    if (!isFirst) return 'there';
    // It may have been dropped meanwhile.
    if (await this.#exists(this.#nameOf(file, DESCRIPTION))) return 'stored';
    await this.#delete([name]);
    return 'gone';
  }

  async have(file: FileName): Promise<FileState | undefined> {
    const description = await this.#readDescription(file);
    if (description === undefined) return undefined;
    const chunks: number[] = [];
    for await (const { name } of this.#list(this.#nameOf(file, ''))) {
      const chunk = chunkOf(name.split('/').at(-1) ?? '');
      if (chunk !== undefined) chunks.push(chunk);
    }
    return { description, chunks: chunks.sort((a, b) => a - b) };
  }

  async get(file: FileName, chunk: number): Promise<StoredChunk | undefined> {
    const name = this.#nameOf(file, chunk);
    const response = await answered(this.#bucket.getObjectResponse(name));
    const body = response?.body;
    if (response === null || body === null || body === undefined) return undefined;
    const close = async () => {
      if (!body.locked) await body.cancel();
    };
    try {
      const description = this.#descriptions.get(keyOf(file)) ?? (await this.#readDescription(file));
      if (description === undefined) {
        await close();
        return undefined;
      }
      const bytes = Number(response.headers.get('content-length'));
      return { description, bytes, parts: body as unknown as AsyncIterable<Uint8Array>, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async drop(file: FileName): Promise<boolean> {
    const about = this.#nameOf(file, DESCRIPTION);
    const wasThere = await this.#exists(about);
    this.#descriptions.delete(keyOf(file));
    // First, so that no chunk is added any more.
    await this.#delete([about]);
    const names: string[] = [];
    for await (const { name } of this.#list(this.#nameOf(file, ''))) names.push(name);
    await this.#delete(names);
    return wasThere;
  }

  async *walk(room?: RoomId, skip?: SkipFile): AsyncIterable<StoredFile> {
    const prefix = room === undefined ? '' : `${roomPath(room).join('/')}/`;
    let folder = '';
    let objects: Listed[] = [];
    for await (const object of this.#list(this.#prefix + prefix)) {
      const next = object.name.slice(0, object.name.lastIndexOf('/'));
      if (next !== folder) {
        yield* this.#fileOf(folder, objects, room === undefined, skip);
        [folder, objects] = [next, []];
      }
      objects.push(object);
    }
    yield* this.#fileOf(folder, objects, room === undefined, skip);
  }

  /** @param objects those of one file. @param tidies whether to delete chunks that a dropped file has left behind */
  async *#fileOf(
    folder: string,
    objects: readonly Listed[],
    tidies: boolean,
    skip?: SkipFile,
  ): AsyncIterable<StoredFile> {
    const [, roomHex = '', idHex = ''] = folder.slice(this.#prefix.length).split('/');
    const [room, id] = [idOf<RoomId>(roomHex), idOf<FileId>(idHex)];
    if (room === undefined || id === undefined) return;
    const chunks = objects.flatMap(({ name, bytes, at }) => {
      const chunk = chunkOf(name.slice(folder.length + 1));
      return chunk === undefined ? [] : [{ chunk, bytes, at }];
    });
    const file = { room, id };
    const isDescribed = objects.some(({ name }) => name === `${folder}/${DESCRIPTION}`);
    const description = isDescribed ? await this.#describedIn(file) : undefined;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    if (description instanceof OtherVersion) {
      if (skip === undefined) throw description;
      skip({ ...file, bytes });
      return;
    }
    if (description === undefined) {
      const isOld = objects.every(({ at }) => Date.now() - at > LEFT_BEHIND_MS);
      if (tidies && !isDescribed && isOld) await this.#delete(objects.map(({ name }) => name));
      return;
    }
    const numbers = chunks.map(({ chunk }) => chunk).sort((a, b) => a - b);
    const changed = Math.max(description.began, ...chunks.map(({ at }) => at));
    yield { ...file, description, chunks: numbers, bytes, changed };
  }

  #nameOf(file: FileName, last: string | number): string {
    return `${this.#prefix}${filePath(file).join('/')}/${last}`;
  }

  async #describedIn(file: FileName): Promise<FileDescription | OtherVersion | undefined> {
    try {
      return this.#descriptions.get(keyOf(file)) ?? (await this.#readDescription(file));
    } catch (error) {
      if (error instanceof OtherVersion) return error;
      throw error;
    }
  }

  async #readDescription(file: FileName): Promise<FileDescription | undefined> {
    const text = await answered(this.#bucket.getObject(this.#nameOf(file, DESCRIPTION)));
    if (text === null) return undefined;
    const description = decodeDescription(text);
    if (description === undefined) return undefined;
    const oldest = this.#descriptions.keys().next();
    if (this.#descriptions.size >= DESCRIPTIONS_CACHED && !oldest.done)
      this.#descriptions.delete(oldest.value);
    this.#descriptions.set(keyOf(file), description);
    return description;
  }

  async #exists(name: string): Promise<boolean> {
    return (await answered(this.#bucket.objectExists(name))) === true;
  }

  /** @returns false when there is an object with this name */
  async #store(name: string, bytes: Uint8Array): Promise<boolean> {
    const type = 'application/octet-stream';
    try {
      await answered(this.#bucket.putObject(name, Buffer.from(bytes), type, undefined, ABSENT as never));
      return true;
    } catch (error) {
      if (statusOf(error) === PRECONDITION_FAILED) return false;
      throw error;
    }
  }

  async #delete(names: readonly string[]): Promise<void> {
    for (const name of names) await answered(this.#bucket.deleteObject(name));
  }

  async *#list(prefix: string): AsyncIterable<Listed> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, this.#pageObjects, token);
      for (const { Key, Size, LastModified } of page?.objects ?? [])
        yield { name: Key, bytes: Number(Size), at: new Date(LastModified).getTime() };
      token = page?.nextContinuationToken;
    } while (token !== undefined);
  }

  #page(prefix: string, count: number, token: string | undefined) {
    return answered(this.#bucket.listObjectsPaged('/', prefix, count, token));
  }
}

function keyOf({ room, id }: FileName): string {
  return `${room} ${id}`;
}

/** A chunk has at most 1 MiB. S3 wants its length first, and may want it again. */
async function bytesOf({ parts }: ChunkBody): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** @throws StoreFull, Unavailable */
async function answered<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    if (statusOf(cause) === 507 || /QuotaExceeded|InsufficientStorage|StorageFull/.test(text))
      throw new StoreFull('the bucket is full', { cause });
    throw new Unavailable(`the S3 server: ${text}`, { cause });
  }
}

function statusOf(error: unknown): number | undefined {
  const status: unknown = Object(error instanceof Unavailable ? error.cause : error).status;
  return typeof status === 'number' ? status : undefined;
}
