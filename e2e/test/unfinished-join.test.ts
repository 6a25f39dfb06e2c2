import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { Viewer } from '../src/people/viewer.ts';
import { Meddler } from '../src/servers/meddler.ts';
import { WAIT_MS } from '../src/waits.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let meddler: Meddler;
let ana: Someone;
let dan: Someone;
let room: string;

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  meddler = new Meddler(server.port);
  const url = await meddler.listen();
  ana = await Someone.open('ana', join(home.path, 'ana'));
  room = (await ana.hosts(server.url)).room;
  dan = await Someone.open('dan', join(home.path, 'dan'));
  through = (link) => link.replace(/^[^#]*/, `${url.replace('tcp:', 'http:')}/`);
});

/** The same link, with the address of the server instead of the one of the proxy. */
let through: (link: string) => string;

afterEach(async () => {
  meddler.meddling = {};
  await ana.close();
  await dan.close();
  await meddler.close();
  await server.stop();
  await home.remove();
});

async function restarts(who: Someone): Promise<Someone> {
  await who.close();
  return Someone.open(who.name, who.dir);
}

/** The next join arrives, and its sender doesn't learn it. */
function losesReply(): void {
  let join: string | undefined;
  meddler.meddling = {
    up: (frame) => {
      if (frame.type === 'join') join ??= frame.id;
      return [frame];
    },
    down: (frame) => {
      if (frame.type !== 'ack' || frame.id !== join) return [frame];
      meddler.meddling = {};
      meddler.cut();
      return [];
    },
  };
}

/** The next join doesn't arrive, and its sender doesn't learn it. */
function losesJoin(): void {
  meddler.meddling = {
    up: (frame) => {
      if (frame.type !== 'join') return [frame];
      meddler.meddling = {};
      meddler.cut();
      return [];
    },
  };
}

/** Ana revokes all invites. */
async function revokes(): Promise<void> {
  for (const { id } of await ana.profile.call('invites', { room, waitMs: WAIT_MS }))
    await ana.profile.call('revoke', { room, id, waitMs: WAIT_MS });
}

/** Looks at the link before joining, as screens do. */
async function joinsAsShown(who: Someone, link: string): Promise<void> {
  expect(await who.profile.call('peek', { link, waitMs: WAIT_MS })).toMatchObject({
    name: 'kitchen',
    members: ['ana'],
    by: 'ana',
    already: false,
  });
  await who.joins(link);
}

async function talks(who: Someone): Promise<void> {
  await who.delivered(room, [await who.says(room, 'I am in')]);
  await ana.hears(room, 'I am in');
  expect(await who.profile.call('rooms', {})).toMatchObject([{ id: room, status: 'active', members: 2 }]);
  expect(await ana.profile.call('members', { room })).toHaveLength(2);
}

test('who loses the race for a link for one person is in no room, and joins by the next link', async () => {
  const link = await ana.invites(room, 1);
  const eve = await Someone.open('eve', join(home.path, 'eve'));
  let isHeld = false;
  meddler.meddling = {
    up: async (frame) => {
      if (frame.type !== 'join' || isHeld) return [frame];
      isHeld = true;
      await eve.joins(link);
      return [frame];
    },
  };
  await expect(dan.joins(through(link))).rejects.toMatchObject({ data: { reason: 'invite-dead' } });
  expect(await dan.profile.call('rooms', {})).toEqual([]);
  dan = await restarts(dan);
  expect(await dan.profile.call('rooms', {})).toEqual([]);
  await ana.profile.call('remove', { room, member: 'eve', waitMs: WAIT_MS });
  await dan.joins(through(await ana.invites(room, 1)));
  await talks(dan);
  await eve.close();
});

test.each(['in the same process', 'after a restart'])(
  'who was interrupted while joining joins by another link, %s',
  async (when) => {
    const link = await ana.invites(room, 1);
    losesJoin();
    await expect(dan.joins(through(link))).rejects.toMatchObject({ code: 'offline' });
    await revokes();
    if (when === 'after a restart') dan = await restarts(dan);
    expect(await dan.profile.call('rooms', {})).toMatchObject([{ id: room, status: 'joining' }]);
    await expect(dan.joins(through(link))).rejects.toMatchObject({ data: { reason: 'invite-dead' } });
    await joinsAsShown(dan, through(await ana.invites(room, 1)));
    await talks(dan);
  },
);

test.each([
  { by: 'the same link', when: 'in the same process' },
  { by: 'the same link', when: 'after a restart' },
  { by: 'another link', when: 'in the same process' },
  { by: 'another link', when: 'after a restart' },
])('who is in without knowing it gets in by $by, $when', async ({ by, when }) => {
  const link = await ana.invites(room, 1);
  losesReply();
  await expect(dan.joins(through(link))).rejects.toMatchObject({ code: 'offline' });
  if (when === 'after a restart') dan = await restarts(dan);
  await joinsAsShown(dan, through(by === 'the same link' ? link : await ana.invites(room, 1)));
  await talks(dan);
});

test.each(['left', 'was removed'] as const)(
  'who %s and is in again without knowing it gets in by the next link',
  async (how) => {
    await dan.joins(through(await ana.invites(room)));
    await talks(dan);
    if (how === 'left') await dan.profile.call('leave', { room, waitMs: WAIT_MS });
    else await ana.profile.call('remove', { room, member: 'dan', waitMs: WAIT_MS });
    await ana.until(
      async () => (await ana.profile.call('members', { room })).length === 1,
      'ana sees that dan is out',
    );
    losesReply();
    await expect(dan.joins(through(await ana.invites(room, 1)))).rejects.toMatchObject({ code: 'offline' });
    await joinsAsShown(dan, through(await ana.invites(room, 1)));
    await talks(dan);
  },
);

test('a join that was interrupted can be given up', async () => {
  losesJoin();
  await expect(dan.joins(through(await ana.invites(room)))).rejects.toMatchObject({ code: 'offline' });
  dan = await restarts(dan);
  await dan.profile.call('leave', { room, waitMs: WAIT_MS });
  expect(await dan.profile.call('rooms', {})).toMatchObject([{ id: room, status: 'left' }]);
  await joinsAsShown(dan, through(await ana.invites(room)));
  await talks(dan);
});

test('a screen shows an interrupted join as a room that nobody is in, which can be removed from the list', async () => {
  const viewer = await Viewer.open('vera', server.url);
  losesJoin();
  viewer.view.actions.openLink(through(await ana.invites(room)));
  await viewer.sees(
    'whom it invites to what',
    ({ dialog }) => dialog?.kind === 'form' && dialog.fields.some(({ name }) => name === 'as'),
  );
  viewer.view.actions.submit({ as: 'vera' });
  await viewer.sees('why it failed', ({ dialog }) => dialog?.kind === 'form' && dialog.error !== '');
  viewer.view.actions.close();
  const [shown] = await viewer.sees('the room', ({ rooms }) => rooms.length > 0 && rooms);
  expect(shown).toMatchObject({ name: 'kitchen' });
  await viewer.restart();
  const interrupted = await viewer.sees('the room that is open', (screen) => screen.room);
  expect(interrupted).toMatchObject({
    ended: 'Joining was interrupted. Open the invite link again.',
    members: [],
  });
  expect(interrupted.commands.map(({ name }) => name)).toEqual(['export', 'forget']);
  await viewer.leaveForGood();
});
