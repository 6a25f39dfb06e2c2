import { expect, test } from 'vitest';
import { decodeRoom, encodeRoom } from '../src/encode-room.ts';
import { roomCode } from '../src/room.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

async function three() {
  const env = seededEnv(1);
  const log = new Log();
  const [ana, ben, cai] = [new Person('ana', env), new Person('ben', env), new Person('cai', env)];
  await ana.creates(log);
  const link = await ana.invites(log);
  await ben.joins(log, link);
  await cai.joins(log, link);
  for (const person of [ana, ben]) await person.reads(log);
  return { env, log, link, ana, ben, cai };
}

test('everyone reads everyone', async () => {
  const { log, ana, ben, cai } = await three();
  for (const person of [ana, ben, cai]) await person.says(log, `I am ${person.name}`);
  for (const person of [ana, ben, cai]) await person.reads(log);
  expect(ana.heard).toEqual(['ben: I am ben', 'cai: I am cai']);
  expect(ben.heard).toEqual(['ana: I am ana', 'cai: I am cai']);
  expect(cai.heard).toEqual(['ana: I am ana', 'ben: I am ben']);
  expect([ana, ben, cai].map((p) => p.troubles)).toEqual([[], [], []]);
  expect(new Set([ana, ben, cai].map((p) => roomCode(p.room))).size).toBe(1);
});

test('a removed member reads nothing after, and everyone else goes on', async () => {
  const { log, ana, ben, cai } = await three();
  await ana.removes(log, cai);
  await ana.says(log, 'cai is gone');
  await ben.reads(log);
  await cai.reads(log);
  expect(ben.heard).toContain('ana: cai is gone');
  expect(cai.heard).toEqual([]);
  expect(cai.room.status).toBe('removed');
  expect(ben.members).toEqual(['ana', 'ben']);
});

test('a room comes back from its bytes', async () => {
  const { log, ana, ben, cai } = await three();
  await ben.says(log, 'one');
  ana.room = await decodeRoom(encodeRoom(ana.room));
  await ana.says(log, 'two');
  ben.room = await decodeRoom(encodeRoom(ben.room));
  await ben.heals(log);
  await cai.says(log, 'three');
  await ana.reads(log);
  expect(ana.heard).toEqual(['ben: one', 'cai: three']);
  expect(ana.troubles).toEqual([]);
});
