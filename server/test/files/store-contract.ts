import { randomBytes } from 'node:crypto';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  ChunkBody,
  FileDescription,
  FileName,
  FileStore,
  StoredFile,
} from '../../src/files/file-store.ts';

export const MIB = 1024 * 1024;

export const newFileName = (room = randomId<RoomId>()): FileName => ({ room, id: randomId<FileId>() });

function randomId<Id>(): Id {
  return randomBytes(16).toString('base64url') as Id;
}

export function describedAs(bytes: number, more: Partial<FileDescription> = {}): FileDescription {
  return { bytes, began: 1_790_000_000_000, until: 1_800_000_000_000, ...more };
}

/** @param step how long each part is */
export function bodyOf(bytes: Uint8Array, step = 64 * 1024): () => Promise<ChunkBody> {
  return async () => ({ bytes: bytes.length, parts: partsOf(bytes, step) });
}

async function* partsOf(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

export async function bytesOf(store: FileStore, file: FileName, chunk: number): Promise<Buffer | undefined> {
  const found = await store.get(file, chunk);
  if (found === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const part of found.parts) parts.push(part);
  await found.close();
  return Buffer.concat(parts);
}

export async function walked(store: FileStore, room?: RoomId): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for await (const file of store.walk(room)) found.push(file);
  return found;
}

export interface StoreUnderTest {
  readonly name: string;
  /** @returns handles onto the same empty store, one per node */
  open(): Promise<{ readonly nodes: readonly [FileStore, FileStore]; close(): Promise<void> }>;
}

/** The guarantees of the port of files. The test of each engine calls this. */
export function storeContract({ name, open }: StoreUnderTest): void {
  describe(`${name} keeps the contract of the store of files`, () => {
    let a: FileStore;
    let b: FileStore;
    let close: () => Promise<void>;
    beforeAll(async () => {
      const opened = await open();
      [a, b] = opened.nodes;
      close = opened.close;
    });
    afterAll(() => close());

    test('1. a chunk comes back as it was stored, on each node', async () => {
      const file = newFileName();
      const chunks = [randomBytes(MIB), randomBytes(MIB), randomBytes(17)];
      await a.begin(file, describedAs(3 * MIB));
      for (const [at, bytes] of chunks.entries()) expect(await a.put(file, at, bodyOf(bytes))).toBe('stored');
      for (const [at, bytes] of chunks.entries()) {
        expect((await bytesOf(b, file, at))?.equals(bytes)).toBe(true);
        const found = await b.get(file, at);
        expect(found).toMatchObject({ bytes: bytes.length, description: describedAs(3 * MIB) });
        await found?.close();
      }
    });

    test('2. the first description stays', async () => {
      const file = newFileName();
      const first = describedAs(MIB, { discard: randomBytes(32).toString('base64url') });
      expect(await a.begin(file, first)).toEqual({ description: first, isNew: true });
      expect(await b.begin(file, describedAs(5))).toEqual({ description: first, isNew: false });
      expect(await b.have(file)).toEqual({ description: first, chunks: [] });
    });

    test('3. the first chunk stays, and the body of another is not asked for', async () => {
      const file = newFileName();
      await a.begin(file, describedAs(MIB));
      const bytes = randomBytes(1000);
      await a.put(file, 0, bodyOf(bytes));
      const asked = () => Promise.reject(new Error('asked'));
      expect(await b.put(file, 0, asked)).toBe('there');
      expect(await bytesOf(a, file, 0)).toEqual(bytes);
    });

    test('4. a chunk whose body fails is not there, nor any part of it', async () => {
      const file = newFileName();
      await a.begin(file, describedAs(MIB));
      const failing = async () => ({
        bytes: 1000,
        parts: (async function* () {
          yield randomBytes(500);
          throw new Error('the connection has ended');
        })(),
      });
      await expect(a.put(file, 0, failing)).rejects.toThrow('the connection has ended');
      await expect(a.put(file, 0, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
      expect(await b.get(file, 0)).toBeUndefined();
      expect(await b.have(file)).toMatchObject({ chunks: [] });
      expect(await a.put(file, 0, bodyOf(randomBytes(1000)))).toBe('stored');
    });

    test('5. what is there of a file is reported in order', async () => {
      const file = newFileName();
      await a.begin(file, describedAs(12 * MIB));
      for (const chunk of [10, 2, 0, 11]) await a.put(file, chunk, bodyOf(randomBytes(10)));
      expect((await b.have(file))?.chunks).toEqual([0, 2, 10, 11]);
      expect(await b.have(newFileName())).toBeUndefined();
      expect(await b.get(file, 1)).toBeUndefined();
      expect(await b.get(newFileName(), 0)).toBeUndefined();
    });

    test('6. a dropped file is gone with its description, and may begin again', async () => {
      const file = newFileName();
      await a.begin(file, describedAs(MIB));
      await a.put(file, 0, bodyOf(randomBytes(10)));
      expect(await b.drop(file)).toBe(true);
      expect(await a.drop(file)).toBe(false);
      expect(await a.get(file, 0)).toBeUndefined();
      expect(await a.have(file)).toBeUndefined();
      expect(await a.put(file, 0, bodyOf(randomBytes(10)))).toBe('gone');
      expect(await a.begin(file, describedAs(5))).toEqual({ description: describedAs(5), isNew: true });
      expect(await bytesOf(a, file, 0)).toBeUndefined();
    });

    test('7. a walk finds each file, of one room or of all, and only those', async () => {
      const [one, two] = [newFileName(), newFileName()];
      const other = newFileName(one.room);
      for (const file of [one, two, other]) await a.begin(file, describedAs(2 * MIB));
      for (const chunk of [0, 1]) await a.put(one, chunk, bodyOf(randomBytes(100 + chunk)));
      await b.drop(two);
      const ofRoom = await walked(b, one.room);
      expect(new Set(ofRoom.map(({ id }) => id))).toEqual(new Set([one.id, other.id]));
      expect(ofRoom.find(({ id }) => id === one.id)).toEqual({
        ...one,
        description: describedAs(2 * MIB),
        chunks: [0, 1],
        bytes: 201,
        changed: expect.any(Number),
      });
      const all = await walked(b);
      expect(all).toEqual(expect.arrayContaining(ofRoom));
      expect(all.some(({ id }) => id === two.id)).toBe(false);
      expect(await walked(a, two.room)).toEqual([]);
      // A room's files are together.
      const rooms = all.map(({ room }) => room);
      expect(rooms.filter((room, i) => room !== rooms[i - 1])).toHaveLength(new Set(rooms).size);
    });

    test('8. of chunks that are stored at the same moment, each is whole', async () => {
      const files = Array.from({ length: 6 }, () => newFileName());
      const stored = await Promise.all(
        files.map(async (file, i) => {
          const node = i % 2 === 0 ? a : b;
          await node.begin(file, describedAs(4 * MIB));
          const chunks = [0, 1, 2, 3].map(() => randomBytes(100_000));
          await Promise.all(chunks.map((bytes, at) => node.put(file, at, bodyOf(bytes, 1000))));
          return chunks;
        }),
      );
      for (const [i, file] of files.entries())
        for (const [at, bytes] of (stored[i] ?? []).entries())
          expect((await bytesOf(a, file, at))?.equals(bytes)).toBe(true);
    });
  });
}
