import { encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import type { RoomEvent } from '../src/event.ts';
import {
  decodePack,
  encodePack,
  isPart,
  openPack,
  type Pack,
  PackWriter,
  packVerifier,
  sealPack,
} from '../src/pack.ts';
import { type EpochRecord, groupContextOf, speakerAt } from '../src/proof.ts';
import { membersOf, type Room } from '../src/room.ts';
import { roomOfPeople } from './assert.ts';
import { type Person, seededEnv } from './world.ts';

function recordOf(room: Room): EpochRecord {
  const speakers = membersOf(room).flatMap(({ leaf }) => speakerAt(room, leaf) ?? []);
  return { groupContext: groupContextOf(room), speakers };
}

type Message = Extract<RoomEvent, { kind: 'message' }>;

/** Ben says three things, the last one in another epoch; ana packs them. */
async function packed() {
  const world = await roomOfPeople('ana', 'ben');
  const [ana, ben] = world.people as [Person, Person];
  const writer = new PackWriter();
  const add = (text: string) => {
    const said = ana.events.findLast((event): event is Message => event.kind === 'message');
    if (said?.proof === undefined || said.content.kind !== 'text') throw new Error('ana has read a message');
    expect(said.content.text).toBe(text);
    writer.add(said, said.proof, recordOf(ana.room));
  };
  for (const text of ['one', 'two', 'three']) {
    if (text === 'three') await ben.heals(world.log);
    await ben.says(world.log, text);
    await ana.reads(world.log);
    add(text);
  }
  const bytes = writer.encode();
  return { ...world, ana, ben, writer, bytes, pack: decodePack(bytes) as Pack };
}

async function verdicts(room: RoomId, pack: Pack) {
  const verify = packVerifier(room, pack);
  return Promise.all(pack.lines.map(async (line) => verify(line)));
}

test('a pack has each epoch and speaker once, and its lines say who has written what', async () => {
  const { ana, ben, pack, writer, bytes } = await packed();
  expect(bytes.length).toBe(writer.bytes);
  expect(pack.epochs.map(({ speakers }) => speakers.length)).toEqual([1, 1]);
  expect(pack.lines.map(({ epoch }) => epoch)).toEqual([0, 0, 1]);
  expect(encodePack(pack)).toEqual(bytes);
  const said = await verdicts(ana.room.id, pack);
  for (const [i, text] of ['one', 'two', 'three'].entries())
    expect(said[i]).toMatchObject({
      kind: 'proved',
      isForNewcomers: false,
      message: { device: ben.device, name: 'ben', payload: { content: { kind: 'text', text } } },
    });
});

test('a swapped text, author, signature, epoch or room is no proof', async () => {
  const { ana, pack } = await packed();
  const [one, two, three] = pack.lines;
  if (one === undefined || two === undefined || three === undefined) throw new Error('three lines');
  const lines = [
    { ...one, payload: two.payload },
    { ...one, leaf: 0 },
    { ...one, signature: two.signature },
    { ...one, epoch: 1 },
    one,
  ];
  const kinds = async (room: RoomId) => (await verdicts(room, { ...pack, lines })).map(({ kind }) => kind);
  expect(await kinds(ana.room.id)).toEqual(['forged', 'forged', 'forged', 'forged', 'proved']);
  expect(await kinds('B'.repeat(22) as RoomId)).toEqual(lines.map(() => 'foreign'));
});

test('cut and changed bytes are no pack, or prove nothing but what was said', async () => {
  const { ana, bytes } = await packed();
  for (let end = 1; end < bytes.length; end += 37) {
    const cut = decodePack(bytes.slice(0, end));
    for (const verdict of cut === undefined ? [] : await verdicts(ana.room.id, cut))
      expect(verdict.kind).toBe('proved');
  }
  for (let at = 0; at < bytes.length; at += 61) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const pack = decodePack(changed);
    for (const verdict of pack === undefined ? [] : await verdicts(ana.room.id, pack)) {
      if (verdict.kind !== 'proved') continue;
      const { content } = verdict.message.payload;
      expect(['one', 'two', 'three']).toContain(content?.kind === 'text' ? content.text : content);
    }
  }
  expect(decodePack(new Uint8Array())).toBeUndefined();
});

test('a pack is sealed in parts that only its key opens, for its room and in their order', () => {
  const env = seededEnv(1);
  const room = 'A'.repeat(22) as RoomId;
  const pack = env.random(150_000);
  const { key, parts } = sealPack(room, pack, env);
  expect(parts.map(({ length }) => length)).toEqual([69_673, 69_673, 16_384 + 41]);
  expect(parts.every(isPart)).toBe(true);
  expect(openPack(room, encodeBytes(key), parts)).toEqual(pack);
  expect(openPack(room, encodeBytes(env.random(32)), parts)).toBeUndefined();
  expect(openPack('B'.repeat(22) as RoomId, encodeBytes(key), parts)).toBeUndefined();
  expect(openPack(room, encodeBytes(key), parts.slice(1))).not.toEqual(pack);
});

test('a position, time or epoch that no line can have makes bytes no pack', async () => {
  const { pack } = await packed();
  const [line] = pack.lines;
  if (line === undefined) throw new Error('a line');
  for (const bad of [{ seq: '0' as Position }, { seq: '18446744073709551615' as Position }, { epoch: 2 }])
    expect(
      decodePack(encodePack({ ...pack, lines: [{ ...line, ...bad }] })),
      JSON.stringify(bad),
    ).toBeUndefined();
});
