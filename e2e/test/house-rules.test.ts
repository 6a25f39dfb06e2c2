import { join } from 'node:path';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { type ServeOptions, serve } from '@gochat/server/internal/serve';
import { expect, onTestFinished, test } from 'vitest';
import { Someone, temporary } from '../src/people/people.ts';
import { Viewer } from '../src/people/viewer.ts';
import { Meddler } from '../src/servers/meddler.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { WAIT_MS } from '../src/waits.ts';

const TOKEN = 'letOnlyFriendsMakeRooA';
const DAY_MS = 24 * 3600_000;

/** A server with rules of its operator's. */
async function ruled(
  rules: Partial<ServeOptions>,
): Promise<{ readonly url: string; readonly folder: string }> {
  const home = await temporary();
  const server = await serve({
    engine: await openLmdb({ folder: join(home.path, 'server') }),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
    ...rules,
  });
  onTestFinished(async () => {
    await server.close();
    await home.remove();
  });
  return { url: `tcp://127.0.0.1:${server.port}`, folder: home.path };
}

async function someone(name: string, folder: string): Promise<Someone> {
  const person = await Someone.open(name, join(folder, name));
  onTestFinished(() => person.close());
  return person;
}

test('on a server with a token, only who has the token can create rooms; anyone invited can join', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN });
  const ana = await someone('ana', folder);
  const asked = { name: 'kitchen', as: 'ana', server: url, waitMs: WAIT_MS };
  await expect(ana.profile.call('create', asked)).rejects.toMatchObject({ code: 'token' });
  const wrong = { ...asked, token: TOKEN.replace('let', 'Let') };
  await expect(ana.profile.call('create', wrong)).rejects.toMatchObject({ code: 'token' });
  const malformed = { ...asked, token: 'friends' };
  await expect(ana.profile.call('create', malformed)).rejects.toMatchObject({ code: 'usage' });
  expect(await ana.profile.call('rooms', {})).toEqual([]);

  const { id } = await ana.profile.call('create', { ...asked, token: TOKEN });
  const ben = await someone('ben', folder);
  const room = await ben.joins(await ana.invites(id));
  await ben.says(room, 'in without it');
  await ana.hears(room, 'in without it');
});

test('where members may create rooms, who is in one needs no token for any other, nor for devices and recovery', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN, membersCreate: true });
  const ana = await someone('ana', folder);
  const asked = { name: 'kitchen', as: 'ana', server: url, waitMs: WAIT_MS };
  await expect(ana.profile.call('create', asked)).rejects.toMatchObject({ code: 'token' });
  const { id } = await ana.profile.call('create', { ...asked, token: TOKEN });
  const ben = await someone('ben', folder);
  await ben.joins(await ana.invites(id));

  for (const one of [ana, ben]) {
    const { id: made } = await one.profile.call('create', { ...asked, name: 'garden', as: one.name });
    await one.delivered(made, [await one.says(made, 'made without it')]);
    await one.profile.call('recoveryLink', { waitMs: WAIT_MS });
    await one.profile.call('linkOffer', { waitMs: WAIT_MS });
  }
  // Whoever gives a token wants no room shown instead: it learns that the token is wrong.
  const wrong = { ...asked, token: TOKEN.replace('let', 'Let') };
  await expect(ana.profile.call('create', wrong)).rejects.toMatchObject({ code: 'token' });
});

test('a room that this profile was removed from vouches for no other', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN, membersCreate: true });
  const [ana, ben] = [await someone('ana', folder), await someone('ben', folder)];
  const asked = { as: 'ana', server: url, waitMs: WAIT_MS };
  const { id: first } = await ana.profile.call('create', { ...asked, name: 'kitchen', token: TOKEN });
  const { id: second } = await ana.profile.call('create', { ...asked, name: 'garden', token: TOKEN });
  for (const room of [first, second]) await ben.joins(await ana.invites(room));
  const removes = (room: string) => ana.profile.call('remove', { room, member: 'ben', waitMs: WAIT_MS });
  await removes(first);
  const { id: third } = await ben.profile.call('create', { ...asked, name: 'cellar', as: 'ben' });
  await ben.profile.call('leave', { room: third, waitMs: WAIT_MS });
  await removes(second);
  const refused = ben.profile.call('create', { ...asked, name: 'attic', as: 'ben' });
  await expect(refused).rejects.toMatchObject({ code: 'token' });
});

test('only a server that refuses is shown another room, the same one again after a lost answer', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN, membersCreate: true });
  const meddler = new Meddler(Number(new URL(url).port));
  onTestFinished(() => meddler.close());
  const server = await meddler.listen();
  const shown: (string | undefined)[] = [];
  let isCut = false;
  meddler.meddling = {
    up: (frame) => {
      if (frame.type === 'create') shown.push(frame.by?.room);
      return [frame];
    },
    down: (frame) => {
      if (isCut || frame.type !== 'ack' || shown.at(-1) === undefined) return [frame];
      isCut = true;
      meddler.cut();
      return [];
    },
  };
  const ana = await someone('ana', folder);
  const asked = { as: 'ana', server, waitMs: WAIT_MS };
  const { id: first } = await ana.profile.call('create', { ...asked, name: 'kitchen', token: TOKEN });
  await ana.profile.call('create', { ...asked, name: 'garden', token: TOKEN });
  expect(shown).toEqual([undefined, undefined]);
  const { id } = await ana.profile.call('create', { ...asked, name: 'cellar' });
  await ana.delivered(id, [await ana.says(id, 'it is there')]);
  expect(isCut).toBe(true);
  expect(shown.slice(2)).toEqual([undefined, first, undefined, first]);
});

test('where creating a room requires the token, writing to one member alone takes it', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN });
  const ana = await Viewer.open('ana', url);
  onTestFinished(() => ana.leaveForGood());
  const create = { name: 'kitchen', as: 'ana', server: url, token: TOKEN, waitMs: WAIT_MS };
  const { id } = await ana.profile.call('create', create);
  const env = { HOME: folder };
  const { link } = await ana.profile.call('invite', {
    ...{ room: id, expiresMs: undefined, uses: undefined, waitMs: WAIT_MS },
  });
  const ben = await someone('ben', folder);
  await ben.joins(link);
  const cleo = ['--profile', join(folder, 'cleo')];
  expect(await runGochat(['join', link, '--as', 'cleo', '--no-chat', ...cleo], env)).toMatchObject({
    code: 0,
  });
  const dm = ['dm', 'kitchen', 'ben', 'hello', ...cleo];
  expect(await runGochat(dm, env)).toMatchObject({ code: 5 });
  expect(await runGochat([...dm, '--token', 'friends'], env)).toMatchObject({ code: 2 });
  expect(await runGochat(dm, { ...env, GOCHAT_TOKEN: TOKEN })).toMatchObject({ code: 0 });

  await ana.sees('the room', ({ rooms }) => rooms.length === 1);
  ana.view.actions.open(id);
  await ana.sees('the members', ({ room }) => room?.members.some(({ name }) => name === 'ben'));
  ana.view.actions.run('dm', 'ben hi');
  const asking = await ana.dialog('form');
  expect(asking.error).toContain('token');
  expect(asking.fields.map(({ name }) => name)).toEqual(['token']);
  ana.view.actions.submit({ token: TOKEN });
  await ana.sees('the conversation', ({ room, dialog }) => dialog === undefined && room?.name === 'ben');
});

test('each room counts once against the limit of an address', async () => {
  const { url, folder } = await ruled({ limits: { createsPerHour: 2, exemptsLoopback: false } });
  const ana = await someone('ana', folder);
  await ana.hosts(url, 'kitchen');
  await ana.hosts(url, 'garden');
  const third = { name: 'cellar', as: 'ana', server: url, waitMs: WAIT_MS };
  await expect(ana.profile.call('create', third)).rejects.toMatchObject({
    code: 'refused',
    data: { reason: 'server-refused', error: 'rate-limited' },
  });
  expect(await ana.profile.call('rooms', {})).toHaveLength(2);
});

test('a refused room leaves nothing in the profile', async () => {
  const { url, folder } = await ruled({ createToken: TOKEN });
  const asked = { name: 'kitchen', as: 'ana', server: url, waitMs: WAIT_MS };
  const ana = await Someone.open('ana', join(folder, 'ana'));
  await expect(ana.profile.call('create', asked)).rejects.toMatchObject({ code: 'token' });
  await ana.close();
  const again = await someone('ana', folder);
  expect(await again.profile.call('rooms', {})).toEqual([]);
});

test('a screen asks for the token when the server does', async () => {
  const { url } = await ruled({ createToken: TOKEN });
  const ana = await Viewer.open('ana', url);
  onTestFinished(() => ana.leaveForGood());
  ana.view.actions.run('create');
  await ana.dialog('form');
  ana.view.actions.submit({ name: 'kitchen', as: 'ana', server: url });
  const asking = await ana.sees(
    'the token asked for',
    ({ dialog }) => dialog?.kind === 'form' && !dialog.busy && dialog.error !== '' && dialog,
  );
  expect(asking.error).toContain('token');
  expect(asking.fields.map(({ name, value }) => [name, value])).toEqual([
    ['name', 'kitchen'],
    ['as', 'ana'],
    ['server', url],
    ['history', '100'],
    ['expire', 'off'],
    ['token', ''],
  ]);
  ana.view.actions.submit({ name: 'kitchen', as: 'ana', server: url, token: ` ${TOKEN} ` });
  await ana.sees('a link', ({ dialog }) => dialog?.kind === 'invite' && dialog.link !== '');
  expect(ana.screen.room?.name).toBe('kitchen');
});

test('an invite expires no later than the server allows', async () => {
  const { url, folder } = await ruled({ limits: { inviteLifetimeMs: 7 * DAY_MS } });
  const ana = await someone('ana', folder);
  const { room } = await ana.hosts(url);
  const invite = (expiresMs: number | undefined) =>
    ana.profile.call('invite', { room, expiresMs, uses: undefined, waitMs: WAIT_MS });
  const before = Date.now();
  expect((await invite(undefined)).expires - before).toBeLessThanOrEqual(7 * DAY_MS + WAIT_MS);
  await expect(invite(8 * DAY_MS)).rejects.toMatchObject({
    code: 'usage',
    data: { reason: 'invite-lifetime', most: 7 * DAY_MS },
  });
  await invite(DAY_MS);
  const kept = await ana.profile.call('invites', { room, waitMs: WAIT_MS });
  expect(kept).toHaveLength(3);
});
