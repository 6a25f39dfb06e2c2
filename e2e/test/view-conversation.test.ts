import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gather, type Viewer } from '../src/people/viewer.ts';

const DAY_MS = 24 * 3600 * 1000;

let ana: Viewer;
let ben: Viewer;
let end: () => Promise<void>;

beforeAll(async () => {
  const room = await gather(['ana', 'ben']);
  [ana, ben] = room.people as [Viewer, Viewer];
  end = room.end;
});

afterAll(() => end());

const key = async (person: Viewer, text: string) => (await person.reads(text)).key;

describe('two people in a room', () => {
  test('messages are shown to both, grouped, with delivery state', async () => {
    ana.says('hello **ben**');
    const row = await ben.reads('hello **ben**');
    expect(row).toMatchObject({ author: { name: 'ana', own: false }, first: true, delivery: undefined });
    expect(row.body).toEqual([
      {
        kind: 'paragraph',
        inside: [
          { kind: 'text', text: 'hello ' },
          { kind: 'strong', inside: [{ kind: 'text', text: 'ben' }] },
        ],
      },
    ]);
    ben.view.actions.seen(row.key);
    const own = await ana.sees('that ben has read it', () => {
      const sent = ana.message('hello **ben**');
      return sent?.delivery === 'read' ? sent : undefined;
    });
    expect(own.deliveryText).toBe('read by ben');
    expect(ana.room.composer.text).toBe('');
  });

  test('a reply quotes its message, and leads to it', async () => {
    ana.says('where do we meet?');
    const asked = await ben.reads('where do we meet?');
    ben.view.actions.run('reply', '', asked.key);
    await ben.sees(
      'the quote over the field',
      ({ room }) => room?.composer.reply?.text === 'where do we meet?',
    );
    ben.says('at the river');
    const answer = await ana.reads('at the river');
    expect(answer.reply).toMatchObject({
      from: 'ana',
      text: 'where do we meet?',
      key: await key(ana, 'where do we meet?'),
    });
    expect(answer.mentioned).toBe(true);
    ana.view.actions.run('quoted', '', answer.key);
    await ana.sees('the jump', ({ room }) => room?.timeline.target?.key === answer.reply?.key);
    expect(ben.room.composer.reply).toBeUndefined();
  });

  test('a reaction is counted on both sides, and removed again', async () => {
    ana.says('done!');
    const row = await ben.reads('done!');
    ben.view.actions.react(row.key, '🎉');
    await ana.sees('the reaction', () => ana.message('done!')?.reactions[0]?.by === 'ben');
    ana.view.actions.react(await key(ana, 'done!'), '🎉');
    await ben.sees('two', () => ben.message('done!')?.reactions[0]?.count === 2);
    ben.view.actions.react(row.key, '🎉');
    await ana.sees('one', () => ana.message('done!')?.reactions[0]?.by === 'you');
  });

  test('an edit shows everywhere, and only its author can make it', async () => {
    ana.says('at seven');
    const theirs = await ben.reads('at seven');
    ben.view.actions.run('edit', '', theirs.key);
    expect(ben.screen.flash).toMatchObject({ tone: 'bad' });
    await ana.sees('it sent', () => /sent|read/.test(ana.message('at seven')?.delivery ?? ''));
    expect(ana.view.actions.editLast()).toBe(true);
    await ana.sees(
      'the text in the field',
      ({ room }) => room?.composer.mode === 'edit' && room.composer.text === 'at seven',
    );
    ana.says('at eight');
    const row = await ben.reads('at eight');
    expect(row.edited).toMatch(/^edited \d\d:\d\d$/);
    expect(row.key).toBe(theirs.key);
    expect(ben.message('at seven')).toBeUndefined();
    expect(ana.room.composer.mode).toBe('new');
  });

  test('a message is deleted for all after a confirmation', async () => {
    ana.says('a secret slip');
    const theirs = await ben.reads('a secret slip');
    ana.view.actions.run('delete', '', (await ana.hasSent('a secret slip')).key);
    const question = await ana.dialog('form');
    expect(question.danger).toBe(true);
    ana.view.actions.submit({});
    const row = await ben.sees('the deletion', () =>
      ben.rows.find((one) => one.key === theirs.key && one.kind === 'deleted'),
    );
    expect(row.spoken).toContain('ana deleted this message');
    expect(JSON.stringify(ben.screen)).not.toContain('secret slip');
  });

  test('a message that is deleted while it is answered is quoted no more; an edit of it becomes a draft', async () => {
    ben.says('a regretted line');
    const his = await ana.reads('a regretted line');
    ana.view.actions.run('reply', '', his.key);
    ben.view.actions.run('edit', '', (await ben.hasSent('a regretted line')).key);
    ben.view.actions.type('a careful line', 14);
    ana.view.actions.run('delete', '', his.key);
    await ana.dialog('form');
    ana.view.actions.submit({});
    await ana.sees('no text of it', (screen) => !JSON.stringify(screen).includes('a regretted line'));
    await ben.sees('the deletion', () => ben.message('a regretted line') === undefined);
    ben.view.actions.send();
    expect(ben.room.composer).toMatchObject({ text: 'a careful line', mode: 'new' });
    expect(ben.screen.flash?.text).toContain('was deleted');
    ben.view.actions.type('', 0);
    ana.view.actions.cancel();
  });

  test('when the first message of a thread is deleted, what is written there is a draft', async () => {
    ben.says('for all to read');
    await ana.reads('for all to read');
    ben.says('a topic to regret');
    const root = await ana.reads('a topic to regret');
    ana.view.actions.run('reply', '', root.key);
    ana.says('what of it');
    await ana.hasSent('what of it');
    ana.view.actions.run('thread', '', root.key);
    expect(ana.rows[0]).toMatchObject({ kind: 'start', back: 'All messages' });
    ana.view.actions.type('for the thread alone', 20);
    ben.view.actions.run('delete', '', (await ben.hasSent('a topic to regret')).key);
    await ben.dialog('form');
    ben.view.actions.submit({});
    await ana.sees('all messages', () => ana.message('for all to read') !== undefined);
    ana.view.actions.send();
    expect(ana.room.composer.text).toBe('for the thread alone');
    expect(ana.screen.flash).toMatchObject({
      tone: 'bad',
      text: expect.stringContaining('first message of the thread is gone'),
    });
    ana.view.actions.send();
    expect((await ben.reads('for the thread alone')).reply).toBeUndefined();
  });

  test('only an admin can delete another member’s message', async () => {
    ana.says('mine');
    const hers = await ben.reads('mine');
    ben.view.actions.run('delete', '', hers.key);
    expect(ben.screen.flash).toMatchObject({ tone: 'bad' });
    ben.says('rude words');
    const his = await ana.reads('rude words');
    ana.view.actions.run('delete', '', his.key);
    await ana.dialog('form');
    ana.view.actions.submit({});
    await ben.sees('that it is gone', () =>
      ben.rows.some((row) => row.kind === 'deleted' && row.text === 'ana deleted a message from ben'),
    );
  });

  test('a person whose name is written is mentioned and notified', async () => {
    ben.view.actions.look(false);
    ana.view.actions.type('hi @b', 5);
    await ana.sees('ben offered', ({ room }) => room?.composer.completion?.items[0]?.insert === '@ben ');
    ana.view.actions.complete();
    expect(ana.room.composer.text).toBe('hi @ben ');
    ana.says('hi @ben look here');
    const row = await ben.reads('hi @ben look here');
    expect(row.mentioned).toBe(true);
    expect(JSON.stringify(row.body)).toContain('"mention"');
    expect(ben.screen.rooms[0]).toMatchObject({ mentions: 1 });
    expect(ben.surroundings.notices.at(-1)).toEqual({
      title: 'GoChat',
      body: 'You were mentioned',
      room: ben.room.id,
      mention: true,
    });
    ben.view.actions.look(true);
    ben.view.actions.seen(row.key);
    await ben.sees('nothing unread', ({ unread }) => unread.messages === 0 && unread.mentions === 0);
  });

  test('/me, shortcodes and a doubled slash', async () => {
    ana.says('/me waves :wave:');
    expect(await ben.reads('waves :wave:')).toMatchObject({ me: true });
    await ben.sees('the emoji', ({ room }) =>
      room?.timeline.rows.some(({ spoken }) => spoken.endsWith('waves 👋')),
    );
    await ana.sees('it sent', () => /sent|read/.test(ana.message('waves :wave:')?.delivery ?? ''));
    ana.view.actions.editLast();
    ana.says('/me nods');
    expect(await ben.reads('nods')).toMatchObject({ me: true });
    // An edit can't make an action of another message.
    ana.says('waits');
    await ana.sees('it sent', () => /sent|read/.test(ana.message('waits')?.delivery ?? ''));
    ana.view.actions.editLast();
    ana.says('/me waits');
    expect(await ben.reads('/me waits')).toMatchObject({ me: false });
    ana.says('//help is a command');
    await ben.reads('/help is a command');
  });

  test('an unknown command is not sent, and stays in the composer', async () => {
    ana.says('/hepl me');
    expect(ana.screen.flash?.text).toContain('Unknown command: /hepl');
    expect(ana.room.composer.text).toBe('/hepl me');
    ana.view.actions.type('', 0);
  });

  test('a command about a message takes the one that is being answered; without one it stays in the composer', async () => {
    ana.says('soup?');
    const row = await ben.reads('soup?');
    ben.says('/react 🍲');
    expect(ben.screen.flash?.text).toContain('/react needs a message');
    expect(ben.room.composer.text).toBe('/react 🍲');
    ben.view.actions.run('reply', '', row.key);
    ben.says('/react 🍲');
    await ana.sees('the reaction', () => ana.message('soup?')?.reactions[0]?.by === 'ben');
    expect(ben.room.composer).toMatchObject({ text: '', reply: undefined });
  });

  test('a command about something else leaves the message chosen that is being answered', async () => {
    const row = await ben.reads('soup?');
    ben.view.actions.run('reply', '', row.key);
    ben.says('/notify all');
    expect(ben.room.composer).toMatchObject({ text: '', reply: { text: 'soup?' } });
    ben.view.actions.cancel();
    expect(ben.room.composer.reply).toBeUndefined();
  });

  test('typing shows, and stops when it is sent', async () => {
    ana.view.actions.type('I am', 4);
    await ben.sees('that ana types', ({ room }) => room?.typing === 'ana is typing…');
    ana.says('I am here');
    await ben.sees('that ana types no more', ({ room }) => room?.typing === '');
  });

  test('a member who has the room open is present', async () => {
    await ben.sees('ana here', ({ room }) => room?.members.find(({ name }) => name === 'ana')?.here === true);
    ana.view.actions.look(false);
    await ben.sees(
      'ana away',
      ({ room }) => room?.members.find(({ name }) => name === 'ana')?.here === false,
    );
    ana.view.actions.look(true);
  });

  test('the read position, the draft and a started reply survive a restart', async () => {
    ana.says('before the restart');
    const read = await ben.reads('before the restart');
    ben.view.actions.seen(read.key);
    ben.view.actions.run('reply', '', read.key);
    ben.view.actions.type('half a thou', 11);
    await ben.restart();
    expect(ben.room.composer).toMatchObject({ text: 'half a thou', mode: 'new' });
    await ben.sees('the quote', ({ room }) => room?.composer.reply?.text === 'before the restart');
    expect(ben.screen.unread.messages).toBe(0);
    await ben.stop();
    ana.says('while ben was away');
    await ana.sees('it sent', () => ana.message('while ben was away')?.delivery === 'sent');
    await ben.restart();
    await ben.reads('while ben was away');
    await ben.sees(
      'the unread line',
      ({ room }) => room?.timeline.unreadKey !== undefined && room.timeline.unread === 1,
    );
    const rows = ben.rows;
    const line = rows.findIndex((row) => row.kind === 'unread');
    expect(rows[line + 1]).toMatchObject({ source: 'while ben was away' });
    expect(ben.view.actions.cancel()).toBe(true);
    expect(ben.room.composer.reply).toBeUndefined();
    // Nothing else is ended, so that the key does what it does without the line.
    expect(ben.view.actions.cancel()).toBe(false);
    expect(ben.room.timeline.unreadKey).toBeUndefined();
    ben.view.actions.type('', 0);
  });

  test('an edit that is being written survives a restart, and so does the draft before it', async () => {
    ben.says('with a typo');
    const row = await ben.hasSent('with a typo');
    ben.view.actions.type('half a thou', 11);
    ben.view.actions.run('edit', '', row.key);
    ben.view.actions.type('without a typ', 13);
    await ben.restart();
    await ben.sees(
      'the edit',
      ({ room }) => room?.composer.mode === 'edit' && room.composer.text === 'without a typ',
    );
    ben.view.actions.type('without a typo', 14);
    ben.view.actions.send();
    await ana.reads('without a typo');
    expect(ben.room.composer).toMatchObject({ text: 'half a thou', mode: 'new' });
    await ben.restart();
    expect(ben.room.composer).toMatchObject({ text: 'half a thou', mode: 'new' });
    ben.view.actions.type('', 0);
  });

  test('a search finds messages, and moves from match to match', async () => {
    ana.says('the needle one');
    ana.says('the needle two');
    await ben.reads('the needle two');
    ben.view.actions.search('NEEDLE the');
    const found = await ben.sees('two hits', ({ room }) =>
      room?.search?.hits.length === 2 ? room.search : undefined,
    );
    expect(found.hits.map(({ text }) => text)).toEqual(['the needle two', 'the needle one']);
    ben.view.actions.hit(1);
    ben.view.actions.hit(1);
    await ben.sees(
      'the older one',
      ({ room }) => room?.search?.summary === '2 of 2' && room.timeline.target !== undefined,
    );
    expect(ben.room.timeline.target?.key).toBe(ben.message('the needle one')?.key);
    expect(ben.view.actions.cancel()).toBe(true);
    expect(ben.room.search).toBeUndefined();
  });

  test('only an admin can change the room’s name and topic', async () => {
    ben.says('/topic nonsense');
    expect(ben.screen.flash).toMatchObject({ tone: 'bad' });
    ana.says('/topic soup and bread');
    await ben.sees('the topic', ({ room }) => room?.topic === 'soup and bread');
    ana.view.actions.run('rename');
    await ana.dialog('form');
    ana.view.actions.submit({ name: 'pantry', topic: 'soup and bread' });
    await ben.sees('the name', ({ room, rooms }) => room?.name === 'pantry' && rooms[0]?.name === 'pantry');
    await ben.sees('a notice', () =>
      ben.rows.some((row) => row.kind === 'notice' && row.text.includes('pantry')),
    );
    ben.view.actions.type('', 0);
  });

  test('messages of an ignored member are folded until ignoring ends', async () => {
    ben.says('/ignore ana');
    await ben.sees(
      'it folded',
      () => ben.message('the needle one') === undefined && ben.rows.some(({ kind }) => kind === 'ignored'),
    );
    ben.says('/unignore ana');
    await ben.reads('the needle one');
  });

  test('a muted room does not notify', async () => {
    ben.says('/mute');
    await ben.sees('it muted', ({ rooms }) => rooms[0]?.muted === true);
    ben.view.actions.look(false);
    const before = ben.surroundings.notices.length;
    ana.says('@ben quietly');
    await ben.reads('@ben quietly');
    expect(ben.surroundings.notices.length).toBe(before);
    for (const _ of ['muted', 'not muted']) {
      ben.says('/unmute');
      expect(ben.screen.rooms[0]?.muted).toBe(false);
    }
    ben.view.actions.look(true);
  });

  test('safety numbers are the same on both sides, and a verification is kept', async () => {
    ana.says('/verify ben');
    const hers = await ana.sees('a number', ({ dialog }) =>
      dialog?.kind === 'member' && dialog.safety.length > 0 ? dialog : undefined,
    );
    ben.says('/verify ana');
    const his = await ben.sees('a number', ({ dialog }) =>
      dialog?.kind === 'member' && dialog.safety.length > 0 ? dialog : undefined,
    );
    expect(his.safety).toEqual(hers.safety);
    ana.view.actions.pick('verify');
    await ana.sees('it verified', ({ room }) => room?.lock?.state === 'verified');
    ana.view.actions.close();
    ben.view.actions.close();
    await ana.restart();
    await ana.sees('it verified still', ({ room }) => room?.lock?.state === 'verified');
  });

  test('what the server sees of a message is ciphertext', async () => {
    const row = await ana.reads('the needle one');
    ana.view.actions.run('inspect-message', '', row.key);
    const shown = await ana.sees('it', ({ dialog }) =>
      dialog?.kind === 'inspect' && !dialog.busy ? dialog : undefined,
    );
    expect(shown.parts.find(({ label }) => label === 'Decrypted on this device')?.value).toBe(
      'the needle one',
    );
    expect(shown.parts.find(({ label }) => label === 'Ciphertext')?.value).toMatch(/^[A-Za-z0-9_-]{100,}$/);
    ana.view.actions.close();
  });

  test('a paste of more than three lines asks for confirmation, and is never run as a command', async () => {
    ana.view.actions.paste('/leave', 0);
    expect(ana.room.composer.text).toBe('//leave');
    ana.view.actions.type('', 0);
    ana.view.actions.paste('a\nb\nc\nd\n', 0);
    const question = await ana.dialog('menu');
    expect(question.items.map(({ name }) => name)).toEqual(['edit', 'code', 'as-is', 'file', 'drop']);
    ana.view.actions.pick('code');
    expect(ana.room.composer.text).toBe('```\na\nb\nc\nd\n```\n');
    ana.view.actions.type('look', 4);
    ana.view.actions.paste('a\nb\nc\nd\n', 4);
    await ana.dialog('menu');
    ana.view.actions.pick('code');
    expect(ana.room.composer.text).toBe('look\n```\na\nb\nc\nd\n```\n');
    ana.view.actions.type('', 0);
  });

  test.each(['/leave me alone', '/quit\nand more', '/code the tv', '/part of it'])(
    'text after a command that takes none is kept, and the command is not run: %j',
    (text) => {
      ana.says(text);
      const { dialog, flash } = ana.view.getSnapshot();
      expect(flash?.text).toMatch(/takes no text after it/);
      expect(dialog).toBe(undefined);
      expect(ana.room.composer.text).toBe(text);
      ana.view.actions.type('', 0);
    },
  );

  test.each([
    ['/join us at 8', /^An invite link looks like/],
    ['/theme park', /^Usage: \/theme system\|dark/],
    ['/notify me', /^Usage: \/notify all\|mentions\|none/],
    ['/ignore him', /^There is no member “him”/],
    ['/ignore ana', /^You can’t ignore yourself/],
    ['/verify him', /^There is no member “him”/],
    ['/room nowhere', /^There is no room “nowhere”/],
    ['/file nothing', /^No file was read/],
  ])('a command that is refused stays in the field: %s', async (text, why) => {
    ana.says(text);
    await ana.sees('why', ({ flash }) => why.test(flash?.text ?? ''));
    expect([ana.screen.dialog, ana.room.composer.text]).toEqual([undefined, text]);
    ana.view.actions.type('', 0);
  });

  test('a command that fails later is restored with the message that it was about', async () => {
    ana.says('stew?');
    ben.view.actions.run('reply', '', (await ben.reads('stew?')).key);
    ben.says('/react stew');
    await ben.sees('why', ({ flash }) => flash?.tone === 'bad');
    expect(ben.room.composer).toMatchObject({ text: '/react stew', reply: { text: 'stew?' } });
    ben.view.actions.cancel();
    ben.view.actions.type('', 0);
  });

  test('choices are taken in capitals too, and what is done next ends the line about a refusal', async () => {
    ana.says('/theme park');
    expect(ana.screen.flash?.tone).toBe('bad');
    ana.says('/theme Dark');
    await ana.sees('it', ({ settings, flash }) => settings.theme === 'dark' && flash === undefined);
    expect(ana.room.composer.text).toBe('');
  });

  test('invites are listed and revoked', async () => {
    ana.view.actions.run('invites');
    const list = await ana.sees('them', ({ dialog }) =>
      dialog?.kind === 'invites' && !dialog.busy ? dialog : undefined,
    );
    expect(list.items).toHaveLength(1);
    ana.view.actions.pick(`revoke ${list.items[0]?.id}`);
    await ana.dialog('form');
    ana.view.actions.submit({});
    await ana.sees(
      'none',
      ({ dialog }) => dialog?.kind === 'invites' && !dialog.busy && dialog.items.length === 0,
    );
    ana.view.actions.close();
  });

  test('a removed member is shown the removal, and can’t write', async () => {
    ana.says('/remove ben');
    await ana.dialog('form');
    ana.view.actions.submit({});
    await ben.sees('that it is over', ({ room }) => room?.composer.mode === 'closed');
    expect(ben.room.composer.hint).toContain('removed');
    await ana.sees('a notice', () =>
      ana.rows.some((row) => row.kind === 'notice' && row.text.includes('ben was removed')),
    );
    await ana.sees('herself alone', ({ room }) => room?.members.map(({ name }) => name).join() === 'ana');
  });

  test('at midnight what was said today was said yesterday, without any other event', () => {
    const day = () => ana.rows.findLast((row) => row.kind === 'day')?.text;
    const now = () => ana.surroundings.now();
    const midnight = Math.ceil((now() + 1) / DAY_MS) * DAY_MS;
    // Other timers wait for longer than a second.
    ana.surroundings.passes(midnight - now() - 500);
    expect(day()).toBe('Today');
    ana.surroundings.passes(1000);
    expect(day()).toBe('Yesterday');
    ana.surroundings.passes(DAY_MS);
    expect(day()).toMatch(/\d/);
  });
});
