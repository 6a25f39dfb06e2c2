import type { UpOf } from '@gochat/protocol/up';
import { expect, test } from 'vitest';
import { createRoom } from '../src/create.ts';
import { expiresAt } from '../src/expiry.ts';
import { configure } from '../src/handshake.ts';
import { createIdentity } from '../src/identity.ts';
import { announceRetention } from '../src/retention.ts';
import { stateOf } from '../src/room.ts';
import { allRead, anaBenMal } from './assert.ts';
import { type Person, seededEnv } from './world.ts';

const HOUR = 3600 * 1000;

function expiries(person: Person) {
  return person.events.flatMap((e) =>
    e.kind === 'message' || e.kind === 'sent' ? [{ at: e.at, expires: e.expires }] : [],
  );
}

test('a message lasts from when it was posted, or from five minutes after its sender has sealed it', () => {
  const state = { expire: 60 };
  expect(expiresAt(state, 1_000_000, 1_000_000)).toBe(1_060_000);
  // A clock that is fast, and a server that is.
  expect(expiresAt(state, 1_000_000, 9_000_000)).toBe(1_060_000);
  expect(expiresAt(state, 1_300_000, 1_000_000)).toBe(1_360_000);
  expect(expiresAt(state, 9_000_000, 1_000_000)).toBe(1_360_000);
  expect(expiresAt({}, 1_000_000, 1_000_000)).toBeUndefined();
  expect(expiresAt('newer', 1_000_000, 1_000_000)).toBeUndefined();
});

test('a message disappears by the setting of the epoch in which it was posted, for all alike', async () => {
  const { log, ana, ben, mal, env } = await anaBenMal();
  const start = { ana: expiries(ana).length, ben: expiries(ben).length };
  await ana.says(log, 'for ever');
  await ana.commits(log, (room) => configure(room, { expire: 60 }, env));
  await ana.says(log, 'a minute');
  await ana.commits(log, (room) => configure(room, { expire: 3600 }, env));
  await ben.says(log, 'an hour');
  await ana.commits(log, (room) => configure(room, { topic: 'cups' }, env));
  expect(stateOf(ana.room).expire).toBe(3600);
  await ana.commits(log, (room) => configure(room, { expire: null }, env));
  expect(stateOf(ana.room).expire).toBeUndefined();
  await ben.says(log, 'again for ever');
  await allRead(log, [ana, ben, mal]);
  const seen = expiries(ana).slice(start.ana);
  expect(seen.map(({ at, expires }) => expires && expires - at)).toEqual([
    undefined,
    60_000,
    3_600_000,
    undefined,
  ]);
  expect(expiries(ben).slice(start.ben)).toEqual(seen);
  const changes = ben.events.flatMap((e) => (e.kind === 'changed' ? [e.settings.rules?.expire] : []));
  expect(changes).toEqual([60, 3600, undefined, 0]);
});

test('the same handshake orders how long the server keeps messages', async () => {
  const { log, ana, ben, env } = await anaBenMal();
  const rules = async (change: Parameters<typeof configure>[1]) => {
    await ana.reads(log);
    return (await configure(ana.room, change, env)).frame.order?.rules;
  };
  expect(await rules({ expire: 3600 })).toEqual({ quietMs: 0, retainMs: 2 * HOUR });
  expect(await rules({ name: 'tea' })).toBeUndefined();
  await ana.commits(log, (room) => configure(room, { expire: 3600 }, env));
  expect(await rules({ name: 'tea' })).toBeUndefined();
  expect(await rules({ expire: null })).toEqual({ quietMs: 0 });
  await ben.reads(log);
  await expect(configure(ben.room, { expire: 60 }, env)).rejects.toThrow('not-admin');
});

test('a room may begin with it', async () => {
  const env = seededEnv(1);
  const names = { room: 'kitchen', own: 'ana' };
  const made = async (more: { readonly expire?: number }): Promise<UpOf<'create'>> =>
    (await createRoom(createIdentity(env), { ...names, ...more }, env)).frame;
  expect((await made({ expire: 60 })).rules).toEqual({ quietMs: 0, retainMs: HOUR + 60_000 });
  expect((await made({})).rules).toBeUndefined();
});

test('what the members have set is no news when the server says it', async () => {
  const { log, ana, env } = await anaBenMal();
  const announced = announceRetention(ana.room, undefined, undefined, env.now()).room;
  ana.room = announced;
  await ana.commits(log, (room) => configure(room, { expire: 3600 }, env));
  const says = (retainMs: number) =>
    announceRetention(ana.room, undefined, { retainMs }, env.now()).events.map((e) => e.kind);
  expect(says(2 * HOUR)).toEqual([]);
  expect(says(2 * HOUR - 1)).toEqual(['warning']);
});
