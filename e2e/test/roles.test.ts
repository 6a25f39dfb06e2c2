import { randomBytes } from 'node:crypto';
import type { Role, RoomRules } from '@gochat/client/methods';
import { expect, test } from 'vitest';
import { onServer } from '../src/people/on-server.ts';
import type { Someone } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const people = onServer();
const { person } = people;

/** Ana's room, with the others in it. */
async function roomOf<N extends string>(...names: N[]) {
  const ana = await person('ana');
  const { room, link } = await ana.hosts(people.url);
  const others = {} as Record<N, Someone>;
  for (const name of names) {
    others[name] = await person(name);
    await others[name].joins(link);
  }
  await ana.syncs(room);
  return { ana, ...others, room, link };
}

async function gives(by: Someone, room: string, member: string, role: Role): Promise<void> {
  await by.profile.call('setRole', { room, member, role, waitMs: WAIT_MS });
}

async function rolesAt(who: Someone, room: string): Promise<Record<string, Role>> {
  await who.syncs(room);
  const all = await who.profile.call('members', { room });
  return Object.fromEntries(all.map(({ name, role }) => [name, role]));
}

async function changedAt(who: Someone, room: string) {
  await who.syncs(room);
  return (await who.history(room)).flatMap((item) => {
    if (item.kind !== 'changed') return [];
    const { seq: _, sub: __, at: ___, identity: ____, own: _____, kind: ______, ...fact } = item;
    return [fact];
  });
}

test('an admin gives each role, a moderator mutes and unmutes, and all read who did it', async () => {
  const { ana, ben, mia, room } = await roomOf('ben', 'mia');
  await gives(ana, room, 'mia', 'moderator');
  await gives(ana, room, 'ben', 'speaker');
  await mia.syncs(room);
  await gives(mia, room, 'ben', 'observer');
  expect(await rolesAt(ben, room)).toEqual({ ana: 'admin', mia: 'moderator', ben: 'observer' });
  await gives(mia, room, 'ben', 'member');
  expect(await rolesAt(ben, room)).toMatchObject({ ben: 'speaker' });
  await gives(ana, room, 'ben', 'member');
  expect(await changedAt(ben, room)).toEqual([
    { from: 'ana', roles: [{ name: 'mia', role: 'moderator' }] },
    { from: 'ana', roles: [{ name: 'ben', role: 'speaker' }] },
    { from: 'mia', roles: [{ name: 'ben', role: 'observer' }] },
    { from: 'mia', roles: [{ name: 'ben', role: 'speaker' }] },
    { from: 'ana', roles: [{ name: 'ben', role: 'member' }] },
  ]);
  const refused: [Someone, string, Role, string][] = [
    [mia, 'ana', 'observer', 'not-admin'],
    [mia, 'ben', 'moderator', 'not-admin'],
    [ben, 'mia', 'observer', 'not-staff'],
    [ben, 'ben', 'admin', 'not-admin'],
    [ana, 'ana', 'moderator', 'last-admin'],
  ];
  for (const [by, member, role, reason] of refused)
    await expect(gives(by, room, member, role), `${by.name} ${member} ${role}`).rejects.toMatchObject({
      data: { reason },
    });
});

test('the rules of a room are set by admins, known to all, and ended again', async () => {
  const { ana, ben, room } = await roomOf('ben');
  const set = { speak: 'staff', slow: 30, links: 'staff', expire: 86_400 } as const;
  await ana.profile.call('configure', { room, ...set, waitMs: WAIT_MS });
  await ben.syncs(room);
  expect(await ben.profile.call('rules', { room })).toEqual({ ...set, history: 'none' });
  const mine = async () => (await ben.profile.call('rooms', {})).find(({ id }) => id === room);
  expect(await mine()).toMatchObject({ role: 'member', silence: 'staff-only', rules: set });
  const invite = { room, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS };
  await expect(ben.profile.call('invite', invite)).rejects.toMatchObject({ data: { reason: 'links-staff' } });
  await expect(ben.profile.call('configure', { room, speak: 'all', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'not-admin' },
  });
  for (const slow of [0, 1.5, 10 ** 9])
    await expect(ana.profile.call('configure', { room, slow, waitMs: WAIT_MS })).rejects.toMatchObject({
      data: { reason: 'rule-seconds', what: 'slow' },
    });
  const none = { speak: 'all', slow: null, links: 'all', expire: null } as const;
  await ana.profile.call('configure', { room, ...none, waitMs: WAIT_MS });
  expect(await changedAt(ben, room)).toEqual([
    { from: 'ana', rules: set },
    { from: 'ana', rules: { speak: 'all', slow: 0, links: 'all', expire: 0 } },
  ]);
  expect(await mine()).toMatchObject({ rules: { speak: 'all', links: 'all' } });
  await expect(ben.profile.call('invite', invite)).resolves.toMatchObject({ link: expect.any(String) });
});

test('staff pins messages for all, and unpins them', async () => {
  const { ana, ben, room } = await roomOf('ben');
  const ids = [await ana.says(room, 'one'), await ana.says(room, 'two')];
  await ana.delivered(room, ids);
  await ben.hears(room, 'two');
  const [first = '', second = ''] = ids;
  await ana.profile.call('pin', { room, id: first, waitMs: WAIT_MS });
  const seq = (await ana.messages(room)).find(({ id }) => id === second)?.seq ?? '';
  await ana.profile.call('pin', { room, id: seq, waitMs: WAIT_MS });
  await ben.syncs(room);
  const pinned = async () => (await ben.profile.call('pins', { room })).items.map(({ text }) => text);
  expect(await pinned()).toEqual(['two', 'one']);
  await expect(ben.profile.call('unpin', { room, id: first, waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'not-staff' },
  });
  await ana.profile.call('unpin', { room, id: second, waitMs: WAIT_MS });
  await ben.syncs(room);
  expect(await pinned()).toEqual(['one']);
  expect(await changedAt(ben, room)).toEqual([
    { from: 'ana', pinned: [first] },
    { from: 'ana', pinned: [second] },
    { from: 'ana', unpinned: [second] },
  ]);
});

test('whoever is banned is removed with all devices and let in no more, until the ban ends', async () => {
  const { ana, ben, room } = await roomOf('ben');
  expect(await ana.profile.call('ban', { room, member: 'ben', waitMs: WAIT_MS })).toEqual({ name: 'ben' });
  const [one] = await ana.profile.call('bans', { room });
  expect(one).toMatchObject({ name: 'ben', fingerprint: expect.stringMatching(/^[\w-]{22}$/) });
  expect((await changedAt(ana, room)).at(-1)).toMatchObject({ banned: [{ name: 'ben' }] });
  const invite = async () =>
    (await ana.profile.call('invite', { room, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS })).link;
  await expect(ben.joins(await invite())).rejects.toMatchObject({ data: { reason: 'banned' } });
  await ana.profile.call('unban', { room, member: 'ben', waitMs: WAIT_MS });
  expect(await ana.profile.call('bans', { room })).toEqual([]);
  await ben.joins(await invite());
  await expect(ana.profile.call('ban', { room, member: 'ana', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'self-ban' },
  });
});

async function sets(by: Someone, room: string, rules: Partial<RoomRules>): Promise<void> {
  await by.profile.call('configure', { room, ...rules, waitMs: WAIT_MS });
}

async function textsAt(who: Someone, room: string): Promise<string[]> {
  await who.syncs(room);
  return (await who.messages(room)).map(({ text }) => text);
}

const queued = (text: string) => ({
  id: randomBytes(16).toString('base64url'),
  content: { kind: 'text', text } as const,
});

test('what its author may not say is refused at once, and a speaker writes as much as it likes', async () => {
  const { ana, ben, sam, room } = await roomOf('ben', 'sam');
  await ben.delivered(room, [await ben.says(room, 'before')]);
  await gives(ana, room, 'sam', 'speaker');
  await sets(ana, room, { speak: 'listed' });
  await together(room, ana, ben, sam);
  await expect(ben.says(room, 'no')).rejects.toMatchObject({ data: { reason: 'not-listed' } });
  const [mine] = await ben.messages(room);
  if (mine === undefined) throw new Error('no message');
  const of = { seq: mine.seq, id: mine.id };
  await expect(
    ben.profile.call('queue', { room, ...queued(''), content: { kind: 'edit', of, text: 'no' } }),
  ).rejects.toMatchObject({ data: { reason: 'not-listed' } });
  await ben.posts(room, { kind: 'react', to: of, emoji: '👍', on: true });
  // More than the server takes from whoever has no voice.
  const messages = Array.from({ length: 12 }, (_, i) => queued(`${i} ${'x'.repeat(3000)}`));
  await sam.profile.call('queueAll', { room, messages });
  await sam.delivered(
    room,
    messages.map(({ id }) => id),
  );
  expect(await textsAt(ana, room)).toHaveLength(13);
  await sets(ana, room, { speak: 'staff' });
  await sam.syncs(room);
  await expect(sam.says(room, 'no')).rejects.toMatchObject({ data: { reason: 'staff-only' } });
  await ana.delivered(room, [await ana.says(room, 'news')]);
  await gives(ana, room, 'ben', 'observer');
  await sets(ana, room, { speak: 'all' });
  await together(room, ben, sam);
  await expect(ben.says(room, 'no')).rejects.toMatchObject({ data: { reason: 'muted' } });
  await sam.delivered(room, [await sam.says(room, 'yes')]);
  expect((await textsAt(ben, room)).slice(-2)).toEqual(['news', 'yes']);
  expect(await ana.warnings(room)).toEqual([]);
});

test('in slow mode what a member writes waits, in its order, and is never refused', async () => {
  const { ana, ben, room } = await roomOf('ben');
  await sets(ana, room, { slow: 2 });
  await ben.syncs(room);
  const messages = ['one', 'two', 'three'].map(queued);
  await ben.profile.call('queueAll', { room, messages });
  await ana.profile.call('queueAll', { room, messages: ['a', 'b'].map(queued) });
  await ben.delivered(
    room,
    messages.map(({ id }) => id),
  );
  const texts = await textsAt(ana, room);
  expect(texts.filter((text) => text.length > 1)).toEqual(['one', 'two', 'three']);
  expect(texts).toHaveLength(5);
  expect(await ana.warnings(room)).toEqual([]);
});

test('a moderator bans a person with all devices: no invite, own invite or old keys let it in', async () => {
  const { ana, mia, ben, room, link } = await roomOf('mia', 'ben');
  await gives(ana, room, 'mia', 'moderator');
  await mia.syncs(room);
  await mia.profile.call('ban', { room, member: 'ben', waitMs: WAIT_MS });
  await ana.syncs(room);
  expect(Object.keys(await rolesAt(ana, room))).toEqual(['ana', 'mia']);
  const fresh = await mia.invites(room);
  const old = await ben.joins(link).catch((error: unknown) => error);
  expect(old).toMatchObject({ data: { reason: expect.stringMatching(/^(invite-dead|banned)$/) } });
  await expect(ben.joins(fresh)).rejects.toMatchObject({ data: { reason: 'banned' } });
  await expect(mia.profile.call('ban', { room, member: 'ana', waitMs: WAIT_MS })).rejects.toMatchObject({
    data: { reason: 'not-admin' },
  });
  // The server has retired the keys, by the order of the moderator.
  await expect(ben.says(room, 'still here')).rejects.toMatchObject({ code: 'not-member' });
  await ana.delivered(room, [await ana.says(room, 'quiet again')]);
  await mia.hears(room, 'quiet again');
});

async function together(room: string, ...all: Someone[]): Promise<void> {
  for (const who of all) await who.syncs(room);
}
