import { expect, test } from 'vitest';
import { gather, type Viewer } from '../src/people/viewer.ts';

test('a member is asked, reads the first words, accepts, and both have the other in their lists', async () => {
  const { people, end } = await gather(['ana', 'ben']);
  const [ana, ben] = people as [Viewer, Viewer];
  ana.view.actions.run('dm', 'ben');
  const form = await ana.dialog('form');
  expect(form).toMatchObject({ title: 'Write to ben', fields: [{ name: 'text' }] });
  ana.view.actions.submit({ text: 'just between us' });
  const asked = await ana.sees(
    'the conversation',
    ({ room, rooms }) => room?.name === 'ben' && rooms.length === 2 && room,
  );
  expect(asked.composer.hint).toBe('ben has not accepted yet. What you write waits on this device.');
  expect(asked.timeline.rows[0]).toMatchObject({
    kind: 'start',
    text: 'Only you and ben can read this.',
    back: '',
    invite: '',
  });
  const offered = asked.commands.map(({ name }) => name);
  for (const name of ['invite', 'invites', 'rename']) expect(offered).not.toContain(name);
  expect(ana.screen.rooms.map(({ name, heading }) => [heading, name])).toEqual([
    ['', 'kitchen'],
    ['People', 'ben'],
  ]);

  await ben.sees('the request', ({ requests }) => requests === '1 request');
  expect(ben.surroundings.notices.map(({ body }) => body)).toContain('ana wants to write to you: /requests');
  ben.view.actions.run('requests');
  const list = await ben.dialog('menu');
  expect(list.items).toMatchObject([{ label: 'ana', detail: 'kitchen: just between us' }, { name: 'who' }]);
  ben.view.actions.pick(list.items[0]?.name ?? '');
  const one = await ben.sees(
    'the words',
    ({ dialog }) => dialog?.kind === 'menu' && dialog.title === 'ana wants to write to you' && dialog,
  );
  expect(one).toMatchObject({ quoted: 'just between us' });
  expect(one.items.map(({ name }) => name)).toEqual(['accept', 'ignore']);
  ben.view.actions.pick('accept');
  await ben.sees('the conversation', ({ room, requests }) => room?.name === 'ana' && requests === '');
  await ana.sees('that it goes on', ({ room }) => room?.composer.hint === 'Write a message');
  await end();
});

test('who may ask is set in the list of requests; one that is ignored is gone', async () => {
  const { people, end } = await gather(['ana', 'ben']);
  const [ana, ben] = people as [Viewer, Viewer];
  ana.view.actions.run('dm', 'ben hello');
  await ben.sees('the request', ({ requests }) => requests !== '');
  ben.view.actions.run('requests');
  const list = await ben.dialog('menu');
  ben.view.actions.pick(list.items[0]?.name ?? '');
  await ben.sees(
    'the question',
    ({ dialog }) => dialog?.kind === 'menu' && dialog.items.some(({ name }) => name === 'ignore'),
  );
  ben.view.actions.pick('ignore');
  await ben.sees('nothing', ({ requests, dialog }) => requests === '' && dialog === undefined);
  ben.view.actions.run('requests');
  await ben.sees('an empty list', ({ dialog }) => dialog?.kind === 'menu' && dialog.items.length === 1);
  ben.view.actions.pick('who');
  await ben.dialog('form');
  ben.view.actions.submit({ asks: 'none' });
  await ben.sees('that it is saved', ({ flash }) => flash?.text === 'Saved');
  expect(await ben.profile.call('preferences', {})).toMatchObject({ asks: 'none' });
  ana.view.actions.open(ana.screen.rooms[0]?.id ?? '');
  for (const [args, text] of [
    ['ana', 'That is you: choose somebody else'],
    ['nobody hello', 'There is no member “nobody hello” in this room'],
  ] as const) {
    ana.view.actions.run('dm', args);
    await ana.sees('why not', ({ flash }) => flash?.text === text);
  }
  await end();
});
