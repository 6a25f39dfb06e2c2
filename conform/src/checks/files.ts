import { createHash, randomBytes } from 'node:crypto';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { FileId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, chunksOf, paddedBytes, pieceBytes } from '@gochat/protocol/file-chunks';
import type { Bench, Check, Founded } from '../bench.ts';
import type { Connection } from '../connection.ts';
import { mustEqual } from '../failure.ts';
import { FileClient, newFileId, signerOf } from '../files.ts';
import { KeyPair } from '../key-pair.ts';

interface Parts extends Founded {
  readonly connection: Connection;
  readonly files: FileClient;
}

interface Sealed {
  readonly id: FileId;
  readonly bytes: number;
  readonly secret: string;
  readonly discard: string;
  readonly chunks: readonly Buffer[];
}

function newFile(bytes: number): Sealed {
  const [padded, secret] = [paddedBytes(bytes), randomBytes(16)];
  return {
    id: newFileId(),
    bytes: padded,
    secret: encodeBytes(secret),
    discard: createHash('sha256').update(secret).digest('base64url'),
    chunks: Array.from({ length: chunksOf(padded) }, (_, chunk) =>
      randomBytes(pieceBytes(padded, chunk) + CHUNK_OVERHEAD),
    ),
  };
}

/** A check for servers that store files: `welcome` says so. Others need nothing. */
function check(name: string, run: (parts: Parts, bench: Bench) => Promise<void>): Check {
  return {
    name,
    run: async (bench) => {
      const connection = await bench.dial();
      const welcome = await connection.greet();
      if (welcome.files === undefined) return;
      const founded = await bench.found(connection);
      const files = new FileClient(bench.target, bench.transcript, founded.room, welcome.now - Date.now());
      await run({ ...founded, connection, files }, bench);
    },
  };
}

async function put({ files, access }: Pick<Parts, 'files' | 'access'>, file: Sealed, chunk: number) {
  const { bytes, discard } = file;
  const pass = files.pass('put', file.id, signerOf(access), { bytes, discard });
  return (await files.ask('PUT', `${file.id}/${chunk}`, pass, file.chunks[chunk])).status;
}

async function get({ files, access }: Pick<Parts, 'files' | 'access'>, file: Sealed, chunk: number) {
  return files.ask('GET', `${file.id}/${chunk}`, files.pass('get', file.id, signerOf(access)));
}

export const fileChecks: readonly Check[] = [
  check('files: chunks come back as they were stored, and the server says which are there', async (parts) => {
    const file = newFile(1_100_000);
    mustEqual(await put(parts, file, 1), 201, 'the status of the second chunk');
    const state = parts.files.pass('get', file.id, signerOf(parts.access));
    const { body } = await parts.files.ask('GET', file.id, state);
    mustEqual(JSON.parse(body.toString()), { chunks: 2, have: [1] }, 'what is there');
    mustEqual((await get(parts, file, 0)).status, 404, 'the status of a chunk that was not stored');
    mustEqual(await put(parts, file, 0), 201, 'the status of the first chunk');
    for (const [chunk, bytes] of file.chunks.entries())
      mustEqual((await get(parts, file, chunk)).body.equals(bytes), true, `chunk ${chunk} is the same`);
  }),
  check('files: what was stored first stays', async (parts) => {
    const file = newFile(100);
    mustEqual(await put(parts, file, 0), 201, 'the status of the first');
    mustEqual(await put(parts, { ...newFile(100), id: file.id }, 0), 200, 'the status of a repeat');
    mustEqual(
      (await get(parts, file, 0)).body.equals(file.chunks[0] as Buffer),
      true,
      'the first bytes stay',
    );
    mustEqual(await put(parts, { ...newFile(100_000), id: file.id }, 0), 409, 'the status of another size');
  }),
  check('files: a pass is needed, of a member, for this file and verb, and not expired', async (parts) => {
    const { files, access } = parts;
    const file = newFile(100);
    await put(parts, file, 0);
    const by = signerOf(access);
    const ask = async (pass: Parameters<FileClient['ask']>[2]) => {
      const { status, error } = await files.ask('GET', `${file.id}/0`, pass);
      return [status, error];
    };
    mustEqual(await ask(undefined), [401, 'pass'], 'without a pass');
    mustEqual(await ask(files.pass('get', newFileId(), by)), [403, 'refused'], 'of another file');
    mustEqual(await ask(files.pass('put', file.id, by)), [403, 'refused'], 'of another verb');
    const other = { key: access.at, keys: new KeyPair() };
    mustEqual(await ask(files.pass('get', file.id, other)), [403, 'refused'], 'of another key');
    mustEqual(await ask(files.pass('get', file.id, by, { until: 1 })), [403, 'expired'], 'that has expired');
  }),
  check(
    'files: a pass of a retired key is refused at once, one of the next key is not',
    async (parts, bench) => {
      const { files, access, room, admin, connection } = parts;
      const file = newFile(100);
      await put(parts, file, 0);
      const next = await bench.commit(connection, room, access, { order: { keys: admin, retire: true } });
      const { status, error } = await get(parts, file, 0);
      mustEqual([status, error], [403, 'retired'], 'the answer to the retired key');
      mustEqual((await get({ files, access: next }, file, 0)).status, 200, 'the status with the next key');
    },
  ),
  check(
    'files: the secret of a file deletes it, and so does the admin key; nothing else does',
    async (parts) => {
      const { files, access, admin } = parts;
      const [own, others] = [newFile(100), newFile(100)];
      for (const file of [own, others]) await put(parts, file, 0);
      const wrong = files.pass('drop', own.id, signerOf(access), { discard: others.secret });
      mustEqual((await files.ask('DELETE', own.id, wrong)).status, 403, 'the status with another secret');
      const right = files.pass('drop', own.id, signerOf(access), { discard: own.secret });
      mustEqual((await files.ask('DELETE', own.id, right)).status, 204, 'the status with the secret');
      mustEqual((await get(parts, own, 0)).status, 404, 'the status of the deleted file');
      const ordered = files.pass('drop', others.id, { key: admin.public, keys: admin });
      mustEqual((await files.ask('DELETE', others.id, ordered)).status, 204, 'the status with the admin key');
      mustEqual((await get(parts, others, 0)).status, 404, 'the status of the other deleted file');
    },
  ),
];
