import type { Content } from '@gochat/crypto/content';
import { openVault } from '@gochat/crypto/vault';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { platform } from '../src/profile/platform.ts';
import { Outbox } from '../src/room/outbox.ts';
import { MemoryStore } from '../src/store/memory.ts';
import { type RecordChange, Records } from '../src/store/records.ts';

const ROOM = 'A'.repeat(22) as RoomId;

function seq(n: number): Position {
  return String(n) as Position;
}

function says(text: string): Content {
  return { kind: 'text', text };
}

async function stored() {
  const records = new Records(new MemoryStore(), openVault(new Uint8Array(32)), platform);
  return {
    write: (changes: readonly RecordChange[]) => records.write(changes),
    load: () => Outbox.load(records, ROOM),
  };
}

test('messages that were posted in doubt are missed after a return, as they are now, also after a restart', async () => {
  const { write, load } = await stored();
  const outbox = await load();
  const posted = (id: string, content: Content, at: number) =>
    write([outbox.add({ id, content }, 0)]).then(() => write(outbox.posted(id, seq(at), true)));
  await posted('a', says('one'), 1);
  await posted('b', says('two'), 2);
  await posted('c', says('three'), 3);
  await posted('d', { kind: 'edit', of: { seq: seq(1), id: 'a' }, text: 'first' }, 4);
  await posted('e', { kind: 'delete', of: { seq: seq(2), id: 'b' } }, 5);
  await posted('f', { kind: 'react', to: { seq: seq(9), id: 'z' }, emoji: 'x', on: true }, 6);
  await posted('g', { kind: 'leave' }, 7);
  expect(outbox).toMatchObject({ size: 0, missed: 0 });
  expect(outbox.first(9)).toEqual([]);
  expect(outbox.waiting(9)).toEqual([]);
  await write((await load()).miss());
  const again = await load();
  expect(again.missed).toBe(3);
  expect(again.first(9).map(({ id, content }) => [id, content])).toEqual([
    ['a', says('first')],
    ['c', says('three')],
    ['f', { kind: 'react', to: { seq: seq(9), id: 'z' }, emoji: 'x', on: true }],
  ]);
  const queued = again.again({ ids: ['c', 'a', 'unknown'] }, 5);
  await write(queued.changes);
  expect(queued.ids).toEqual(['a', 'c']);
  // What is not sealed yet can be called off, and is still in the log.
  await write(again.cancel('c'));
  const last = await load();
  expect(last.waiting(9)).toMatchObject([{ id: 'a', at: 5, again: true }]);
  expect(last.first(9).map(({ id }) => id)).toEqual(['f', 'a', 'c']);
  expect(last).toMatchObject({ missed: 2, size: 1 });
  await write(last.cancel('f'));
  expect(last.get('f')).toBeUndefined();
});

test('a text of an ended membership is queued again only when asked for, under a new id', async () => {
  const { write, load } = await stored();
  const outbox = await load();
  await write([
    outbox.add({ id: 'text', content: says('old') }, 0),
    outbox.add(
      { id: 'like', content: { kind: 'react', to: { seq: seq(1), id: 'z' }, emoji: '👍', on: true } },
      0,
    ),
    ...outbox.end('unknown'),
  ]);
  const again = await load();
  expect(again).toMatchObject({ unsent: 1, size: 0 });
  expect(again.again({}, 5)).toEqual({ ids: [], changes: [] });
  const queued = again.again({ newId: () => 'new' }, 5);
  await write(queued.changes);
  expect(queued.ids).toEqual(['new']);
  const last = await load();
  expect(last).toMatchObject({ unsent: 0, size: 1 });
  expect(last.get('text')).toMatchObject({ end: 'cancelled' });
  expect(last.waiting(9)).toMatchObject([{ id: 'new', content: says('old'), at: 5 }]);
});

test('no more than 256 posted messages are kept, and none after the doubt has ended', async () => {
  const { write, load } = await stored();
  const outbox = await load();
  for (let n = 1; n <= 300; n++)
    await write([
      outbox.add({ id: `m${n}`, content: says(String(n)) }, 0),
      ...outbox.posted(`m${n}`, seq(n), true),
    ]);
  expect(outbox.get('m44')).toBeUndefined();
  expect(outbox.get('m45')).toMatchObject({ posted: '45' });
  await write(outbox.settle());
  expect(outbox.get('m300')).toBeUndefined();
  expect(outbox.miss()).toEqual([]);
  expect(await load()).toMatchObject({ missed: 0, size: 0 });
});

test('texts overtake a message whose files are not uploaded, and a request to leave waits for it', async () => {
  const { write, load } = await stored();
  const outbox = await load();
  const files = [{ id: 'F'.repeat(22), bytes: 1 }] as unknown as NonNullable<
    Extract<Content, { kind: 'text' }>['files']
  >;
  await write([
    outbox.add({ id: 'file', content: { kind: 'text', text: '', files } }, 0),
    outbox.add({ id: 'text', content: says('quick') }, 0),
    outbox.add({ id: 'leave', content: { kind: 'leave' } }, 0),
  ]);
  const ids = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id);
  const again = await load();
  expect([ids(again.uploading), ids(again.waiting(9)), again.size]).toEqual([['file'], ['text'], 3]);
  await write(again.uploaded('file'));
  const uploaded = await load();
  expect([ids(uploaded.uploading), ids(uploaded.waiting(9))]).toEqual([[], ['file', 'text', 'leave']]);
  // What was missed has its files on the server; what was refused may not.
  await write([...uploaded.posted('file', seq(1), true), ...uploaded.miss()]);
  await write(uploaded.again({}, 1).changes);
  expect(ids(uploaded.waiting(9))).toContain('file');
  await write([...uploaded.end('unknown'), ...uploaded.again({ newId: () => 'new' }, 1).changes]);
  expect([ids(uploaded.uploading), uploaded.contents.length]).toEqual([['new'], 3]);
});
