import { expect, test } from 'vitest';
import { gather, Viewer } from '../src/people/viewer.ts';

/** Ana and Ben in a room, of which Ana makes a link that needs approval, by the form. Cleo is outside. */
async function atDoor() {
  const gathered = await gather(['ana', 'ben'], 'lobby');
  const [ana, ben] = gathered.people as [Viewer, Viewer];
  const cleo = await Viewer.open('cleo', gathered.server.url);
  ana.view.actions.run('invite');
  const form = await ana.dialog('form');
  expect(form.fields.map(({ name, type }) => [name, type])).toContainEqual(['approve', 'toggle']);
  ana.view.actions.submit({ expires: '3600000', uses: '1', approve: 'on' });
  const { link, text } = await ana.sees('a link', ({ dialog }) =>
    dialog?.kind === 'invite' && dialog.link !== '' ? dialog : undefined,
  );
  expect(text[0]).toMatch(
    /^Anyone with this link can ask to join lobby until .+\. An admin or moderator decides\.$/,
  );
  ana.view.actions.close();
  const end = async () => {
    await cleo.leaveForGood();
    await gathered.end();
  };
  return { ana, ben, cleo, link, end };
}

async function asks(cleo: Viewer, link: string): Promise<void> {
  cleo.view.actions.openLink(link);
  const form = await cleo.sees('the question', ({ dialog }) =>
    dialog?.kind === 'form' && dialog.submit === 'Ask to join' ? dialog : undefined,
  );
  expect(form.text[0]).toBe('An admin or moderator of lobby decides who comes in.');
  // Of somebody who is in no room yet only the name of a guest is filled in.
  expect(form.focus).toBe('as');
  cleo.view.actions.submit({ as: 'cleo', words: 'Ana’s sister' });
}

async function decides(ana: Viewer, answer: 'approve' | 'decline'): Promise<void> {
  ana.view.actions.run('knocks');
  const list = await ana.dialog('menu');
  expect(list.items).toMatchObject([{ label: 'cleo' }]);
  ana.view.actions.pick(list.items[0]?.name ?? '');
  const one = await ana.sees('who asks', ({ dialog }) =>
    dialog?.kind === 'menu' && dialog.title === 'cleo asks to join' ? dialog : undefined,
  );
  expect(one.text[0]).toBe('Ana’s sister');
  ana.view.actions.pick(answer);
}

test('who asks waits, also after a restart, and is in once an admin has approved; everybody sees it', async () => {
  const { ana, ben, cleo, link, end } = await atDoor();
  await asks(cleo, link);
  await cleo.sees('that it waits', ({ waiting, dialog }) => dialog === undefined && waiting !== '');
  expect(cleo.screen.waiting).toBe('Waiting to be let in: lobby');
  expect(cleo.screen.flash?.text).toContain('lobby needs approval');
  await cleo.restart();
  await cleo.sees('that it still waits', ({ waiting }) => waiting === 'Waiting to be let in: lobby');
  cleo.view.actions.run('knocking');
  const own = await cleo.dialog('menu');
  expect(own.items).toMatchObject([{ label: 'lobby', hint: 'asked; an admin or moderator decides' }]);
  await cleo.stop();

  await ana.sees('who asks', ({ room }) => room?.knocks === '1 asks to join');
  expect(ana.rows.map(({ spoken }) => spoken).join()).toContain('cleo asks to join: “Ana’s sister”');
  expect(ana.room.commands.map(({ name }) => name)).toContain('knocks');
  expect(ana.surroundings.notices.map(({ body }) => body)).toContain('Somebody asks to join lobby: /knocks');
  // Ben holds no office.
  expect(ben.room.knocks).toBe('');
  ben.view.actions.run('knocks');
  await ben.sees('that he may not', ({ flash }) => flash?.tone === 'bad');
  await decides(ana, 'approve');
  await ana.sees('that nobody asks', ({ room, dialog }) => room?.knocks === '' && dialog === undefined);
  expect(ana.screen.flash?.text).toMatch(/^cleo is let in/);

  await cleo.restart();
  await cleo.sees('the room', ({ room, waiting }) => room?.name === 'lobby' && waiting === '');
  await ana.sees('three', ({ room }) => room?.members.length === 3);
  await end();
});

test('who is declined reads it, and can forget it', async () => {
  const { ana, cleo, link, end } = await atDoor();
  await asks(cleo, link);
  await cleo.sees('that it waits', ({ waiting, dialog }) => dialog === undefined && waiting !== '');
  await ana.sees('who asks', ({ room }) => room?.knocks === '1 asks to join');
  await decides(ana, 'decline');
  await ana.sees('that nobody asks', ({ room, dialog }) => room?.knocks === '' && dialog === undefined);
  await cleo.restart();
  await cleo.sees('that it was declined', ({ waiting }) => waiting === 'Not let in: lobby');
  cleo.view.actions.openLink(link);
  await cleo.sees('the question', ({ dialog }) => dialog?.kind === 'form' && dialog.submit === 'Ask to join');
  cleo.view.actions.submit({ as: 'cleo', words: '' });
  const refused = await cleo.sees('why not', ({ dialog }) =>
    dialog?.kind === 'form' && dialog.error !== '' ? dialog : undefined,
  );
  expect(refused.error).toBe('An admin or moderator of lobby has declined to let you in');
  cleo.view.actions.close();
  cleo.view.actions.run('knocking');
  const own = await cleo.sees('what was declined', ({ dialog }) =>
    dialog?.kind === 'menu' ? dialog : undefined,
  );
  cleo.view.actions.pick(own.items[0]?.name ?? '');
  await cleo.sees(
    'the answer',
    ({ dialog }) => dialog?.kind === 'menu' && dialog.items.some(({ name }) => name === 'cancel'),
  );
  cleo.view.actions.pick('cancel');
  await cleo.sees('nothing', ({ waiting }) => waiting === '');
  await end();
});

test('/invite approve makes such a link at once', async () => {
  const { ana, end } = await atDoor();
  ana.view.actions.run('invite', 'approve');
  await ana.sees(
    'a link',
    ({ dialog }) => dialog?.kind === 'invite' && dialog.text[0]?.includes('can ask to join'),
  );
  ana.view.actions.close();
  ana.view.actions.run('invites');
  await ana.sees(
    'which links need approval',
    ({ dialog }) =>
      dialog?.kind === 'invites' &&
      dialog.items.filter(({ text }) => text.includes('needs approval')).length === 2,
  );
  await end();
});
