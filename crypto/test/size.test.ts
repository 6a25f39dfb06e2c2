import { decodeBytes } from '@gochat/protocol/encoding';
import { LIMITS } from '@gochat/protocol/limits';
import { expect, test } from 'vitest';
import { membersOf } from '../src/room.ts';
import { allRead, allTalk } from './assert.ts';
import { plant } from './large-room.ts';
import { Log } from './log.ts';
import { Person, seededEnv } from './world.ts';

/** GOCHAT_ROOM_MEMBERS sets the number of members of the first test. */
const MEMBERS = Number(process.env.GOCHAT_ROOM_MEMBERS ?? 50);

test(`a room of ${MEMBERS} members works`, async () => {
  const env = seededEnv(41);
  const log = new Log();
  const people = ['ana', 'ben', 'cai', 'dan'].map((name) => new Person(name, env));
  const [ana, ben, cai, dan] = people as [Person, Person, Person, Person];
  await ana.creates(log);
  await plant(ana, MEMBERS - 3);
  const link = await ana.invites(log);
  await ben.joins(log, link);
  await cai.joins(log, link);
  await allRead(log, [ana, ben]);
  expect(membersOf(ana.room)).toHaveLength(MEMBERS);
  await allTalk(log, ana, ben, cai);
  await ana.removes(log, cai);
  await allRead(log, [ben, cai]);
  expect(cai.room.status).toBe('removed');
  await dan.joins(log, await ben.invites(log));
  await allRead(log, [ana, ben]);
  await allTalk(log, ana, ben, dan);
  expect(decodeBytes(log.groupInfo).length).toBeLessThan(LIMITS.groupInfoBytes / 4);
  for (const { body } of log.entries)
    expect(decodeBytes(body).length).toBeLessThan(LIMITS.handshakeBytes / 8);
});

test('a full room refuses joins, and its GroupInfo fits the limits', async () => {
  const env = seededEnv(42);
  const log = new Log();
  const [ana, ben] = [new Person('ana', env), new Person('ben', env)];
  await ana.creates(log);
  await plant(ana, LIMITS.membersPerRoom - 1);
  const link = await ana.invites(log);
  expect(membersOf(ana.room)).toHaveLength(LIMITS.membersPerRoom);
  await expect(ben.joins(log, link)).rejects.toMatchObject({ name: 'RoomError', code: 'full' });
  expect(decodeBytes(log.groupInfo).length).toBeLessThanOrEqual(LIMITS.groupInfoBytes);
  await ana.heals(log);
  expect(decodeBytes(log.entries.at(-1)?.body ?? '').length).toBeLessThanOrEqual(LIMITS.handshakeBytes);
});
