import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { serve } from '@gochat/server/internal/serve';
import { expect } from 'vitest';
import { brisk } from '../src/people/brisk.ts';
import { test } from '../src/people/device-test.ts';
import { devicesOf, followsAll, isIn, links, notesOf, roomsOf } from '../src/people/devices.ts';
import { type Someone, silentLogger, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

test.concurrent('three devices of a person share rooms, notes and preferences on two servers', async ({
  world,
}) => {
  const { ana, ben, first, rooms } = await world.anaInFourRooms();
  const kitchen = rooms[2];
  const said = await ben.posts(kitchen, { kind: 'text', text: 'soup?' });
  await ana.hears(kitchen, 'soup?');
  const [message] = await ana.messages(kitchen);
  const seq = message?.seq ?? '';
  await ana.profile.call('note', {
    room: kitchen,
    change: { read: seq, draft: 'yes, ', draftReply: { seq, id: said } as never },
  });
  const benKey = message?.identity ?? '';
  await ana.profile.call('prefer', { change: { verified: [benKey] } });

  const [phone, tablet] = [await world.someone('phone'), await world.someone('tablet')];
  await links(ana, phone, 'Phone');
  await links(phone, tablet, 'Tablet');
  for (const one of [phone, tablet]) {
    await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);
    await followsAll(one);
    await one.until(async () => (await notesOf(one, kitchen)).read === seq, `${one.name} has read`);
    expect(await notesOf(one, kitchen)).toMatchObject({ draft: 'yes, ', draftReply: { seq, id: said } });
    expect(await one.profile.call('preferences', {})).toMatchObject({ verified: [benKey], ignored: [] });
  }
  expect(await roomsOf(tablet)).toEqual(['diary', 'garden', 'kitchen', 'notes']);
  const labels = async (one: Someone) => (await devicesOf(one)).map(({ label, rooms }) => [label, rooms]);
  await ana.until(
    async () => (await labels(ana)).filter(([, rooms]) => rooms === 4).length === 3,
    'all three are seen in four rooms',
  );
  await ana.until(
    async () => (await labels(ana)).some(([label]) => label === 'Tablet'),
    'ana reads the label',
  );
  expect(await labels(ana)).toEqual(
    expect.arrayContaining([
      ['', 4],
      ['Phone', 4],
      ['Tablet', 4],
    ]),
  );

  const id = await tablet.says(kitchen, 'from the tablet');
  await tablet.delivered(kitchen, [id]);
  await ben.hears(kitchen, 'from the tablet');
  const members = await ben.profile.call('members', { room: kitchen });
  expect(members.map(({ devices }) => devices.length).sort()).toEqual([1, 3]);

  await tablet.profile.call('note', {
    room: kitchen,
    change: { draft: '', notify: 'mentions', receipts: false },
  });
  await phone.profile.call('prefer', { change: { verified: [], ignored: [benKey], asks: 'verified' } });
  await phone.profile.call('labelDevice', { label: 'Telephone' });
  for (const one of [ana, phone, tablet]) {
    await one.until(
      async () => (await notesOf(one, kitchen)).notify === 'mentions',
      `${one.name} hears how to notify`,
    );
    expect(await notesOf(one, kitchen)).toMatchObject({
      read: seq,
      draft: '',
      receipts: false,
      typing: true,
    });
    await one.until(
      async () => (await one.profile.call('preferences', {})).ignored.length === 1,
      `${one.name} ignores ben`,
    );
    expect(await one.profile.call('preferences', {})).toMatchObject({
      verified: [],
      ignored: [benKey],
      asks: 'verified',
    });
    await one.until(
      async () => (await labels(one)).some(([label]) => label === 'Telephone'),
      `${one.name} reads the new label`,
    );
  }

  // A room that is joined on one is joined on all, one that is left on one is left on all.
  await phone.hosts(first.url, 'pantry');
  await followsAll(phone);
  for (const one of [ana, tablet])
    await one.until(async () => (await roomsOf(one)).includes('pantry'), `${one.name} is in the pantry`);
  await tablet.profile.call('leave', { room: kitchen, waitMs: WAIT_MS });
  for (const one of [ana, phone])
    await one.until(
      async () => !(await roomsOf(one)).includes('kitchen'),
      `${one.name} has left the kitchen`,
    );
  await ben.until(
    async () => (await ben.profile.call('members', { room: kitchen })).length === 1,
    'ben is alone in the kitchen',
  );
});

test.concurrent('drafts that two devices write at once are both kept, on both', async ({ world }) => {
  const server = await world.server();
  const [ana, phone] = [await world.someone('ana'), await world.someone('phone')];
  const { room } = await ana.hosts(server.url, 'kitchen');
  await links(ana, phone, 'Phone');
  await isIn(phone, ['kitchen']);
  for (const one of [ana, phone]) await followsAll(one);
  const writes = (one: Someone, draft: string) => one.profile.call('note', { room, change: { draft } });
  await Promise.all([writes(ana, 'a paragraph'), writes(phone, 'something else')]);
  const lines = async (one: Someone) => (await notesOf(one, room)).draft.split('\n').sort().join();
  for (const one of [ana, phone])
    await one.until(async () => (await lines(one)) === 'a paragraph,something else', `${one.name} has both`);
  await writes(phone, '');
  await ana.until(async () => (await notesOf(ana, room)).draft === '', 'what the phone has sent has gone');
});

test.concurrent('a device that was away while entries expired asks the others for what it has missed', async ({
  world,
}) => {
  const folder = await temporary();
  world.finally(() => folder.remove());
  let later = 0;
  const now = () => Date.now() + later;
  const engine = await openLmdb({ folder: folder.path, now });
  const server = await serve({
    engine,
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    retainSec: 3600,
    now,
    logger: silentLogger(),
  });
  world.finally(() => server.close());
  const [ana, phone, tablet] = [
    await world.someone('ana'),
    await world.someone('phone'),
    await world.someone('tablet'),
  ];
  const { room } = await ana.hosts(`tcp://127.0.0.1:${server.port}`, 'diary');
  for (const one of [phone, tablet]) await links(ana, one, one.name);
  for (const one of [ana, phone, tablet]) {
    await followsAll(one);
    await one.until(async () => (await devicesOf(one)).length === 3, `${one.name} sees three devices`);
  }
  const isMuted = async (one: Someone) => (await notesOf(one, room)).notify === 'none';
  await phone.close();
  await ana.profile.call('note', { room, change: { notify: 'none' } });
  await tablet.until(() => isMuted(tablet), 'the tablet has heard it');
  for (const one of [ana, tablet]) await one.close();

  later = 2 * 3600_000;
  expect(await engine.sweep()).toBeGreaterThan(0);
  const env = { ...brisk, now };
  const again = await world.opens('phone', phone.dir, { env });
  await followsAll(again);
  await again.syncs(room);
  expect(await isMuted(again)).toBe(false);
  const other = await world.opens('tablet', tablet.dir, { env });
  await followsAll(other);
  await again.until(() => isMuted(again), 'the phone has heard it');
});
