import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { heal, remove } from '../src/handshake.ts';
import { RoomError } from '../src/room-error.ts';
import { allRead, allTalk, anaBenMal, readsNothingAfter, roomOfPeople } from './assert.ts';
import { babbles, commits, gone, joins, litters } from './hostile.ts';
import { Person } from './world.ts';

const TEN_MINUTES_MS = 10 * 60_000;
const flipped = (tag: Uint8Array) => tag.with(0, (tag[0] ?? 0) ^ 1);

test('garbage in place of a handshake locks no member out', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  const bodies = [1, 2, 3].map((kind) => Uint8Array.from([kind, ...mal.env.random(400)]));
  for (const body of [...bodies, Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(0)])
    await litters(log, mal, body);
  babbles(log, mal);
  await allRead(log, [ana, ben, mal]);
  expect(ana.warnings).toEqual([...Array(6).fill('skipped-handshake'), 'undecryptable']);
  expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
  await allTalk(log, ana, ben, mal);
  await ana.heals(log);
  await allTalk(log, ana, ben, mal);
});

test('a commit that is invalid for all members, followed by garbage, breaks no member', async () => {
  const { env, log, ana, ben, mal } = await anaBenMal();
  for (let round = 0; round < 3; round += 1) {
    await commits(log, mal, { tag: flipped });
    babbles(log, mal);
    babbles(log, mal);
    await allRead(log, [ana, ben]);
    expect([ana, ben].map((p) => p.room.status)).toEqual(['active', 'active']);
    env.passes(TEN_MINUTES_MS);
    await ben.heals(log);
    babbles(log, mal);
    await allRead(log, [ana, ben]);
    await ana.says(log, 'still here');
    await ben.reads(log);
  }
  await allTalk(log, ana, ben);
  await ana.heals(log);
  await allRead(log, [ben]);
  expect([ana, ben].map((p) => p.room.unfollowed)).toEqual([undefined, undefined]);
});

test('a handshake that cannot be followed stops handshakes for ten minutes, once in an hour and once a day for its author', async () => {
  const { env, log, ana, ben, mal } = await anaBenMal();
  const mayHeal = async () => {
    await ana.reads(log);
    return heal(ana.room, env).then(
      () => true,
      (error: unknown) => (error instanceof RoomError ? error.code : error),
    );
  };
  await commits(log, mal, { tag: flipped });
  expect(await mayHeal()).toBe('change-unconfirmed');
  await ana.says(log, 'posts go on');
  env.passes(TEN_MINUTES_MS);
  expect(await mayHeal()).toBe(true);
  await commits(log, ben, { tag: flipped });
  expect(await mayHeal()).toBe(true);
  env.passes(6 * TEN_MINUTES_MS);
  await commits(log, mal, { tag: flipped });
  expect(await mayHeal()).toBe(true);
  await commits(log, ben, { tag: flipped });
  expect(await mayHeal()).toBe('change-unconfirmed');
  env.passes(24 * 6 * TEN_MINUTES_MS);
  await commits(log, mal, { tag: flipped });
  expect(await mayHeal()).toBe('change-unconfirmed');
});

test('a joiner that encrypts garbage in its commit breaks no member', async () => {
  const { log, ana, ben, link } = await anaBenMal();
  const eve = new Person('eve', ana.env);
  await joins(log, eve, link, ana.room.mls, { tag: flipped });
  babbles(log, eve);
  await allRead(log, [ana, ben]);
  expect([ana, ben].map((p) => p.room.status)).toEqual(['active', 'active']);
  await allTalk(log, ana, ben);
});

test('the messages of a member that joins again are read although its counter restarts', async () => {
  const { log, link, people } = await roomOfPeople('ana', 'ben');
  const [ana, ben] = people as [Person, Person];
  for (let n = 0; n < 5; n += 1) await ben.says(log, `before ${n}`);
  await ben.joins(log, link);
  for (let n = 0; n < 3; n += 1) await ben.says(log, `after ${n}`);
  await ana.reads(log);
  expect(ana.heard.slice(5)).toEqual(['ben: after 0', 'ben: after 1', 'ben: after 2']);
  expect(ana.warnings).toEqual([]);
});

test('a wrong access key locks no member out', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  for (let n = 0; n < 3; n += 1) {
    const deed = await commits(log, mal, {}, { access: encodeBytes(mal.who.identity.publicKey) });
    mal.room = await gone(mal.room, deed);
    await allRead(log, [ana, ben]);
    expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
  }
  await ben.heals(log);
  await ben.refreshes(log);
  await allTalk(log, ana, ben, mal);
  await ana.removes(log, mal);
  await ben.reads(log);
  expect([ana, ben].map((p) => p.enters(log))).toEqual([true, true]);
});

test("an access key that a Remove retired can't enter, and the new one can", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await ana.commits(log, (room) => remove(room, mal.device, ana.env));
  expect([ana, ben, mal].map((p) => p.enters(log))).toEqual([true, false, false]);
  await allRead(log, [ben, mal]);
  expect([ana, ben, mal].map((p) => p.enters(log))).toEqual([true, true, false]);
  await readsNothingAfter(log, mal, ben);
});
