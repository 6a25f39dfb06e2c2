import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryItem } from '@gochat/client/internal/api/sdk';
import type { ChatEvent } from '@gochat/client/methods';
import type { FileContent } from '@gochat/crypto/content';
import { cacheId } from '@gochat/crypto/file';
import type { RoomId } from '@gochat/protocol/fields';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileOf, Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';

const SIZE = 2_500_000;
const hex = (id: string) => Buffer.from(id, 'base64url').toString('hex');

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ana: Someone;
let ben: Someone;
let cy: Someone;
let room: string;
let other: string;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  ana = await Someone.open('ana', join(home.path, 'ana'));
  ben = await Someone.open('ben', join(home.path, 'ben'));
  const hosted = await ana.hosts(server.url);
  await ben.joins(hosted.link);
  room = hosted.room;
  cy = await Someone.open('cy', join(home.path, 'cy'));
  await cy.joins(await ana.invites(room));
  const second = await ana.hosts(server.url, 'cellar');
  await ben.joins(second.link);
  other = second.room;
});

afterAll(async () => {
  await Promise.all([ana, ben, cy].map((one) => one.close()));
  await server.stop();
  await home.remove();
});

/** Where the server has a chunk. */
function chunkAt({ id }: Pick<FileContent, 'id'>, chunk: number): string {
  const folder = hex(room);
  return join(home.path, 'server', 'files', folder.slice(0, 2), folder, hex(id), String(chunk));
}

/** Changes a chunk where the server has it. */
async function change(file: FileContent, chunk: number, how: (bytes: Buffer) => Buffer): Promise<void> {
  const path = chunkAt(file, chunk);
  await writeFile(path, how(await readFile(path)));
}

const flip = (at: number) => (bytes: Buffer) => {
  const changed = Buffer.from(bytes);
  changed[at < 0 ? bytes.length + at : at] = (changed.at(at) ?? 0) ^ 1;
  return changed;
};

/** Exchanges chunks where the server has them. */
async function swap(a: readonly [FileContent, number], b: readonly [FileContent, number]): Promise<void> {
  const [one, two] = await Promise.all([readFile(chunkAt(...a)), readFile(chunkAt(...b))]);
  await Promise.all([writeFile(chunkAt(...a), two), writeFile(chunkAt(...b), one)]);
}

async function prepared(bytes = randomBytes(SIZE)): Promise<FileContent> {
  return (await ana.profile.files.prepare(room, fileOf('a.bin', bytes))).content;
}

/** Has a client believe that it has sealed a file for a room. */
async function spooled(where: string, { id }: FileContent, who = ana): Promise<void> {
  await who.profile.call('spool', { room: where, files: [{ id, discard: 'A'.repeat(22) }] });
  await who.profile.call('spooled', { room: where, ids: [id] });
}

/** Copies what a client has sealed: for another room, or under another id. */
async function copyOwn(who: Someone, ...places: readonly (readonly [string, Pick<FileContent, 'id'>])[]) {
  const [from = '', to = ''] = await Promise.all(
    places.map(async ([where, { id }]) =>
      join(who.dir, 'files', hex(await cacheId(where as RoomId, id, ''))),
    ),
  );
  await cp(from, to, { recursive: true });
}

/** @returns a message when a member has it */
async function arrived(who: Someone, where: string, id: string): Promise<HistoryItem & { kind: 'text' }> {
  const found = async () => (await who.messages(where)).find((item) => item.id === id);
  await who.until(async () => (await found()) !== undefined, 'has the message');
  return (await found()) as HistoryItem & { kind: 'text' };
}

async function deletes(who: Someone, where: string, id: string): Promise<void> {
  const { seq } = await arrived(who, where, id);
  await who.posts(where, { kind: 'delete', of: { seq, id } });
}

/** Ana's client has asked the server to drop all that it has to: what is read as to be dropped is dropped before more is read. */
async function droppedAll(): Promise<void> {
  for (let times = 0; times < 2; times += 1) {
    const file = await prepared(randomBytes(1));
    const id = await posted(room, file);
    await deletes(ana, room, id);
    await ana.until(async () => !existsSync(chunkAt(file, 0)), 'the server has dropped it');
  }
}

/** Ana posts files as they are described. */
async function posted(where: string, ...files: readonly FileContent[]): Promise<string> {
  const id = await ana.posts(where, { kind: 'text', text: '', files: [...files] });
  await ben.until(async () => (await ben.messages(where)).some((item) => item.id === id), 'ben has it');
  return id;
}

/** What ben gets when he opens a file. */
async function outcomeOf(
  where: string,
  id: string,
  index = 0,
): Promise<{ readonly error: string; readonly event: string }> {
  let event = '';
  const stop = ben.profile.on((heard: ChatEvent) => {
    if (heard.kind === 'file' && heard.problem !== undefined)
      event = `${heard.state} ${heard.problem.data.reason}`;
  });
  const error = await ben.opens(where, id, index).then(
    () => '',
    (failure: { readonly data: { readonly reason: string } }) => failure.data.reason,
  );
  stop();
  return { error, event };
}

const DAMAGED = { error: 'file-damaged', event: 'failed file-damaged' };

test.each<readonly [string, (file: FileContent) => Promise<void>]>([
  ['a bit of the nonce flipped', (file) => change(file, 0, flip(0))],
  ['a bit in the middle flipped', (file) => change(file, 1, flip(500_000))],
  ['a bit of the tag flipped', (file) => change(file, 2, flip(-1))],
  ['a bit of the padding flipped', (file) => change(file, 2, flip(-100))],
  ['a byte cut off', (file) => change(file, 2, (bytes) => bytes.subarray(0, -1))],
  ['cut to nothing', (file) => change(file, 0, () => Buffer.alloc(0))],
  ['a byte appended', (file) => change(file, 2, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]))],
  ['two chunks exchanged', (file) => swap([file, 0], [file, 1])],
  [
    'a chunk of another file',
    async (file) => {
      const second = await prepared();
      await posted(room, second);
      await swap([file, 1], [second, 1]);
    },
  ],
  [
    'the chunks of another file',
    async (file) => {
      const second = await prepared();
      await posted(room, second);
      for (const chunk of [0, 1, 2]) await swap([file, chunk], [second, chunk]);
    },
  ],
])('a stored file with %s is said to be damaged', async (_how, damage) => {
  const file = await prepared();
  const id = await posted(room, file);
  await damage(file);
  expect(await outcomeOf(room, id)).toEqual(DAMAGED);
  expect(await ben.profile.files.here(room, [file])).toEqual([]);
});

test.each<readonly [string, (file: FileContent) => FileContent]>([
  ['another hash', (file) => ({ ...file, hash: randomBytes(32).toString('base64url') })],
  ['another key', (file) => ({ ...file, key: randomBytes(32).toString('base64url') })],
  ['another size', (file) => ({ ...file, bytes: file.bytes - 1_000_000 })],
])('a message that names %s is said to have a damaged file', async (_how, lie) => {
  const file = await prepared();
  const honest = await posted(room, file);
  await spooled(room, file);
  const lying = await posted(room, lie(file));
  expect(await outcomeOf(room, lying)).toEqual(DAMAGED);
  expect((await ben.opens(room, honest)).length).toBe(SIZE);
});

test('a file of one room is damaged in another', async () => {
  const file = await prepared();
  await posted(room, file);
  // As a client that seals it for the second room, too, but with the chunks of the first.
  await spooled(other, file);
  await copyOwn(ana, [room, file], [other, file]);
  const id = await posted(other, file);
  expect(await outcomeOf(other, id)).toEqual(DAMAGED);
});

test('a chunk that is damaged in the reader’s own cache is fetched again', async () => {
  const bytes = randomBytes(SIZE);
  const file = await prepared(bytes);
  const id = await posted(room, file);
  expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
  const cached = await cacheId(room as RoomId, file.id, file.hash);
  const own = join(ben.dir, 'files', hex(cached), '1');
  await writeFile(own, flip(7)(await readFile(own)));
  expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
});

test('an admin who deletes a message that names the file of another leaves that file', async () => {
  const bytes = randomBytes(SIZE);
  const honest = await cy.queuesFiles(room, [fileOf('a.bin', bytes)], '');
  const [file] = (await arrived(ben, room, honest)).files ?? [];
  if (file === undefined) throw new Error('no file');
  await ben.opens(room, honest);
  await spooled(room, file, ben);
  const lying = await ben.posts(room, { kind: 'text', text: '', files: [file] });
  await deletes(ana, room, lying);
  await droppedAll();
  expect((await ana.opens(room, honest)).equals(bytes)).toBe(true);
  await deletes(ana, room, honest);
  await ana.until(async () => !existsSync(chunkAt(file, 0)), 'the server has dropped it');
});

/** A file under the id of another: the server has chunks of that size. */
async function lieAbout({ id }: FileContent, where: string): Promise<FileContent> {
  const { content } = await ben.profile.files.prepare(where, fileOf('b.bin', randomBytes(SIZE)));
  await spooled(where, { ...content, id }, ben);
  await copyOwn(ben, [where, content], [where, { id }]);
  return { ...content, id };
}

test.each(['the same room', 'another room'])(
  'who names the id of a file that waits, in %s, can’t have it dropped by its profile',
  async (place) => {
    const where = place === 'the same room' ? room : other;
    const bytes = randomBytes(SIZE);
    const file = await prepared(bytes);
    const lying = await ben.posts(where, { kind: 'text', text: '', files: [await lieAbout(file, where)] });
    await arrived(ana, where, lying);
    await expect(ana.opens(where, lying)).rejects.toMatchObject({ data: { reason: 'file-damaged' } });
    await deletes(ben, where, lying);
    await ana.until(async () => (await arrived(ana, where, lying)).deleted !== undefined, 'deleted');
    await droppedAll();
    if (where === other) {
      const honest = await posted(room, file);
      expect((await ben.opens(room, honest)).equals(bytes)).toBe(true);
    } else expect(await ana.profile.files.here(room, [file])).toEqual([file.id]);
  },
);

test('who names the id of a posted file with another hash can’t have it dropped from caches', async () => {
  const file = await prepared();
  const honest = await posted(room, file);
  await cy.until(async () => (await cy.messages(room)).some((item) => item.id === honest), 'cy has it');
  await cy.opens(room, honest);
  await spooled(room, file);
  const lie = { ...file, hash: randomBytes(32).toString('base64url') };
  const lying = await posted(room, lie);
  await arrived(cy, room, lying);
  await expect(cy.opens(room, lying)).rejects.toMatchObject({ data: { reason: 'file-damaged' } });
  expect(await cy.profile.files.here(room, [file])).toEqual([file.id]);
});
