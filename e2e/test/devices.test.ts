import { afterEach, expect, test } from 'vitest';
import { devicesOf, followsAll, linkingOf, links, roomsOf } from '../src/people/devices.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function server(): Promise<TestServer> {
  const folder = await temporary();
  ends.push(() => folder.remove());
  const one = await startServer(folder.path);
  ends.push(() => one.stop());
  return one;
}

async function someone(name: string): Promise<Someone> {
  const folder = await temporary();
  ends.push(() => folder.remove());
  const one = await Someone.open(name, folder.path);
  ends.push(() => one.close());
  return one;
}

/** Ana on a laptop, who is in four rooms on two servers, two of which others have founded. */
async function anaInFourRooms() {
  const [first, second] = [await server(), await server()];
  const [ana, ben] = [await someone('ana'), await someone('ben')];
  const rooms = [
    (await ana.hosts(first.url, 'diary')).room,
    (await ana.hosts(second.url, 'notes')).room,
    await ana.joins((await ben.hosts(first.url, 'kitchen')).link),
    await ana.joins((await ben.hosts(second.url, 'garden')).link),
  ] as const;
  await followsAll(ben);
  await followsAll(ana);
  // Otherwise he would tell her the secrets of the own invites some minutes later.
  for (const room of rooms.slice(2)) await ben.profile.call('reportCompromise', { room, waitMs: WAIT_MS });
  return { ana, ben, first, second, rooms };
}

async function notesOf(one: Someone, room: string) {
  return one.profile.call('notes', { room });
}

test(
  'three devices of a person share rooms, notes and preferences on two servers',
  async () => {
    const { ana, ben, first, rooms } = await anaInFourRooms();
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

    const [phone, tablet] = [await someone('phone'), await someone('tablet')];
    await links(ana, phone, 'Phone');
    await links(phone, tablet, 'Tablet');
    for (const one of [phone, tablet]) {
      await one.until(async () => (await roomsOf(one)).length === 4, `${one.name} is in four rooms`);
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
    await phone.profile.call('prefer', { change: { verified: [], ignored: [benKey] } });
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
      expect(await one.profile.call('preferences', {})).toMatchObject({ verified: [], ignored: [benKey] });
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
  },
  4 * WAIT_MS,
);

/** Ana's laptop, phone and tablet in four rooms. */
async function threeDevices() {
  const { ana, ben, first, second, rooms } = await anaInFourRooms();
  const [phone, tablet] = [await someone('phone'), await someone('tablet')];
  await links(ana, phone, 'Phone');
  await links(ana, tablet, 'Tablet');
  for (const one of [phone, tablet]) await isIn(one, ['diary', 'garden', 'kitchen', 'notes']);
  for (const one of [ana, phone, tablet]) {
    await followsAll(one);
    await one.until(
      async () => (await devicesOf(one)).every(({ rooms: many }) => many === 4),
      `${one.name} sees all`,
    );
  }
  return { ana, ben, phone, tablet, first, second, rooms };
}

async function isIn(one: Someone, rooms: readonly string[]): Promise<void> {
  await one.until(
    async () => (await roomsOf(one)).join() === rooms.join(),
    `${one.name} is in ${rooms.join(', ')}`,
  );
}

async function keyOf(one: Someone): Promise<string> {
  return (await devicesOf(one)).find(({ self }) => self)?.key ?? '';
}

/** Waits until a device says that it was removed. */
async function isOut(one: Someone): Promise<void> {
  await one.until(async () => (await linkingOf(one)).stage === 'removed', `${one.name} was removed`);
}

test(
  'a lost device is removed from all rooms, says why, and comes back as an empty profile',
  async () => {
    const { ana, ben, phone, tablet, rooms } = await threeDevices();
    const lost = await keyOf(phone);
    expect(await ana.profile.call('removeDevice', { device: lost, waitMs: WAIT_MS })).toEqual({
      key: lost,
      label: 'Phone',
      left: [],
    });
    await isOut(phone);
    await expect(phone.profile.call('rooms', {})).rejects.toMatchObject({
      data: { reason: 'device-removed' },
    });
    for (const room of rooms) {
      const other = room === rooms[2] || room === rooms[3] ? ben : tablet;
      await other.until(
        async () => (await ownKeys(other, room)).every((key) => key !== lost),
        'it is out of every room',
      );
    }
    await tablet.until(async () => (await devicesOf(tablet)).length === 2, 'two devices are left');

    // The room goes on for the others, and what is joined next reaches the tablet.
    const id = await tablet.says(rooms[2], 'still here');
    await tablet.delivered(rooms[2], [id]);
    await ben.hears(rooms[2], 'still here');

    await phone.close();
    const again = await Someone.open('phone', phone.dir);
    ends.push(() => again.close());
    expect(await again.profile.call('rooms', {})).toEqual([]);
    expect(await again.profile.call('linking', {})).toEqual({ stage: 'none' });
    expect((await again.profile.call('preferences', {})).removed).toEqual(expect.any(Number));
    const { identity } = await again.profile.call('whoami', {});
    expect(identity).not.toBe((await ana.profile.call('whoami', {})).identity);
  },
  4 * WAIT_MS,
);

/** The device keys in a room. */
async function ownKeys(one: Someone, room: string): Promise<readonly string[]> {
  const members = await one.profile.call('members', { room });
  return members.flatMap(({ devices }) => devices.map(({ key }) => key));
}
