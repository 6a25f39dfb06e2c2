import { configure, invite, remove } from '@gochat/crypto/handshake';
import { createIdentity } from '@gochat/crypto/identity';
import { decodePack, encodePack, type Pack, type PackLine } from '@gochat/crypto/pack';
import { membersOf } from '@gochat/crypto/room';
import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { mergePack } from '../src/history/merge-pack.ts';
import {
  type PackedHistory,
  type PackOptions,
  type PackRange,
  readPacks,
} from '../src/history/read-packs.ts';
import { platform } from '../src/profile/platform.ts';
import type { TextItem } from '../src/room/history.ts';
import { ANSWER_EMOJI, pollText } from '../src/room/polls.ts';
import { Device, TestLog } from './device.ts';

async function anaAndBen() {
  const ana = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const ben = await Device.joins(ana, createIdentity(platform), 'ben', secret);
  await ana.reads();
  return { ana, ben, secret };
}

async function packsOf(device: Device, range: PackRange = {}, options: Partial<PackOptions> = {}) {
  const packs: PackedHistory[] = [];
  const wanted = { forNewcomers: false, now: platform.now(), ...options };
  for await (const pack of readPacks(device.records, device.room, range, wanted)) packs.push(pack);
  return packs;
}

/** Somebody who joins now, and has read nothing. */
async function newcomer({ ana, secret }: Awaited<ReturnType<typeof anaAndBen>>, name = 'cleo') {
  const cleo = await Device.joins(ana, createIdentity(platform), name, secret);
  await ana.reads();
  return cleo;
}

function merge(into: Device, pack: Uint8Array, sharer?: { identity: string; by: string }) {
  return mergePack(into.records, into.store, pack, { now: platform.now(), ...(sharer && { sharer }) });
}

async function textsOf(device: Device): Promise<TextItem[]> {
  const items = await device.history.before(undefined, 1000);
  return items.filter((item): item is TextItem => item.kind === 'text');
}

function textIn({ payload }: PackLine): string {
  return new TextDecoder().decode(payload);
}

test('what two people said, edited and reacted to is read by a third, who was not there', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const of = await ben.says({ kind: 'text', text: 'helo' });
  await ana.heals();
  const answer = await ana.says({ kind: 'text', text: 'hi', reply: of });
  await ben.says({ kind: 'edit', of, text: 'hello' });
  await ana.says({ kind: 'react', to: of, emoji: '👍', on: true });
  await ana.reads();
  const [pack] = await packsOf(ana);
  expect(pack).toMatchObject({ from: of.seq, to: answer.seq, messages: 2 });
  const cleo = await newcomer(world);
  expect(await merge(cleo, pack?.pack ?? new Uint8Array())).toMatchObject({
    added: 2,
    foreign: 0,
    forged: 0,
    unshared: 0,
  });
  await cleo.restarts();
  const [first, second] = await textsOf(cleo);
  const [there] = await textsOf(ana);
  expect(first).toMatchObject({ seq: of.seq, at: there?.at, from: 'ben', text: 'hello', own: false });
  expect(first?.edited).toBe(there?.edited);
  expect(first?.reactions).toMatchObject([{ emoji: '👍', by: [{ name: 'ana' }] }]);
  expect(second).toMatchObject({ text: 'hi', reply: of });
  expect(first?.shared).toBeUndefined();
  // They are packed again as they came.
  const [again] = await packsOf(cleo);
  expect(decodePack(again?.pack ?? new Uint8Array())?.lines).toEqual(
    decodePack(pack?.pack ?? new Uint8Array())?.lines,
  );
});

test('a reaction in a pack belongs to the message that is at its position, whoever has used the id again', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const of = await ben.says({ kind: 'text', text: 'lunch?' });
  const copied = await ana.says({ kind: 'text', text: 'send me money' }, of.id);
  await ben.reads();
  await ben.says({ kind: 'react', to: of, emoji: '👍', on: true });
  // It names the position of the second one, as a sender does that saw only this.
  await ben.says({ kind: 'react', to: copied, emoji: '👎', on: true });
  await ana.reads();
  const shown = (items: readonly TextItem[]) =>
    items.map(({ text, reactions }) => [text, reactions?.map(({ emoji }) => emoji) ?? []]);
  const there = shown(await textsOf(ana));
  const [pack] = await packsOf(ana);
  const cleo = await newcomer(world);
  await merge(cleo, pack?.pack ?? new Uint8Array());
  expect(there).toContainEqual(['lunch?', expect.arrayContaining(['👍'])]);
  expect(shown(await textsOf(cleo))).toEqual(there);
});

const POLL = {
  kind: 'text',
  text: pollText({ question: 'Tea?', answers: ['yes', 'no'] }),
  poll: 'one',
} as const;
const vote = (to: { readonly seq: Position; readonly id: string }, answer: number) =>
  ({ kind: 'react', to, emoji: ANSWER_EMOJI[answer] ?? '', on: true }) as const;

test('a poll comes closed to who was not there, whether its author or staff closed it', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const polls = [await ben.says(POLL), await ana.says(POLL)] as const;
  for (const of of polls) {
    await ben.says(vote(of, 1));
    await ana.says({ kind: 'close', of });
    await ben.says(vote(of, 0));
  }
  const shown = async (device: Device) =>
    (await textsOf(device)).map(({ closed, reactions = [] }) => [
      closed?.by,
      closed?.at,
      reactions.map(({ emoji }) => emoji),
    ]);
  await ana.reads();
  const there = await shown(ana);
  expect(there).toEqual(polls.map(() => ['ana', expect.any(Number), [ANSWER_EMOJI[1]]]));
  const [pack] = await packsOf(ana);
  const cleo = await newcomer(world);
  await merge(cleo, pack?.pack ?? new Uint8Array());
  expect(await shown(cleo)).toEqual(there);
  const [again] = await packsOf(cleo);
  expect(again?.pack).toEqual(pack?.pack);
});

test('a pack can not close a poll for who may not, nor add votes of a later epoch', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const of = await ben.says(POLL);
  await ben.says({ kind: 'close', of });
  const same = await ana.says(POLL, of.id);
  const other = await ana.says(POLL);
  await ana.says({ kind: 'close', of: other });
  await ana.heals();
  const open = await ben.says(POLL, other.id);
  await ben.says(vote(open, 0));
  await ana.reads();
  const [packed] = await packsOf(ana);
  const { epochs, lines } = decodePack(packed?.pack ?? new Uint8Array()) ?? { epochs: [], lines: [] };
  // What ben closed, and voted on, was another poll of the same id.
  const without = lines.filter(
    (line) => !(textIn(line).includes('"poll"') && [of.seq, open.seq].includes(line.seq)),
  );
  expect(without).toHaveLength(lines.length - 2);
  const cleo = await newcomer(world);
  await merge(cleo, encodePack({ epochs, lines: without }));
  expect((await textsOf(cleo)).map(({ seq, closed, reactions }) => [seq, closed?.by, reactions])).toEqual([
    [same.seq, undefined, undefined],
    [other.seq, 'ana', undefined],
  ]);
});

test('messages that are there stay as they are, and a pack that is merged twice adds nothing', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const of = await ben.says({ kind: 'text', text: 'first' });
  await ana.reads();
  const [old] = await packsOf(ana);
  await ben.says({ kind: 'edit', of, text: 'second' });
  const gone = await ben.says({ kind: 'text', text: 'third' });
  await ana.reads();
  const [both] = await packsOf(ana);
  await ben.says({ kind: 'delete', of: gone });
  await ana.reads();
  const before = await textsOf(ana);
  for (const pack of [old, both, both])
    expect(await merge(ana, pack?.pack ?? new Uint8Array())).toMatchObject({ added: 0 });
  expect(await textsOf(ana)).toEqual(before);
  expect(before.map(({ text }) => text)).toEqual(['second', '']);
});

test('a message at the position of another line gets its own line', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  await ben.says({ kind: 'text', text: 'said' });
  await ana.reads();
  const cleo = await newcomer(world);
  const [pack] = await packsOf(ana);
  const decoded = decodePack(pack?.pack ?? new Uint8Array()) as Pack;
  const live = await cleo.says({ kind: 'text', text: 'live' });
  const before = await cleo.history.recent();
  const moved = (seq: string) =>
    encodePack({ ...decoded, lines: decoded.lines.map((line) => ({ ...line, seq: seq as Position })) });
  const mallory = { identity: '', by: 'mallory' };
  expect(await merge(cleo, moved(String(Number(cleo.room.position) + 1)), mallory)).toMatchObject({
    added: 0,
  });
  await merge(cleo, moved(live.seq));
  expect((await textsOf(cleo)).map(({ text }) => text)).toEqual(['live', 'said']);
  expect(await cleo.history.recent()).toEqual(expect.arrayContaining(before));
});

test('deleted messages, and the text of before an edit without its edit, are in no pack', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  const of = await ben.says({ kind: 'text', text: 'regretted' });
  await ana.says({ kind: 'text', text: 'kept' });
  await ben.says({ kind: 'delete', of });
  await ana.reads();
  for (const { pack } of await packsOf(ana)) {
    expect(Buffer.from(pack).includes('regretted')).toBe(false);
    expect(Buffer.from(pack).includes('kept')).toBe(true);
  }
});

test('a range is by positions, by time or by number, and packs hold no more than their bytes', async () => {
  const { ana, ben } = await anaAndBen();
  const said: Position[] = [];
  for (let i = 0; i < 9; i++) said.push((await ben.says({ kind: 'text', text: `line ${i}` })).seq);
  await ana.reads();
  const linesOf = (packs: readonly PackedHistory[]) =>
    packs.flatMap(({ pack }) => decodePack(pack)?.lines.map(({ seq }) => seq) ?? []);
  expect(linesOf(await packsOf(ana, { last: 3 }))).toEqual(said.slice(-3).reverse());
  expect(linesOf(await packsOf(ana, { from: said[2] as Position, to: said[4] as Position }))).toEqual(
    said.slice(2, 5).reverse(),
  );
  expect(await packsOf(ana, { since: platform.now() + 1 })).toEqual([]);
  const small = await packsOf(ana, {}, { bytes: 2600 });
  expect(small.length).toBeGreaterThan(2);
  expect(small.every(({ pack }) => pack.length <= 2600)).toBe(true);
  expect(linesOf(small)).toEqual(said.toReversed());
});

test('a range ends before a time, and the one since that time has the rest', async () => {
  const { ana } = await anaAndBen();
  for (const text of ['one', 'two', 'three']) await ana.says({ kind: 'text', text });
  await ana.reads();
  const at = (await textsOf(ana))[1]?.at ?? 0;
  const counts = async (range: PackRange) => (await packsOf(ana, range)).map(({ messages }) => messages);
  expect([await counts({ until: at }), await counts({ since: at })]).toEqual([[1], [2]]);
});

test('a room that shows newcomers nothing shares nothing with them, and a sharer can not change that', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  await ben.says({ kind: 'text', text: 'among us' });
  await ana.reads();
  expect(await packsOf(ana, {}, { forNewcomers: true })).toEqual([]);
  const [own] = await packsOf(ana);
  const cleo = await newcomer(world);
  const left = await merge(cleo, own?.pack ?? new Uint8Array(), { identity: 'x', by: 'ben' });
  expect(left).toEqual({ messages: [], added: 0, foreign: 0, forged: 0, unshared: 1 });
  expect(await textsOf(cleo)).toEqual([]);
});

test('what somebody has made up or taken from another room is left out, and counted', async () => {
  const world = await anaAndBen();
  const { ana, ben } = world;
  await ben.says({ kind: 'text', text: 'true' });
  await ben.says({ kind: 'text', text: 'also true' });
  await ana.reads();
  const [pack] = await packsOf(ana);
  const { epochs, lines } = decodePack(pack?.pack ?? new Uint8Array()) as Pack;
  const [one, two] = lines;
  if (one === undefined || two === undefined) throw new Error('two lines');
  expect(textIn(two)).toContain('true');
  const forged = encodePack({ epochs, lines: [one, { ...two, payload: one.payload }] });
  const cleo = await newcomer(world);
  expect(await merge(cleo, forged)).toMatchObject({ added: 1, forged: 1 });
  const other = await newcomer(await anaAndBen());
  expect(await merge(other, pack?.pack ?? new Uint8Array())).toMatchObject({ added: 0, foreign: 2 });
  expect(await merge(other, Uint8Array.of(1, 2, 3))).toBeUndefined();
});

test('of an author who is no member any more, only the sharer says that it was one', async () => {
  const { ana, ben } = await anaAndBen();
  await ana.commits((room) => configure(room, { history: 'all' }, platform));
  await ben.says({ kind: 'text', text: 'from ben' });
  await ana.says({ kind: 'text', text: 'from ana' });
  const device = membersOf(ana.room).find(({ name }) => name === 'ben')?.device ?? '';
  await ana.commits((room) => remove(room, device, platform));
  await ana.reopens();
  const secret = platform.random(16);
  await ana.commits((room) => invite(room, secret, {}, platform));
  const cleo = await newcomer({ ana, ben, secret });
  const [pack] = await packsOf(ana, {}, { forNewcomers: true });
  await merge(cleo, pack?.pack ?? new Uint8Array(), { identity: 'x', by: 'ana' });
  expect((await textsOf(cleo)).map(({ text, from, stranger }) => [text, from, stranger])).toEqual([
    ['from ben', 'ben', true],
    ['from ana', 'ana', undefined],
  ]);
});
