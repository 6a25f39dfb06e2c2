import { encodeBytes } from '@gochat/protocol/encoding';
import { expect, test } from 'vitest';
import { COMMIT_DATA, encodeCommitData } from '../src/commit-data.ts';
import { handOver } from '../src/hand-over.ts';
import { configure, invite, remove, setRole } from '../src/handshake.ts';
import { commit } from '../src/mls/commits.ts';
import { EXTENSION } from '../src/mls/suite.ts';
import { signingKey } from '../src/primitives.ts';
import { invitesOf, stateOf } from '../src/room.ts';
import { sealBody } from '../src/seal.ts';
import { agree, allRead, allTalk, anaBenMal } from './assert.ts';
import { commits, request } from './hostile.ts';
import type { Log } from './log.ts';
import { spellRoomState } from './spell-state.ts';
import { type Person, won } from './world.ts';

function settingsIn(person: Person) {
  return person.events.flatMap((e) =>
    e.kind === 'changed'
      ? [
          {
            by: e.by?.name,
            ...e.settings,
            admins: e.settings.admins.map((m) => m.name),
            dropped: e.settings.dropped.map((m) => m.name),
          },
        ]
      : [],
  );
}

const appoints = (by: Person, log: Log, other: Person, admin = true) =>
  by.commits(log, (room) => setRole(room, other.device, admin ? 'admin' : 'member', by.env));

test('an admin changes the name and the topic of the room', async () => {
  const { log, ana, ben, mal, env } = await anaBenMal();
  await ana.commits(log, (room) => configure(room, { name: ' tea  room ', topic: 'cups 👩‍🍳' }, env));
  await allRead(log, [ben, mal]);
  expect(stateOf(ben.room)).toMatchObject({ name: 'tea room', topic: 'cups 👩‍🍳' });
  expect(settingsIn(ben)).toEqual([
    { by: 'ana', name: 'tea room', topic: 'cups 👩‍🍳', admins: [], dropped: [] },
  ]);
  await ana.commits(log, (room) => configure(room, { topic: '' }, env));
  await allRead(log, [ben, mal]);
  expect(stateOf(ben.room).topic).toBeUndefined();
  expect(settingsIn(ben).at(-1)).toEqual({ by: 'ana', topic: '', admins: [], dropped: [] });
  for (const name of ['', '\u202eevil', 'x'.repeat(200)])
    await expect(configure(ana.room, { name }, env)).rejects.toThrow('name');
  await expect(configure(ana.room, { topic: 'x'.repeat(513) }, env)).rejects.toMatchObject({
    code: 'too-long',
    most: 512,
  });
  await allTalk(log, ana, ben, mal);
});

test('only admins change settings, and invites remain live after a change', async () => {
  const { log, ana, ben, link, mal, env } = await anaBenMal();
  await expect(configure(ben.room, { name: 'mine' }, env)).rejects.toThrow('not-admin');
  await expect(setRole(ben.room, ben.device, 'admin', env)).rejects.toThrow('not-admin');
  await ana.commits(log, (room) => configure(room, { topic: 'cups' }, env));
  expect(log.info(link)).toBeDefined();
  expect(invitesOf(ana.room)).toHaveLength(1);
  await mal.reads(log);
  await ben.reads(log);
  await ben.commits(log, (room) => invite(room, env.random(16), {}, env));
  expect(invitesOf(ben.room)).toHaveLength(2);
});

test('a new admin has the same rights as the founder', async () => {
  for (const restarts of [false, true]) {
    const { log, ana, ben, mal } = await anaBenMal();
    ben.restarts = restarts;
    await appoints(ana, log, ben);
    await allRead(log, [ben, mal]);
    expect(settingsIn(mal)).toEqual([{ by: 'ana', admins: ['ben'], dropped: [] }]);
    expect(ben.room.admin?.publicKey).toEqual(ana.room.admin?.publicKey);
    expect(mal.room.admin).toBeUndefined();
    await ben.removes(log, mal);
    await allRead(log, [ana, mal]);
    expect(mal.room.status).toBe('removed');
    await allTalk(log, ana, ben);
  }
});

test('a former admin has no admin rights, not even with the old admin key', async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await appoints(ana, log, ben);
  await allRead(log, [ben, mal]);
  const held = ben.room.admin;
  await appoints(ana, log, ben, false);
  await allRead(log, [ben, mal]);
  agree(ana, ben, mal);
  expect(settingsIn(mal).at(-1)).toEqual({ by: 'ana', admins: [], dropped: ['ben'] });
  expect(ben.room.admin).toBeUndefined();
  expect(ana.room.admin?.publicKey).not.toEqual(held?.publicKey);
  await expect(remove(ben.room, mal.device, ben.env)).rejects.toThrow('not-admin');
  ben.room = { ...ben.room, admin: held };
  expect(log.swap(await request(ben, ben.env.random(300), ben.room.mls, {}, true))).toBe('refused');
  await ana.removes(log, mal);
  await allRead(log, [ben]);
  await allTalk(log, ana, ben);
});

test("the remaining admins get the new key, and the last admin can't be removed as admin", async () => {
  const { log, ana, ben, mal } = await anaBenMal();
  await expect(setRole(ana.room, ana.device, 'member', ana.env)).rejects.toThrow('last-admin');
  await appoints(ana, log, ben);
  await ben.reads(log);
  await appoints(ben, log, mal);
  await allRead(log, [ana, mal]);
  await appoints(ana, log, ana, false);
  await allRead(log, [ben, mal]);
  expect(ana.room.admin).toBeUndefined();
  expect(ben.room.admin?.publicKey).toEqual(mal.room.admin?.publicKey);
  await mal.removes(log, ana);
  await ben.reads(log);
  await allTalk(log, ben, mal);
});

test('only an admin can give a member an admin key', async () => {
  const { log, ana, ben, env, mal } = await anaBenMal();
  const held = ana.room.admin?.publicKey;
  const parts = await handOver(mal.room, 'admin', [ana.device, ben.device], signingKey(env.random(32)));
  expect(parts).toHaveLength(224);
  const aad = encodeCommitData([[COMMIT_DATA.adminKey, parts]]);
  // Any member may make this kind of change: it is the one that creates an invite.
  const { frame, room } = await invite(mal.room, env.random(16), {}, env);
  const state = room.pending?.mls.groupContext.extensions;
  if (state === undefined) throw new Error('nothing is pending');
  const { message, state: next } = await commit(
    mal.room.mls,
    [{ proposalType: 'group_context_extensions', groupContextExtensions: { extensions: state } }],
    undefined,
    aad,
  );
  const body = sealBody(mal.room.keys, 'handshake', mal.room.id, message, env);
  won(log.swap(await request(mal, body, next, { invites: frame.invites })));
  await allRead(log, [ana, ben]);
  expect(ana.room.admin?.publicKey).toEqual(held);
  expect(ben.room.admin).toBeUndefined();
  expect(invitesOf(ben.room)).toHaveLength(2);
});

test.each([
  ['nobody', () => []],
  ['a stranger', (admins: readonly string[]) => [...admins, `${'z'.repeat(42)}A`].sort()],
  ['one twice', (admins: readonly string[]) => [...admins, ...admins]],
  ['members out of order', (admins: readonly string[], ben: string) => [...admins, ben].sort().reverse()],
])('not even an admin makes %s an admin', async (_, change) => {
  const { log, ana, ben, mal } = await anaBenMal();
  const [genesis] = ana.room.mls.groupContext.extensions;
  if (genesis === undefined) throw new Error('no genesis');
  const state = stateOf(ana.room);
  const next = { ...state, admins: change(state.admins, encodeBytes(ben.who.identity.publicKey)) };
  const extensions = [genesis, { extensionType: EXTENSION.roomState, extensionData: spellRoomState(next) }];
  await commits(log, ana, {
    proposals: [{ proposalType: 'group_context_extensions', groupContextExtensions: { extensions } }],
    path: false,
    extensions,
  });
  await allRead(log, [ben, mal]);
  expect(ben.warnings).toEqual(['skipped-handshake']);
  agree(ben, mal);
  expect(stateOf(ben.room).admins).toEqual(state.admins);
});
