import { join } from 'node:path';
import type { HistorySetting } from '@gochat/client/settings';
import type { Position } from '@gochat/protocol/fields';
import { afterEach, expect, test } from 'vitest';
import { HostileMember } from '../src/people/hostile-member.ts';
import { Someone, startServer, temporary } from '../src/people/people.ts';
import { WAIT_MS } from '../src/waits.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server, and ana with a room that shows newcomers this much of its history. */
async function kitchen(history: HistorySetting) {
  const home = await temporary();
  ends.push(() => home.remove());
  const server = await startServer(join(home.path, 'server'));
  ends.push(() => server.stop());
  const open = async (name: string) => {
    const someone = await Someone.open(name, join(home.path, name));
    ends.push(() => someone.close());
    return someone;
  };
  const ana = await open('ana');
  const { id: room } = await ana.profile.call('create', {
    name: 'kitchen',
    as: 'ana',
    server: server.url,
    history,
    waitMs: WAIT_MS,
  });
  return { ana, room, open, server, home: home.path };
}

async function says(someone: Someone, room: string, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await someone.posts(room, { kind: 'text', text });
}

test('whoever joins with nobody there reads what the room shows newcomers, and by whom it was shared', async () => {
  const { ana, room, open } = await kitchen({ last: 3 });
  const ben = await open('ben');
  await ben.joins(await ana.invites(room));
  await says(ana, room, 'one', 'two');
  await ben.hears(room, 'two');
  await says(ben, room, 'three', 'four');
  await ana.hears(room, 'four');
  const link = await ana.invites(room);
  await says(ana, room, 'five');
  await ben.close();
  await ana.close();
  const cleo = await open('cleo');
  await cleo.joins(link);
  expect(await cleo.read(room)).toEqual(['ben: three', 'ben: four', 'ana: five']);
  expect((await cleo.messages(room)).map(({ shared }) => shared?.by)).toEqual(['ana', 'ana', 'ana']);
  expect(await cleo.warnings(room)).toEqual([]);
});

test('a history of several posts is read whole, also by whoever was killed before it was', async () => {
  const { ana, room, open, home } = await kitchen('all');
  const texts = Array.from({ length: 5 }, (_, i) => String(i).repeat(40_000));
  await says(ana, room, ...texts);
  const link = await ana.invites(room);
  await ana.close();
  const cleo = await open('cleo');
  const joining = cleo.profile.call('join', { link, as: 'cleo', waitMs: WAIT_MS });
  await cleo.until(async () => (await cleo.profile.call('rooms', {})).length === 1, 'cleo has the room');
  await cleo.close();
  await joining.catch(() => undefined);
  const again = await Someone.open('cleo', join(home, 'cleo'));
  ends.push(() => again.close());
  await again.joins(link);
  await again.syncs(room);
  expect((await again.messages(room)).map(({ text }) => text)).toEqual(texts);
});

test('what a member makes up, takes from another room or leaves out is not shown, and is reported', async () => {
  const { ana, room, open, server } = await kitchen('all');
  const { id: other } = await ana.profile.call('create', {
    name: 'garden',
    as: 'ana',
    server: server.url,
    history: 'all',
    waitMs: WAIT_MS,
  });
  const mal = await HostileMember.joins(server.url, await ana.invites(room));
  const inGarden = await HostileMember.joins(server.url, await ana.invites(other));
  ends.push(async () => {
    mal.close();
    inGarden.close();
  });
  await says(ana, other, 'elsewhere');
  const texts = ['one', 'two', 'three', 'four'];
  await says(ana, room, ...texts);
  await mal.sees('entry', texts.length);
  await inGarden.sees('entry', 1);
  const link = await ana.invites(room);
  // Newcomers would be given ana's pack too, or instead, if she announced or published one after mal's.
  await mal.sees('refreshed', 1);
  await ana.close();
  const honest = await mal.pack();
  const [one, two, three, four] = honest.lines;
  if (one === undefined || two === undefined || three === undefined || four === undefined)
    throw new Error('mal has read four messages');
  const cases = [
    {
      pack: { ...honest, lines: [one, two, four] },
      shown: ['one', 'two', 'four'],
      warnings: [{ warning: 'shared-missing', member: 'ana', by: 'mal', count: 1 }],
    },
    // Swapped text, another author, another signature.
    {
      pack: {
        ...honest,
        lines: [
          one,
          { ...two, payload: three.payload },
          { ...three, leaf: 1 },
          { ...four, signature: one.signature },
        ],
      },
      shown: ['one'],
      warnings: [{ warning: 'shared-forged', member: 'mal', count: 3 }],
    },
    {
      pack: await inGarden.pack(),
      shown: [],
      warnings: [{ warning: 'shared-foreign', member: 'mal', count: 1 }],
    },
    { pack: honest, shown: texts, warnings: [] },
  ];
  for (const [i, { pack, shown, warnings }] of cases.entries()) {
    await mal.shares(pack, one.seq);
    const joiner = await open(`cleo ${i}`);
    await joiner.joins(link);
    await joiner.until(
      async () =>
        (await joiner.messages(room)).length === shown.length &&
        (await joiner.warnings(room)).length === warnings.length,
      'the joiner reads what mal has shared',
    );
    expect((await joiner.messages(room)).map(({ text, shared }) => [text, shared?.by])).toEqual(
      shown.map((text) => [text, 'mal']),
    );
    expect(await joiner.warnings(room)).toEqual(warnings);
  }
});

test('a pack that is said to be where no entry can be is gone, and costs the newcomer no connection', async () => {
  const { ana, room, open, server } = await kitchen('all');
  const mal = await HostileMember.joins(server.url, await ana.invites(room));
  ends.push(async () => mal.close());
  await says(ana, room, 'one');
  await mal.sees('entry', 1);
  const link = await ana.invites(room);
  // Newcomers could be given ana's pack instead if she published it after mal's.
  await mal.sees('refreshed', 1);
  await mal.shares(await mal.pack(), '1' as Position, '0' as Position);
  const joiner = await open('cleo');
  await joiner.joins(link);
  await joiner.until(
    async () => (await joiner.warnings(room)).length === 1,
    'the joiner knows that it is gone',
  );
  expect(await joiner.warnings(room)).toEqual([{ warning: 'shared-gone', member: 'mal' }]);
  await joiner.delivered(room, [await joiner.says(room, 'here')]);
  await ana.hears(room, 'here');
});

test('no pack that newcomers are given has what was deleted, or said while they were shown nothing', async () => {
  const { ana, room, server } = await kitchen('none');
  const shows = (history: HistorySetting) =>
    ana.profile.call('configure', { room, history, waitMs: WAIT_MS });
  await says(ana, room, 'private');
  const link = await ana.invites(room);
  const joins = async (name: string) => {
    const joiner = await HostileMember.joins(server.url, link, name);
    ends.push(async () => joiner.close());
    return joiner;
  };
  const witness = await joins('witness');
  expect(await witness.packsAtJoin()).toEqual([]);
  /** Does something, and waits until newcomers are given other packs. @returns which of these texts they have */
  const afterwards = async (act: () => Promise<unknown>, ...texts: readonly string[]) => {
    const before = witness.count('refreshed');
    await act();
    await witness.sees('refreshed', before + 1);
    const packs = await (await joins(`cleo ${before}`)).packsAtJoin();
    return texts.filter((text) => packs.some((pack) => pack.includes(text)));
  };
  await shows('all');
  const all = ['private', 'public', 'regretted', 'private again', 'last'];
  expect(
    await afterwards(
      async () => {
        await says(ana, room, 'public', 'regretted');
      },
      ...all,
    ),
  ).toEqual(['public', 'regretted']);
  const gone = (await ana.messages(room)).find(({ text }) => text === 'regretted');
  if (gone === undefined) throw new Error('ana has what she said');
  const erase = { kind: 'delete', of: { seq: gone.seq, id: gone.id } } as const;
  expect(await afterwards(() => ana.posts(room, erase), ...all)).toEqual(['public']);
  await shows('none');
  expect(await (await joins('dan')).packsAtJoin()).toEqual([]);
  await says(ana, room, 'private again');
  await shows({ days: 7 });
  expect(await afterwards(() => says(ana, room, 'last'), ...all)).toEqual(['public', 'last']);
});

test('without an invite that others may use, nothing is posted but what people say', async () => {
  const { ana, room, server } = await kitchen('all');
  const witness = await HostileMember.joins(server.url, await ana.invites(room), 'witness');
  ends.push(async () => witness.close());
  const [invite] = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
  await ana.profile.call('revoke', { room, id: invite?.id ?? '', waitMs: WAIT_MS });
  await says(ana, room, 'one', 'two');
  await ana.close();
  expect((await witness.pack()).lines.length).toBe(2);
  expect(await witness.posts()).toBe(2);
});
