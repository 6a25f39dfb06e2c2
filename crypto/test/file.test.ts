import { createDecipheriv, createHash } from 'node:crypto';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { PIECE_BYTES, paddedBytes } from '@gochat/protocol/file-chunks';
import { LIMITS } from '@gochat/protocol/limits';
import { signedFilePass } from '@gochat/protocol/signed';
import { expect, test } from 'vitest';
import {
  chunkCount,
  chunkHash,
  discardHash,
  type FileSeal,
  fileHash,
  newFile,
  openChunk,
  sealChunk,
  signFilePass,
} from '../src/file.ts';
import { FileError } from '../src/file-error.ts';
import { verify } from '../src/primitives.ts';
import { roomOfPeople } from './assert.ts';
import { testBytes } from './test-bytes.ts';
import { type Person, seededEnv } from './world.ts';

const env = seededEnv(1);
const room = encodeBytes(testBytes(16, 9)) as RoomId;

function fileOf(bytes: number): FileSeal {
  const { id, key } = newFile(env);
  return { room, id, key, bytes };
}

async function sealed(file: FileSeal, bytes: Uint8Array): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (let chunk = 0; chunk < chunkCount(file.bytes); chunk++)
    chunks.push(
      await sealChunk(file, chunk, bytes.subarray(chunk * PIECE_BYTES, (chunk + 1) * PIECE_BYTES), env),
    );
  return chunks;
}

async function opened(file: FileSeal, chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const [i, chunk] of chunks.entries()) pieces.push(await openChunk(file, i, chunk));
  return Buffer.concat(pieces);
}

const sizes = [0, 1, 16_384, 16_385, 100_000, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2_500_000];

test.each(sizes)('a file of %i bytes is opened as it was sealed', async (size) => {
  const bytes = env.random(size);
  const file = fileOf(size);
  const chunks = await sealed(file, bytes);
  expect(Buffer.compare(await opened(file, chunks), bytes)).toBe(0);
  expect(chunks.every(({ length }) => length <= LIMITS.chunkBytes)).toBe(true);
  expect(chunks.reduce((sum, { length }) => sum + length - 28, 0)).toBe(paddedBytes(size));
});

test('the size that the server sees is one of 102 up to 100 MiB, and at most an eighth more', () => {
  const seen = new Set<number>();
  for (let bytes = 0; bytes <= 100 * 2 ** 20; bytes += 2039) {
    const padded = paddedBytes(bytes);
    expect(padded).toBeGreaterThanOrEqual(bytes);
    if (bytes > 16_384) expect(padded).toBeLessThan(bytes * 1.125 + 1);
    seen.add(padded);
  }
  expect([...seen].sort((a, b) => a - b)[0]).toBe(16_384);
  expect(seen.size).toBe(102);
});

test('a chunk is AES-256-GCM with the file’s key, and the hash covers all chunks', async () => {
  const bytes = env.random(PIECE_BYTES + 5);
  const file = fileOf(bytes.length);
  const chunks = await sealed(file, bytes);
  const part = (text: string | Buffer) => {
    const content = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const four = (value: number) => {
    const out = Buffer.alloc(4);
    out.writeUInt32BE(value);
    return out;
  };
  const [first = new Uint8Array()] = chunks;
  const cipher = createDecipheriv('aes-256-gcm', Buffer.from(file.key, 'base64url'), first.subarray(0, 12));
  cipher.setAAD(
    Buffer.concat([
      part('gochat/file/2'),
      part(file.room),
      part(file.id),
      part(four(0)),
      part(four(chunks.length)),
    ]),
  );
  cipher.setAuthTag(first.subarray(-16));
  const plain = Buffer.concat([cipher.update(first.subarray(12, -16)), cipher.final()]);
  expect(Buffer.compare(plain, bytes.subarray(0, PIECE_BYTES))).toBe(0);
  const sha = (data: Uint8Array) => createHash('sha256').update(data).digest();
  expect(await fileHash(await Promise.all(chunks.map(chunkHash)))).toBe(
    sha(Buffer.concat(chunks.map(sha))).toString('base64url'),
  );
});

test('chunks that were changed, cut, swapped, or belong to another file are damaged', async () => {
  const bytes = env.random(2 * PIECE_BYTES + 100);
  const file = fileOf(bytes.length);
  const [first, second, third] = (await sealed(file, bytes)) as [Uint8Array, Uint8Array, Uint8Array];
  const flipped = (at: number) => first.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const other = newFile(env);
  const longer = new Uint8Array([...first, 0]);
  const wrong: [FileSeal, number, Uint8Array][] = [
    [file, 0, flipped(0)],
    [file, 0, flipped(12)],
    [file, 0, flipped(first.length - 1)],
    [file, 0, first.subarray(0, -1)],
    [file, 0, longer],
    [file, 0, new Uint8Array()],
    [file, 0, second],
    [file, 2, third.subarray(0, 20)],
    [file, 3, third],
    [{ ...file, id: other.id }, 0, first],
    [{ ...file, key: other.key }, 0, first],
    [{ ...file, room: encodeBytes(testBytes(16, 7)) as RoomId }, 0, first],
    // Cut to two chunks.
    [{ ...file, bytes: PIECE_BYTES + 100 }, 0, first],
  ];
  for (const [as, chunk, sealedChunk] of wrong)
    await expect(openChunk(as, chunk, sealedChunk)).rejects.toThrow(FileError);
});

test('a chunk that is sealed again has another nonce', async () => {
  const file = fileOf(10);
  const twice = [await sealChunk(file, 0, testBytes(10), env), await sealChunk(file, 0, testBytes(10), env)];
  expect(new Set(twice.map((chunk) => encodeBytes(chunk.subarray(0, 12)))).size).toBe(2);
  await expect(sealChunk(file, 0, new Uint8Array(paddedBytes(10) + 1), env)).rejects.toThrow(RangeError);
});

test('a pass is signed with the access key, or with the admin key to delete another’s file', async () => {
  const { people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  const { id, discard } = newFile(env);
  const at = { origin: 'chat.example', now: 1_700_000_000_000 };
  const put = signFilePass(
    ben.room,
    { verb: 'put', id, bytes: 20_000, discard: await discardHash(discard), keepMs: 5 },
    at,
  );
  expect(put).toMatchObject({ key: ben.room.key, bytes: paddedBytes(20_000), keepMs: 5 });
  expect(put?.until).toBeLessThanOrEqual(at.now + LIMITS.filePassMs);
  const signs = (who: Uint8Array, verb: 'put' | 'get' | 'drop', pass: typeof put) =>
    pass !== undefined && verify(who, signedFilePass(verb, id, pass), decodeBytes(pass.proof));
  expect(signs(ben.room.accessKey.publicKey, 'put', put)).toBe(true);
  expect(signs(ben.room.accessKey.publicKey, 'get', put)).toBe(false);
  const drop = signFilePass(ana.room, { verb: 'drop', id }, at);
  expect(drop?.key).toBe(encodeBytes(ana.room.admin?.publicKey ?? new Uint8Array()));
  expect(signs(ana.room.admin?.publicKey ?? new Uint8Array(), 'drop', drop)).toBe(true);
  expect(signFilePass(ben.room, { verb: 'drop', id }, at)).toBeUndefined();
  const own = signFilePass(ben.room, { verb: 'drop', id, discard }, at);
  expect(own).toMatchObject({ key: ben.room.key, discard });
  expect(signs(ben.room.accessKey.publicKey, 'drop', own)).toBe(true);
  expect(signFilePass(ben.room, { verb: 'get', id: id as FileId }, at)).toMatchObject({ bytes: 0 });
});
