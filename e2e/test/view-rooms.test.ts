import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { gather, startServer, Viewer } from '../src/people/viewer.ts';
import { Meddler } from '../src/servers/meddler.ts';

test('a profile without rooms has no room open; a new room comes with a link and its QR code', async () => {
  const server = await startServer();
  const ana = await Viewer.open('ana', server.url);
  expect(ana.screen).toMatchObject({ rooms: [], room: undefined, connection: { state: 'none' } });
  ana.view.actions.run('create');
  const form = await ana.dialog('form');
  expect(form.fields.map(({ name }) => name)).toEqual(['name', 'as', 'server', 'history', 'expire']);
  ana.view.actions.submit({ name: '', as: 'ana', server: server.url });
  const refused = await ana.sees(
    'why not',
    ({ dialog }) => dialog?.kind === 'form' && !dialog.busy && dialog.error !== '' && dialog,
  );
  expect(refused).toMatchObject({ error: 'Enter a name.', errorField: 'name' });
  expect(refused.fields.find(({ name }) => name === 'as')?.value).toBe('ana');
  ana.view.actions.submit({ name: 'я'.repeat(65), as: 'ana', server: server.url });
  await ana.sees(
    'how long it may be, in characters',
    ({ dialog }) => dialog?.kind === 'form' && dialog.error === 'Too long: keep the first 64 characters.',
  );
  ana.view.actions.submit({ name: 'kitchen', as: 'ana', server: server.url });
  const invite = await ana.sees(
    'a link',
    ({ dialog }) => dialog?.kind === 'invite' && dialog.link !== '' && dialog,
  );
  expect(invite.link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/join\//);
  expect(invite.qr.length).toBeGreaterThan(20);
  expect(invite.qr.every((row) => row.length === invite.qr.length)).toBe(true);
  ana.view.actions.pick('copy');
  await ana.sees('that it is copied', ({ flash }) => flash?.tone === 'good');
  expect(ana.surroundings.copied).toEqual([invite.link]);
  expect(invite.text[0]).toMatch(/^Anyone with this link can join kitchen until .* It can be used once\.$/);
  ana.view.actions.close();
  expect(ana.screen.flash).toBeUndefined();
  expect(ana.screen.room?.lock?.text).toMatch(/^End-to-end encrypted\. /);
  expect(ana.room.timeline.rows[0]).toMatchObject({
    kind: 'start',
    text: 'You made kitchen. Invite somebody.',
    back: '',
    invite: 'Invite',
  });
  ana.view.actions.run('invites');
  const listed = await ana.sees(
    'the invite in the list',
    ({ dialog }) => dialog?.kind === 'invites' && dialog.items.length === 1 && dialog,
  );
  expect(listed.items[0]).toMatchObject({ hasLink: true, mayRevoke: true });
  ana.view.actions.pick(listed.items[0]?.id ?? '');
  await ana.sees('its link again', ({ dialog }) => dialog?.kind === 'invite' && dialog.link === invite.link);
  ana.view.actions.close();
  ana.view.actions.run('code');
  await ana.sees('the code', ({ dialog }) => dialog?.kind === 'menu' && dialog.code.length === 6);
  ana.view.actions.close();
  const fieldsOf = async (command: string) => {
    ana.view.actions.run(command);
    const { fields } = await ana.dialog('form');
    ana.view.actions.close();
    return fields.map(({ name }) => name);
  };
  expect(await fieldsOf('notify')).toEqual(['notify', 'content']);
  expect(await fieldsOf('privacy')).toEqual(['receipts', 'typing']);
  expect(ana.room.commands.map(({ name }) => name)).toEqual([
    'invite',
    'invites',
    'rename',
    'bans',
    'code',
    'notify',
    'mute',
    'privacy',
    'export',
    'inspect',
    'leave',
  ]);
  ana.view.actions.run('leave');
  ana.view.actions.submit({});
  const left = await ana.sees('a closed room', ({ room }) => room !== undefined && room.ended !== '' && room);
  expect(left).toMatchObject({ lock: undefined, members: [] });
  expect(left.commands.map(({ name }) => name)).toEqual(['export', 'forget']);
  ana.view.actions.run('forget');
  ana.view.actions.submit({});
  await ana.sees('no room', ({ room, rooms }) => room === undefined && rooms.length === 0);
  await ana.leaveForGood();
  await server.stop();
});

test('a link is inspected before joining, and an invalid one is reported', async () => {
  const { people, link, end, server } = await gather(['ana']);
  const [ana] = people;
  const ben = await Viewer.open('ben', server.url);
  ben.view.actions.openLink(link);
  const asked = await ben.sees(
    'whom it invites to what',
    ({ dialog }) => dialog?.kind === 'form' && dialog.fields.some(({ name }) => name === 'as') && dialog,
  );
  expect(asked.text[0]).toBe('ana invites you to kitchen.');
  expect(ana?.room.members).toHaveLength(1);
  ben.view.actions.close();
  ben.view.actions.openLink(`${link.slice(0, -1)}${link.endsWith('A') ? 'Q' : 'A'}`);
  await ben.sees('why not', ({ dialog }) => dialog?.kind === 'form' && !dialog.busy && dialog.error !== '');
  ben.view.actions.openLink('nonsense');
  await ben.sees(
    'what is wrong with it',
    ({ dialog }) => dialog?.kind === 'form' && !dialog.busy && /link/i.test(dialog.error),
  );
  await ben.leaveForGood();
  await end();
});

test('several rooms: unread counts, and moving between rooms', async () => {
  const { people, end } = await gather(['ana', 'ben']);
  const [ana, ben] = people as [Viewer, Viewer];
  const garden = await ana.creates('garden');
  await ben.joins(garden);
  const [kitchen, second] = ben.screen.rooms;
  expect(ben.room.name).toBe('garden');
  ana.view.actions.open(kitchen?.id ?? '');
  ana.says('in the kitchen');
  ana.says('@ben still there');
  await ben.sees(
    'two unread',
    ({ rooms, unread }) => rooms[0]?.unread === 2 && rooms[0].mentions === 1 && unread.messages === 2,
  );
  expect(ben.screen.rooms[0]?.preview).toBe('ana: @ben still there');
  expect(ben.screen.rooms[0]?.spoken).toBe('kitchen, 2 unread, 1 mention');
  ben.view.actions.step(1, 'unread');
  await ben.sees(
    'the kitchen',
    ({ room }) => room?.name === 'kitchen' && room.timeline.unreadKey !== undefined,
  );
  ben.view.actions.jumpToUnread();
  expect(ben.room.timeline.target?.key).toBe(ben.room.timeline.unreadKey);
  ben.view.actions.type('half', 4);
  ben.says('/room gard');
  expect(ben.room.name).toBe('garden');
  expect(ben.screen.rooms.find(({ id }) => id === second?.id)?.open).toBe(true);
  ana.says('/me was removed by ben');
  await ben.sees('who wrote it', ({ rooms }) => rooms[0]?.preview === 'ana: * was removed by ben');
  // The second room of a name is reached, too.
  await ana.creates('garden');
  ana.says('/room garden');
  const first = ana.room.id;
  expect(ana.screen.flash?.text).toMatch(/^2 rooms match “garden”/);
  ana.says('/room garden');
  expect(ana.room).toMatchObject({ name: 'garden' });
  expect(ana.room.id).not.toBe(first);
  ben.view.actions.run('palette');
  ben.view.actions.filter('kit');
  const palette = await ben.dialog('palette');
  expect(palette.items[0]?.label).toBe('kitchen');
  ben.view.actions.pick(palette.items[0]?.name ?? '');
  await ben.sees('the kitchen', ({ room }) => room?.name === 'kitchen');
  // As a click on a notification does: the dialog would invite to the garden.
  ben.view.actions.run('invite');
  await ben.dialog('form');
  ben.view.actions.open(second?.id ?? '');
  await ben.sees('the garden', ({ room, dialog }) => room?.name === 'garden' && dialog === undefined);
  ben.view.actions.open(kitchen?.id ?? '');
  await ben.restart();
  expect(ben.room.name).toBe('kitchen');
  await end();
});

test('without the server messages wait, can be cancelled, and are sent when the server returns', async () => {
  const { people, end, server } = await gather(['ana']);
  const [ana] = people as [Viewer];
  await server.stop();
  await ana.sees(
    'that it is away, and why',
    ({ connection }) =>
      connection.state === 'offline' && /^Offline: .*nothing is listening/.test(connection.text),
  );
  ana.says('for later');
  ana.says('a slip');
  const row = await ana.reads('a slip');
  expect(row).toMatchObject({ delivery: 'waiting', deliveryText: 'waiting to be sent', seq: '' });
  await ana.sees(
    'what waits',
    ({ connection }) => connection.queued === 2 && connection.text.includes('2 messages will be sent'),
  );
  ana.view.actions.run('cancel', '', row.key);
  await ana.sees('it back in the field', ({ room }) => room?.composer.text === 'a slip');
  await ana.sees('it nowhere else', () => ana.message('a slip') === undefined);
  const again = await startServer(server);
  await ana.sees(
    'it sent',
    ({ connection }) => connection.state === 'live' && ana.message('for later')?.delivery === 'sent',
  );
  await again.stop();
  await end();
});

test('a long history: newest first, older ones page by page, and a jump far back finds its line', async () => {
  const { people, end } = await gather(['ana']);
  const [ana] = people as [Viewer];
  const room = ana.room.id;
  const many = 600;
  for (let i = 0; i < many; i++)
    await ana.profile.call('queue', {
      room,
      id: crypto.randomUUID().replaceAll('-', '').slice(0, 21).padEnd(22, 'A'),
      content: { kind: 'text', text: `message ${i}` },
    });
  await ana.sees(
    'them sent',
    ({ connection, room: open }) =>
      connection.queued === 0 &&
      open?.timeline.rows.length !== 0 &&
      ana.message(`message ${many - 1}`)?.delivery === 'sent',
  );
  await ana.restart();
  await ana.reads(`message ${many - 1}`);
  expect(ana.message('message 0')).toBeUndefined();
  expect(ana.room.timeline.more).toBe(true);
  ana.view.actions.loadEarlier();
  await ana.sees('an older page', () => ana.message(`message ${many - 300}`));
  ana.view.actions.search('message 77');
  const found = await ana.sees('a hit', ({ room: open }) =>
    open?.search?.hits.find(({ text }) => text === 'message 77'),
  );
  ana.view.actions.jump(found.seq);
  const key = await ana.sees('the line', () => ana.message('message 77')?.key);
  await ana.sees('it brought into view', ({ room: open }) => open?.timeline.target?.key === key);
  await end();
});

test('who missed much sees how much of it is read, until all is', async () => {
  const server = await startServer();
  const meddler = new Meddler(server.port);
  const url = await meddler.listen();
  const ana = await Viewer.open('ana', url);
  const ben = await Viewer.open('ben', url);
  await ben.joins(await ana.creates('kitchen'));
  await ben.stop();
  const many = 60;
  for (let i = 1; i <= many; i += 1) ana.says(`missed ${i}`);
  await ana.sees('them sent', () => ana.message(`missed ${many}`)?.delivery === 'sent');
  await ana.stop();
  const held: (() => void)[] = [];
  meddler.meddling = {
    down: (frame) =>
      frame.type === 'entry' ? new Promise((resolve) => held.push(() => resolve([frame]))) : [frame],
  };
  await ben.restart();
  // Each look lets one more entry pass.
  const progress = () => {
    held.shift()?.();
    return ben.screen.connection;
  };
  await expect.poll(progress).toMatchObject({
    state: 'connecting',
    progress: expect.stringMatching(/^[1-9]\d? of about [1-9]\d$/),
    text: expect.stringMatching(/^Catching up: [1-9]\d? of about [1-9]\d$/),
  });
  await expect.poll(progress, { interval: 5 }).toEqual({ state: 'live', progress: '', text: '', queued: 0 });
  expect(ben.message(`missed ${many}`)).toBeDefined();
  await ben.leaveForGood();
  await rm(ana.dir, { recursive: true });
  await meddler.close();
  await server.stop();
  await rm(server.folder, { recursive: true });
});
