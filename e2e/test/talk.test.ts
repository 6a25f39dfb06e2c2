import { expect, test } from 'vitest';
import { onServer } from '../src/people/on-server.ts';
import { WAIT_MS } from '../src/waits.ts';

const people = onServer();
const { person } = people;

test('two people talk over a server', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(people.url);
  await ben.joins(link);
  await ana.delivered(room, [await ana.says(room, 'hello')]);
  await ben.delivered(room, [await ben.says(room, 'hi')]);
  await ana.hears(room, 'hi');
  await ben.hears(room, 'hi');
  expect(await ana.read(room)).toEqual(['ana: hello', 'ben: hi']);
  expect(await ben.read(room)).toEqual(['ana: hello', 'ben: hi']);
  expect(await ben.warnings(room)).toEqual([]);
});

test('a removed member is shown the removal, and the others talk on', async () => {
  const [ana, ben, cai] = [await person('ana'), await person('ben'), await person('cai')];
  const { room, link } = await ana.hosts(people.url);
  await ben.joins(link);
  await cai.joins(link);
  await ana.profile.call('remove', { room, member: 'cai', waitMs: WAIT_MS });
  await ana.delivered(room, [await ana.says(room, 'without cai')]);
  await ben.hears(room, 'without cai');
  await cai.until(
    async () => (await cai.profile.call('rooms', {}))[0]?.status === 'removed',
    'cai is notified',
  );
  expect(await cai.read(room)).toEqual([]);
  await expect(cai.joins(link)).rejects.toMatchObject({ code: 'refused' });
  await expect(cai.says(room, 'still here?')).rejects.toMatchObject({ code: 'not-member' });
});

test('an admin’s client removes a member who leaves', async () => {
  const [ana, ben] = [await person('ana'), await person('ben')];
  const { room, link } = await ana.hosts(people.url);
  await ben.joins(link);
  await ben.profile.call('leave', { room, waitMs: WAIT_MS });
  await ana.until(async () => (await ana.profile.call('members', { room })).length === 1, 'ana removes ben');
});
