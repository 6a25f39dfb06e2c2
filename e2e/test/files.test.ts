import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { FileSource } from '@gochat/client/files';
import { GoChat, type HistoryItem } from '@gochat/client/internal/api/sdk';
import { FolderFiles } from '@gochat/server/internal/files/folder';
import { expect, onTestFinished, test } from 'vitest';
import { fileOf, Someone, startServer, temporary } from '../src/people/people.ts';

/** Two people in a room, and the folder in which the server has the room's files. */
async function kitchen() {
  const home = await temporary();
  const data = join(home.path, 'server');
  const server = await startServer(data);
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const ben = await Someone.open('ben', join(home.path, 'ben'));
  const { room, link } = await ana.hosts(server.url);
  await ben.joins(link);
  return {
    home,
    server,
    ana,
    ben,
    room,
    /** The ids of the files that the server has. */
    stored: async () => {
      const files = await FolderFiles.open({ folder: join(data, 'files') });
      const found: string[] = [];
      for await (const file of files.walk()) found.push(file.id);
      return found;
    },
    async end() {
      await Promise.all([ana.close(), ben.close()]);
      await server.stop();
      await home.remove();
    },
  };
}

test('a message with files of all sizes arrives, and each member reads the same bytes', async () => {
  const { ana, ben, room, end } = await kitchen();
  const sizes = [0, 1, 16_384, 1_048_548, 1_048_549, 3_000_000];
  const bytes = sizes.map((size) => randomBytes(size));
  const sources = bytes.map((one, i) => fileOf(`${i}.bin`, one));
  const id = await ana.queuesFiles(room, sources, 'look');
  await ana.delivered(room, [id]);
  await ben.hears(room, 'look');
  const [item] = (await ben.messages(room)).filter((message) => message.id === id);
  expect(item?.files?.map(({ name, bytes: size }) => [name, size])).toEqual(
    sizes.map((size, i) => [`${i}.bin`, size]),
  );
  for (const [i, one] of bytes.entries()) {
    expect((await ben.opens(room, id, i)).equals(one)).toBe(true);
    expect((await ana.opens(room, id, i)).equals(one)).toBe(true);
  }
  expect(await ben.profile.files.here(room, item?.files ?? [])).toHaveLength(sizes.length);
  await end();
});

/** @returns the requests on files from now on: method, and chunk if it is about one */
function requestsOnFiles(): string[] {
  const asked: string[] = [];
  const listen = (message: unknown) => {
    const { method, url = '' } = (message as { readonly request: IncomingMessage }).request;
    const [, files, , chunk] = url.split('/');
    if (files === 'files') asked.push(chunk === undefined ? `${method}` : `${method} ${chunk}`);
  };
  subscribe('http.server.request.start', listen);
  onTestFinished(() => void unsubscribe('http.server.request.start', listen));
  return asked;
}

/** A file whose bytes stop in the middle until something is over. */
function stopping(bytes: Uint8Array, over: () => Promise<unknown>): FileSource {
  const middle = bytes.length >> 1;
  return {
    ...fileOf('large.bin', bytes),
    stream: async function* () {
      yield bytes.subarray(0, middle);
      await over();
      yield bytes.subarray(middle);
    },
  };
}

test('what the server has of a file is asked for only when its upload has begun before', async () => {
  const { ana, room, end } = await kitchen();
  const asked = requestsOnFiles();
  await ana.delivered(room, [await ana.queuesFiles(room, [fileOf('new.txt', randomBytes(10))], 'new')]);
  expect(asked).toEqual(['PUT 0']);
  await end();
});

test('a file that is sent at once goes up while it is sealed, each chunk once', async () => {
  const { ana, ben, room, stored, end } = await kitchen();
  const asked = requestsOnFiles();
  const bytes = randomBytes(6_000_000);
  const source = stopping(bytes, () =>
    ana.until(async () => (await stored()).length === 1, 'the server has the first chunks'),
  );
  const id = await ana.queuesFiles(room, [source], 'large', { isSending: true });
  await ana.delivered(room, [id]);
  expect(asked.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((chunk) => `PUT ${chunk}`));
  await ben.hears(room, 'large');
  expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
  // One that may be cancelled stays here.
  await ana.profile.files.prepare(room, fileOf('tray', bytes));
  expect(await stored()).toHaveLength(1);
  await end();
});

test('of a file that is not sent after all nothing stays, here or on the server', async () => {
  const { ana, room, stored, end } = await kitchen();
  const stop = new AbortController();
  const reason = new Error('cancelled');
  const source = stopping(randomBytes(6_000_000), async () => {
    await ana.until(async () => (await stored()).length === 1, 'the server has the first chunks');
    stop.abort(reason);
  });
  const preparing = ana.profile.files.prepare(room, source, { isSending: true, signal: stop.signal });
  await expect(preparing).rejects.toBe(reason);
  await ana.until(async () => (await stored()).length === 0, 'the server has forgotten them');
  await ana.until(async () => (await readdir(join(ana.dir, 'files'))).length === 0, 'ana has forgotten them');
  await end();
});

test('a file arrives though the server goes away while it is sealed', async () => {
  const { ana, ben, room, stored, end, server, home } = await kitchen();
  const bytes = randomBytes(6_000_000);
  const source = stopping(bytes, async () => {
    await ana.until(async () => (await stored()).length === 1, 'the server has the first chunks');
    await server.stop();
  });
  const id = await ana.queuesFiles(room, [source], 'large', { isSending: true });
  const again = await startServer(join(home.path, 'server'), server.port);
  await ana.delivered(room, [id]);
  await ben.hears(room, 'large');
  expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
  await end();
  await again.stop();
});

test('texts overtake a message whose files wait, and it arrives once the server is back', async () => {
  const { ana, ben, room, end, server, home } = await kitchen();
  await ana.syncs(room);
  const bytes = randomBytes(200_000);
  const id = await ana.queuesFiles(room, [fileOf('log.txt', bytes, 'text/plain')], 'slow');
  await ana.delivered(room, [await ana.says(room, 'quick')]);
  await ana.delivered(room, [id]);
  await ben.hears(room, 'slow');
  await server.stop();
  const away = await ana.queuesFiles(room, [fileOf('b.txt', bytes)], 'away');
  const later = await ana.says(room, 'also away');
  expect(await ana.profile.call('waiting', { room })).toMatchObject([
    { id: away, state: 'waiting', files: [{ done: 0, of: 200_000 }] },
    { id: later },
  ]);
  // An own file that waits is read from the profile.
  expect((await ana.opens(room, away)).equals(bytes)).toBe(true);
  const again = await startServer(join(home.path, 'server'), server.port);
  await ana.delivered(room, [away, later]);
  await ben.hears(room, 'away');
  expect((await ben.opens(room, away)).equals(bytes)).toBe(true);
  await end();
  await again.stop();
});

test('a message with files that is cancelled or deleted is forgotten here and on the server', async () => {
  const { ana, ben, room, stored, end, server, home } = await kitchen();
  const kept = await ana.queuesFiles(room, [fileOf('kept', randomBytes(10))]);
  const deleted = await ana.queuesFiles(room, [fileOf('deleted', randomBytes(10))]);
  const byAdmin = await ben.queuesFiles(room, [fileOf('bad', randomBytes(10))]);
  await Promise.all([ana.delivered(room, [kept, deleted]), ben.delivered(room, [byAdmin])]);
  await ana.until(async () => (await ana.messages(room)).length === 3, 'ana has all');
  await ben.until(async () => (await ben.messages(room)).length === 3, 'ben has all');
  for (const id of [deleted, byAdmin]) await ben.opens(room, id);
  expect(await stored()).toHaveLength(3);
  for (const id of [deleted, byAdmin]) {
    const item = (await ana.messages(room)).find((message) => message.id === id);
    await ana.posts(room, { kind: 'delete', of: { seq: item?.seq ?? ('0' as never), id } });
  }
  const files = (who: Someone) => readdir(join(who.dir, 'files'));
  await ana.until(async () => (await stored()).length === 1, 'the server has forgotten them');
  await ana.until(async () => (await files(ana)).length === 1, 'ana has forgotten them');
  await ben.until(async () => (await files(ben)).length === 0, 'ben has forgotten them');
  await expect(ben.opens(room, deleted)).rejects.toMatchObject({ data: { reason: 'file-unknown' } });
  await server.stop();
  const cancelled = await ana.queuesFiles(room, [fileOf('never', randomBytes(10))]);
  const { content } = await ana.profile.files.prepare(room, fileOf('tray', randomBytes(10)));
  expect(await files(ana)).toHaveLength(3);
  await ana.profile.files.discard(room, [content]);
  expect(await ana.profile.call('cancel', { room, id: cancelled })).toEqual({ cancelled: true });
  await ana.until(async () => (await files(ana)).length === 1, 'ana has forgotten those, too');
  await expect(
    ana.profile.call('queue', {
      room,
      id: 'x'.repeat(22),
      content: { kind: 'text', text: '', files: [content] },
    }),
  ).rejects.toMatchObject({ data: { reason: 'file-unprepared' } });
  const again = await startServer(join(home.path, 'server'), server.port);
  await ana.syncs(room);
  expect(await stored()).toHaveLength(1);
  await end();
  await again.stop();
});

test('a caption is edited to nothing only where files stay', async () => {
  const { ana, ben, room, end } = await kitchen();
  const id = await ana.queuesFiles(room, [fileOf('a.txt', Buffer.from('a'))], 'look');
  const text = await ana.says(room, 'text');
  await ana.delivered(room, [id, text]);
  await ben.hears(room, 'text');
  const refTo = async (of: string) => {
    const item = (await ana.messages(room)).find((message) => message.id === of);
    return { seq: item?.seq ?? ('0' as never), id: of };
  };
  await expect(ana.posts(room, { kind: 'edit', of: await refTo(text), text: ' ' })).rejects.toMatchObject({
    data: { reason: 'message-blank' },
  });
  await ana.posts(room, { kind: 'edit', of: await refTo(id), text: '' });
  const seen = async () => (await ben.messages(room)).find((message) => message.id === id);
  await ben.until(async () => (await seen())?.text === '', 'ben sees the edit');
  expect((await seen())?.files).toHaveLength(1);
  expect((await ben.opens(room, id)).toString()).toBe('a');
  const { items } = await ben.profile.call('search', { room, text: 'A.TXT', limit: 9 });
  expect(items.map((item) => item.id)).toEqual([id]);
  await end();
});

test('a second process of the profile prepares and opens files', async () => {
  const { ana, ben, room, end } = await kitchen();
  const other = await Someone.open('ana', ana.dir);
  const bytes = randomBytes(2_000_000);
  const id = await other.queuesFiles(room, [fileOf('from-guest', bytes)], 'guest');
  await other.delivered(room, [id]);
  await ben.hears(room, 'guest');
  expect((await ben.opens(room, id)).equals(bytes)).toBe(true);
  const answer = await ben.queuesFiles(room, [fileOf('to-guest', bytes)], 'answer');
  await other.hears(room, 'answer');
  const progress: number[] = [];
  const got = await other.opens(room, answer, 0, { progress: (done) => progress.push(done) });
  expect(got.equals(bytes)).toBe(true);
  expect(progress).toEqual([1_048_548, 2_000_000]);
  await other.close();
  await end();
});

test('scripts send files and read them as streams', async () => {
  const { ana, ben, room, home, end } = await kitchen();
  const script = await GoChat.open(ana.dir);
  const kitchenOf = await script.room(room);
  const path = join(home.path, 'log.txt');
  await writeFile(path, 'line\n'.repeat(1000));
  const sent = await kitchenOf.sendFile([path, new Blob(['{}'], { type: 'application/json' })], {
    text: 'the log',
    alt: ['what happened'],
    waitMs: Number.POSITIVE_INFINITY,
  });
  expect(sent.state).toBe('posted');
  await ben.hears(room, 'the log');
  const bot = await GoChat.open(ben.dir);
  const item = (await ben.messages(room)).at(-1);
  expect(item?.files).toMatchObject([
    { name: 'log.txt', bytes: 5000, alt: 'what happened' },
    { name: 'file', bytes: 2, type: 'application/json' },
  ]);
  expect(item?.files?.[1]).not.toHaveProperty('alt');
  const parts: Uint8Array[] = [];
  for await (const part of (await bot.room(room)).file(item as HistoryItem)) parts.push(part);
  expect(Buffer.concat(parts).toString()).toBe('line\n'.repeat(1000));
  for (const bad of [join(home.path, 'none'), home.path, 7 as never, [] as never])
    await expect(kitchenOf.sendFile(bad)).rejects.toMatchObject({ code: 'usage' });
  for (const bad of ['a caption' as never, { name: 42 as never }, { alt: ['one', 'two'] }])
    await expect(kitchenOf.sendFile(path, bad)).rejects.toMatchObject({ code: 'usage' });
  await expect(kitchenOf.sendFile([path, path], { alt: 'of which?' })).rejects.toMatchObject({
    code: 'usage',
  });
  await Promise.all([script.close(), bot.close()]);
  await end();
});

test('a file that is too large, or for a server without files, is refused before anything is sealed', async () => {
  const home = await temporary();
  const small = await startServer(join(home.path, 'server'), 0, { fileBytes: 50_000 });
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room } = await ana.hosts(small.url);
  expect(await ana.profile.files.limits(room)).toMatchObject({ bytes: 50_000 });
  const large = fileOf('large', new Uint8Array(50_001));
  await expect(ana.profile.files.prepare(room, large)).rejects.toMatchObject({
    data: { reason: 'file-too-large', bytes: 50_001, most: 50_000 },
  });
  expect(await readdir(join(ana.dir, 'files')).catch(() => [])).toEqual([]);
  await small.stop();
  // What was allowed is known without the server, too. What was refused would be asked of it again.
  const id = await ana.queuesFiles(room, [fileOf('fits', new Uint8Array(50_000))]);
  const again = await startServer(join(home.path, 'server'), small.port, { fileBytes: 50_000 });
  await ana.delivered(room, [id]);
  await ana.close();
  await again.stop();
  await home.remove();
});

test('previews of new pictures are fetched unasked, but not where that would tell who looks', async () => {
  const { ana, ben, room, end } = await kitchen();
  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const makePreview = async () => ({ bytes: new Uint8Array(picture), w: 1, h: 1 });
  const photo = () => ana.queuesFiles(room, [fileOf('a.png', picture)], '', { makePreview });
  const preview = async (id: string) => {
    await ben.until(
      async () => (await ben.messages(room)).some((item) => item.id === id),
      'ben has the picture',
    );
    const file = (await ben.messages(room)).find((item) => item.id === id)?.files?.[0];
    if (file?.preview === undefined) throw new Error('no preview');
    return file.preview;
  };
  const isHere = async (id: string) => (await ben.profile.files.here(room, [await preview(id)])).length === 1;
  await ben.syncs(room);
  const [first] = [await photo()];
  await ben.until(() => isHere(first), 'the preview is fetched');
  const item = (await ben.messages(room)).find((one) => one.id === first);
  expect(item?.files).toMatchObject([{ type: 'image/png', w: 1, h: 1 }]);
  expect((await ben.opens(room, first, 0, { preview: true })).equals(picture)).toBe(true);
  await ben.profile.call('prefer', { change: { ignored: [item?.identity ?? ''] } });
  const ignored = await photo();
  await ben.profile.call('prefer', { change: { ignored: [], pictures: 'click' } });
  await preview(ignored);
  const later = await photo();
  await preview(later);
  await ben.profile.call('prefer', { change: { pictures: 'always' } });
  const last = await photo();
  await ben.until(() => isHere(last), 'the last preview is fetched');
  expect([await isHere(ignored), await isHere(later)]).toEqual([false, false]);
  await end();
});

test('a removed member can fetch nothing more, and learns why', async () => {
  const { ana, ben, room, end } = await kitchen();
  const id = await ana.queuesFiles(room, [fileOf('secret', randomBytes(10))], 'secret');
  await ana.delivered(room, [id]);
  await ben.hears(room, 'secret');
  const asked = randomBytes(10);
  const mine = await ben.queuesFiles(room, [fileOf('mine', asked)]);
  await ben.delivered(room, [mine]);
  await ana.profile.call('remove', { room, member: 'ben', waitMs: 60_000 });
  await ben.until(
    async () => (await ben.history(room)).some(({ kind }) => kind === 'removed'),
    'ben is removed',
  );
  await expect(ben.opens(room, id)).rejects.toMatchObject({ code: 'not-member' });
  // What is in the profile stays.
  expect((await ben.opens(room, mine)).equals(asked)).toBe(true);
  await end();
});

test('a message with files that was refused is sent again with its files in the next membership', async () => {
  const { ana, ben, room, server, home, end } = await kitchen();
  const bytes = randomBytes(30_000);
  await ben.syncs(room);
  await server.stop();
  await ben.queuesFiles(room, [fileOf('late', bytes)], 'late');
  await ben.close();
  const again = await startServer(join(home.path, 'server'), server.port);
  await ana.syncs(room);
  await ana.profile.call('remove', { room, member: 'ben', waitMs: 60_000 });
  const link = await ana.invites(room);
  const back = await Someone.open('ben', ben.dir);
  await back.profile.call('follow', { room });
  await back.until(async () => (await back.history(room)).some(({ kind }) => kind === 'removed'), 'removed');
  await back.joins(link);
  expect((await back.profile.call('waiting', { room })).map(({ state }) => state)).not.toContain('waiting');
  const { ids } = await back.profile.call('resend', { room, unsent: true });
  await back.delivered(room, ids);
  await ana.hears(room, 'late');
  expect((await ana.opens(room, ids[0] ?? '')).equals(bytes)).toBe(true);
  await back.close();
  await end();
  await again.stop();
});
