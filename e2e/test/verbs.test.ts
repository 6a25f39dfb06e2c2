import { join } from 'node:path';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { buildGochat, type Ended, GochatProcess } from '../src/terminal/gochat-process.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: GochatProcess;
let address: string;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  await serves();
});

afterAll(async () => {
  await server.stop('SIGTERM');
  await home.remove();
});

async function serves(port = 0): Promise<void> {
  server = new GochatProcess(['serve', '--port', String(port), '--data', 'rooms'], { cwd: home.path });
  await server.shows('To chat');
  address = `tcp://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(server.all)?.[1]}`;
}

/** Runs a command as `who`, each with a profile of their own. */
function run(
  who: string,
  args: readonly string[],
  input: string | Buffer = '',
  env: Record<string, string> = {},
): Promise<Ended> {
  const profile = args.includes('--profile') ? [] : ['--profile', join(home.path, who)];
  return runGochat([...args, ...profile], { HOME: home.path, GOCHAT_SERVER: address, ...env }, input);
}

let count = 0;
/** A new room of ana, with an invite link. */
async function room(): Promise<{ name: string; link: string; ana: string; ben: string }> {
  count += 1;
  const [name, ana, ben] = [`room ${count}`, `ana-${count}`, `ben-${count}`];
  const made = await run(ana, ['new', name, '--as', 'ana']);
  expect(made).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#\/join\/[\w-]{22}\.[\w-]{22}\.[\w-]{22}\n$/),
  });
  return { name, link: made.out.trim(), ana, ben };
}

const idOf = ({ out }: Ended): string => JSON.parse(out).id;

const texts = (out: string) =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        JSON.parse(line) as {
          kind: string;
          from: string;
          text: string;
          seq: string;
          room: string;
          at: number;
        },
    )
    .filter((line) => line.kind === 'text');

test('a room is created, joined, written to and read', async () => {
  const { name, link, ana, ben } = await room();
  expect(await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).toMatchObject({ code: 0, out: '' });
  expect(await run(ana, ['send', name, 'hello ben'])).toMatchObject({ code: 0, out: '' });
  expect((await run(ben, ['send', name], 'from a pipe\nin two lines\n')).code).toBe(0);
  expect((await run(ben, ['send', name, '-'], 'a dash')).code).toBe(0);
  expect((await run(ben, ['send', name, '--lines'], 'l1\r\n\nl2\n')).code).toBe(0);
  const plain = await run(ana, ['tail', name]);
  expect(plain.code).toBe(0);
  expect(plain.out).toBe(
    '-- <ben> joined by invite\n<ana> hello ben\n<ben> from a pipe\n  in two lines\n<ben> a dash\n<ben> l1\n<ben> l2\n',
  );
  const read = texts((await run(ben, ['tail', name, '--json'])).out);
  expect(read.map((l) => [l.from, l.text])).toEqual([
    ['ana', 'hello ben'],
    ['ben', 'from a pipe\nin two lines'],
    ['ben', 'a dash'],
    ['ben', 'l1'],
    ['ben', 'l2'],
  ]);
  expect(read[0]).toMatchObject({
    room: expect.stringMatching(/^[\w-]{22}$/),
    seq: expect.stringMatching(/^\d+$/),
    at: expect.any(Number),
  });
  const since = texts((await run(ben, ['tail', name, '--json', '--since', read[2]?.seq ?? ''])).out);
  expect(since.map((l) => l.text)).toEqual(['l1', 'l2']);
  expect((await run(ana, ['send', name, '@ben\tlook :tada:, not `@ana`'])).code).toBe(0);
  const [last] = texts((await run(ben, ['tail', name, '--json', '--since', since[1]?.seq ?? ''])).out);
  expect(last).toMatchObject({ text: '@ben\tlook :tada:, not `@ana`', mentions: [expect.any(String)] });
  expect((await run(ben, ['tail', name])).out).toContain('<ana> @ben\tlook :tada:');
});

test('tail --follow prints each message once, and ends when its reader ends', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  await run(ana, ['send', name, 'before']);
  const follow = new GochatProcess(['tail', name, '--follow', '--json', '--profile', join(home.path, ben)], {
    cwd: home.path,
  });
  await follow.shows('before');
  for (const text of ['one', 'two']) await run(ana, ['send', name, text]);
  // A second command of the same profile works through the first.
  expect((await run(ben, ['send', name, 'three'])).code).toBe(0);
  await follow.shows('three');
  const ended = await follow.stop('SIGINT');
  expect(ended.code).toBe(0);
  expect(texts(ended.out).map((l) => l.text)).toEqual(['before', 'one', 'two', 'three']);
  const cut = new GochatProcess(['tail', name, '--follow', '--profile', join(home.path, ben)], {
    cwd: home.path,
  });
  await cut.shows('before');
  cut.child.stdout.destroy();
  await run(ana, ['send', name, 'nobody reads this']);
  expect((await cut.end()).code).toBe(0);
});

test('without a server messages are queued, and the next command that connects sends them in order', async () => {
  const { name, ana } = await room();
  const port = Number(address.split(':').at(-1));
  await server.stop('SIGTERM');
  for (const text of ['first', 'second']) {
    expect(await run(ana, ['send', name, text, '--wait', '200ms'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('queued'),
    });
  }
  expect(await run(ana, ['tail', name, '--wait', '200ms'])).toMatchObject({
    code: 3,
    err: expect.stringContaining('could not be reached'),
  });
  expect((await run(ana, ['invite', name, '--wait', '200ms'])).code).toBe(3);
  for (const verb of ['members', 'topic'])
    expect(await run(ana, [verb, name, '--wait', '200ms'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('this is what the profile has'),
    });
  expect(await run(ana, ['chat', name], 'third\n')).toMatchObject({
    code: 3,
    out: expect.stringContaining('1 message is queued'),
  });
  // An interrupted command says what is sent later.
  const cut = new GochatProcess(['send', name, '--lines', '--json', '--profile', join(home.path, ana)], {
    cwd: home.path,
  });
  cut.write('fourth\n');
  await expect.poll(async () => (await run(ana, ['rooms', '--json'])).out).toContain('"queued":4');
  expect((await run(ana, ['rooms'])).out).toContain('active, 4 queued');
  expect(await cut.stop('SIGINT')).toMatchObject({
    code: 3,
    out: expect.stringContaining('"queued":true'),
    err: expect.stringContaining('1 message is queued'),
  });
  await serves(port);
  expect(texts((await run(ana, ['tail', name, '--json'])).out).map((l) => l.text)).toEqual([
    'first',
    'second',
    'third',
    'fourth',
  ]);
});

test('a server that can not be reached is reported at once, or after three seconds if it may be starting', async () => {
  const servers = [
    ['tls://nowhere.invalid', /no such host|could not be looked up/],
    ['tcp://127.0.0.1:9', /nothing is listening/],
    [address.replace('tcp:', 'tls:'), /closed the connection/],
  ] as const;
  // Without an early end, each would take longer than its process may run.
  const ended = servers.map(([server], i) =>
    run(`ana-unreached-${i}`, ['new', 'other', '--as', 'ana', '--server', server, '--wait', '1h']),
  );
  for (const [i, [server, why]] of servers.entries())
    expect([server, await ended[i]]).toEqual([
      server,
      expect.objectContaining({ code: 3, out: '', err: expect.stringMatching(why) }),
    ]);
});

test("a member's link names that member, who confirms the room for those who join by it", async () => {
  const { name, link, ben } = await room();
  const cai = `cai-${count}`;
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  const made = (await run(ben, ['invite', name])).out.trim();
  expect(made.split('/#/join/')[1]?.split('.')).toHaveLength(4);
  expect(await run(cai, ['join', made, '--as', 'cai', '--no-chat'])).toMatchObject({
    code: 0,
    err: expect.stringContaining('unconfirmed until the person who invited you'),
  });
  expect((await run(cai, ['rooms'])).out).toContain('(unconfirmed)');
  await run(ben, ['send', name, 'it was me']);
  expect((await run(cai, ['tail', name])).out).toContain('it was me');
  expect((await run(cai, ['rooms'])).out).toContain('confirmed by ben');
});

test('members, invites and safety numbers', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  const members = (await run(ana, ['members', name, '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; admin: boolean });
  expect(members.map((m) => [m.name, m.admin])).toEqual([
    ['ana', true],
    ['ben', false],
  ]);
  const safety = async (who: string, ...more: string[]) =>
    JSON.parse((await run(who, ['safety', name, '--json', ...more])).out) as {
      code: string;
      log: { code: string; at: number };
      members: { number: string }[];
    };
  const [hers, his] = [await safety(ana), await safety(ben)];
  expect(hers.code).toBe(his.code);
  expect([hers.log.at, hers.log]).toEqual([0, his.log]);
  expect(await safety(ana, '--at', '0')).toEqual(hers);
  expect((await run(ana, ['safety', name])).out).toContain(`log code   ${hers.log.code}  (at 0; `);
  expect(await run(ana, ['safety', name, '--at', '999'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('log codes from 0 to 0'),
  });
  expect((await run(ana, ['safety', name, '--at', 'x'])).code).toBe(2);
  expect(hers.members.map((m) => m.number)).toEqual(his.members.map((m) => m.number));
  expect(hers.members[0]?.number).toMatch(/^(\d{5} ){11}\d{5}$/);

  const once = await run(ana, ['invite', name, '--uses', '1', '--expires', '1h']);
  expect(once).toMatchObject({ code: 0, out: expect.stringMatching(/^http:\S+\n$/) });
  const invites = (await run(ana, ['invites', name, '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; uses?: number });
  expect(invites.map((i) => i.uses)).toEqual([undefined, 1]);
  expect((await run(`cai-${count}`, ['join', once.out.trim(), '--as', 'cai', '--no-chat'])).code).toBe(0);
  expect(await run(`dan-${count}`, ['join', once.out.trim(), '--as', 'dan', '--no-chat'])).toMatchObject({
    code: 5,
    out: '',
  });
  expect((await run(ana, ['revoke', name, invites[0]?.id ?? ''])).code).toBe(0);
  expect((await run(`dan-${count}`, ['join', link, '--as', 'dan', '--no-chat'])).code).toBe(5);
  const shown = JSON.parse((await run(ana, ['inspect', name, '--json'])).out || '{}') as { body?: string };
  expect(shown.body).toBeUndefined();
  await run(ben, ['send', name, 'now there is one']);
  expect((await run(ana, ['inspect', name])).out).toContain('<ben> now there is one');
});

test('every command reports the removal to a removed member', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  await run(ana, ['send', name, 'farewell']);
  const follow = new GochatProcess(['tail', name, '--follow', '--profile', join(home.path, ben)], {
    cwd: home.path,
  });
  await follow.shows('farewell');
  expect((await run(ben, ['remove', name, 'ana'])).code).toBe(5);
  expect((await run(ana, ['remove', name, 'ben'])).code).toBe(0);
  expect((await follow.end()).code).toBe(4);
  expect(await run(ben, ['tail', name])).toMatchObject({
    code: 4,
    out: expect.stringContaining('<ana> farewell'),
  });
  expect((await run(ben, ['send', name, 'hello?'])).code).toBe(4);
  expect((await run(ben, ['join', link, '--no-chat'])).code).toBe(5);
  const fresh = (await run(ana, ['invite', name])).out.trim();
  expect((await run(ben, ['join', fresh, '--no-chat'])).code).toBe(0);
  expect((await run(ben, ['send', name, 'back again'])).code).toBe(0);
});

test('what was queued before a removal is shown as not sent after joining again, and can be sent again', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  const port = Number(address.split(':').at(-1));
  await server.stop('SIGTERM');
  expect((await run(ben, ['send', name, 'an old message', '--wait', '200ms'])).code).toBe(3);
  await serves(port);
  expect((await run(ana, ['remove', name, 'ben'])).code).toBe(0);
  const fresh = (await run(ana, ['invite', name])).out.trim();
  const unsent =
    '1 message is not surely sent, as your membership ended or you could not write in the room: gochat resend';
  expect(await run(ben, ['join', fresh, '--no-chat'])).toMatchObject({
    code: 0,
    err: expect.stringContaining(unsent),
  });
  expect(JSON.parse((await run(ben, ['rooms', '--json'])).out)).toMatchObject({ queued: 0, unsent: 1 });
  expect((await run(ben, ['rooms'])).out).toContain('1 not sent');
  expect(await run(ben, ['tail', name])).toMatchObject({ code: 0, err: expect.stringContaining(unsent) });
  expect(await run(ben, ['send', name, 'a new one'])).toMatchObject({
    code: 0,
    err: expect.stringContaining(unsent),
  });
  const chat = await run(ben, ['chat', name], '/resend\n');
  expect(chat.out).toContain('or you could not write in the room: /resend');
  expect(chat.out).toContain('1 message is sent again');
  expect(chat.code).toBe(0);
  expect(await run(ben, ['resend', name])).toMatchObject({
    code: 0,
    err: expect.stringContaining('no message to send again'),
  });
  expect(texts((await run(ana, ['tail', name, '--json'])).out).map((l) => l.text)).toEqual([
    'a new one',
    'an old message',
  ]);
});

test('admins rename a room, set its topic, and make others admins', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  expect((await run(ben, ['rename', name, 'mine'])).code).toBe(5);
  expect(await run(ana, ['admin', name, 'ben'])).toMatchObject({
    code: 0,
    err: expect.stringContaining('ben is an admin now'),
  });
  expect((await run(ben, ['topic', name, '-'], 'what we cook\n')).code).toBe(0);
  expect(await run(ana, ['topic', name])).toMatchObject({ code: 0, out: 'what we cook\n' });
  const renamed = `${name} again`;
  expect((await run(ben, ['rename', name, renamed])).code).toBe(0);
  expect((await run(ana, ['tail', name])).out).toContain(
    `-- <ana> made <ben> admin\n-- <ben> changed the topic to: what we cook\n-- <ben> renamed the room to ${renamed}\n`,
  );
  const dropped = await run(ana, ['admin', renamed, 'ben', '--drop', '--json']);
  expect(dropped.code).toBe(0);
  expect(JSON.parse(dropped.out)).toEqual({
    room: expect.stringMatching(/^[\w-]{22}$/),
    name: renamed,
    member: 'ben',
    admin: false,
  });
  expect((await run(ben, ['topic', renamed, ''])).code).toBe(5);
  expect((await run(ana, ['admin', renamed, 'ana', '--drop'])).code).toBe(5);
});

test('roles, rules, pins and bans are set and shown by verbs', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  expect(await run(ana, ['role', name, 'ben', 'king'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no role “king”'),
  });
  expect(await run(ben, ['role', name, 'ana', 'member'])).toMatchObject({ code: 5, out: '' });
  expect(await run(ana, ['mute', name, 'ben'])).toMatchObject({
    code: 0,
    err: expect.stringContaining('ben is muted'),
  });
  expect((await run(ben, ['members', name])).out).toMatch(/ben +observer, you/);
  expect((await run(ana, ['unmute', name, 'ben'])).code).toBe(0);
  expect(JSON.parse((await run(ana, ['role', name, 'ben', 'moderator', '--json'])).out)).toMatchObject({
    member: 'ben',
    role: 'moderator',
  });
  expect((await run(ben, ['rules', name])).out).toContain('All members can write and invite');
  expect((await run(ben, ['rules', name, '--slow', '30s'])).code).toBe(5);
  for (const wrong of [
    ['--slow', '0s'],
    ['--slow', '1500ms'],
    ['--speak', 'me'],
    ['--expire', 'soon'],
  ])
    expect(await run(ana, ['rules', name, ...wrong])).toMatchObject({ code: 2, out: '' });
  expect((await run(ana, ['rules', name, '--slow', '30s', '--links', 'staff', '--expire', '7d'])).code).toBe(
    0,
  );
  expect((await run(ben, ['rules', name])).out).toBe(
    'Each member can write once in 30 seconds.\nOnly admins and moderators can invite.\nMessages disappear after 7 days.\nNewcomers can read the last 100 messages.\n',
  );
  expect((await run(ana, ['rules', name, '--slow', 'off', '--expire', 'off', '--links', 'all'])).code).toBe(
    0,
  );
  expect(JSON.parse((await run(ben, ['rules', name, '--json'])).out)).toEqual({
    room: expect.any(String),
    name,
    speak: 'all',
    slow: 'off',
    links: 'all',
    expire: 'off',
    history: '100',
  });
  const said = idOf(await run(ana, ['send', name, 'the plan', '--json']));
  expect((await run(ben, ['pin', name, said])).code).toBe(0);
  expect((await run(ana, ['pins', name])).out).toMatch(/^\d+ +<ana> +the plan\n$/);
  expect((await run(ana, ['unpin', name, said])).code).toBe(0);
  expect(await run(ana, ['unpin', name, said])).toMatchObject({
    code: 2,
    err: 'gochat: This message is not pinned\n',
  });
  const [line] = texts((await run(ana, ['tail', name, '--json'])).out);
  expect((await run(ben, ['pin', name, said])).code).toBe(0);
  expect((await run(ana, ['delete', name, said])).code).toBe(0);
  expect((await run(ana, ['pins', name])).out).toBe(`${line?.seq}  <ana>  -- a deleted message\n`);
  expect(JSON.parse((await run(ana, ['pins', name, '--json'])).out)).toMatchObject({
    text: '',
    deleted: { by: 'ana' },
  });
  expect((await run(ana, ['unpin', name, line?.seq ?? ''])).code).toBe(0);
  expect(await run(ana, ['pins', name])).toMatchObject({
    out: '',
    err: expect.stringContaining('No message'),
  });
  const cai = `cai-${name}`;
  const invite = (await run(ana, ['invite', name])).out.trim();
  expect((await run(cai, ['join', invite, '--as', 'cai', '--no-chat'])).code).toBe(0);
  expect(await run(ben, ['ban', name, 'cai'])).toMatchObject({
    code: 0,
    err: expect.stringContaining('cai is banned'),
  });
  expect((await run(ben, ['bans', name])).out).toMatch(/^[\w-]{22} +cai\n$/);
  const again = (await run(ana, ['invite', name])).out.trim();
  expect((await run(cai, ['join', again, '--as', 'cai', '--no-chat'])).code).toBe(5);
  expect((await run(ana, ['unban', name, 'cai'])).code).toBe(0);
  expect(await run(ana, ['bans', name])).toMatchObject({
    out: '',
    err: expect.stringContaining('Nobody is banned'),
  });
  expect((await run(cai, ['join', again, '--as', 'cai', '--no-chat'])).code).toBe(0);
  const hers = await GoChat.open(join(home.path, ana));
  const talk = await hers.room(name);
  await hers.profile.call('sync', { room: talk.id, waitMs: 30_000 });
  const his = (await talk.members()).find((one) => one.name === 'cai');
  if (his === undefined) throw new Error('cai is not in the room');
  await talk.setRole(his, 'observer');
  await talk.setRules({ slow: 60, expire: 3600 });
  expect(await talk.rules()).toMatchObject({ slow: 60, expire: 3600, speak: 'all' });
  await talk.setRules({ slow: null, expire: null });
  await talk.pin(await talk.send('pinned by a bot'));
  await talk.ban(his);
  await talk.ban(his, false);
  expect(await talk.nick('anna')).toBe('anna');
  expect(await talk.nick('ana')).toBe('ana');
  await hers.close();
  const tail = (await run(ana, ['tail', name])).out;
  for (const line of [
    'muted <ben>',
    'made <ben> an ordinary member',
    'made <ben> moderator',
    'let each member write once in 30 seconds',
    'set new messages to disappear after 7 days',
    'ended slow mode',
    'pinned a message',
    'unpinned a message',
    'banned <cai>',
    'ended the ban of <cai>',
  ])
    expect(tail).toContain(line);
});

test('the only admin who leaves is warned that nobody can remove members any more', async () => {
  for (const leave of ['verb', 'line']) {
    const { name, link, ana, ben } = await room();
    await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
    const left =
      leave === 'verb' ? await run(ana, ['leave', name]) : await run(ana, ['chat', name], '/leave\n');
    expect(left.code).toBe(0);
    expect(left.out + left.err).toContain('you were its only admin: nobody can remove members');
    expect(left.out + left.err).not.toContain('removes your keys');
    const his = await run(ben, ['leave', name, '--json']);
    expect(JSON.parse(his.out)).toMatchObject({ left: true, admins: 1 });
    expect(his.err).toContain('removes your keys');
  }
});

test('a change that all others would ignore is refused, and nothing is posted', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  const said = idOf(await run(ana, ['send', name, 'secret', '--json']));
  const refused = (words: string) => ({ code: 5, out: '', err: expect.stringContaining(words) });
  expect(await run(ben, ['edit', name, said, 'mine', '--json'])).toMatchObject(
    refused('Only its author can edit a message'),
  );
  expect(await run(ben, ['delete', name, said])).toMatchObject(
    refused('Only its author and admins of the room can delete a message'),
  );
  expect((await run(ana, ['delete', name, said])).code).toBe(0);
  expect(await run(ana, ['edit', name, said, 'again'])).toMatchObject(refused('This message was deleted'));
  // Nothing is left to do.
  expect((await run(ana, ['delete', name, said])).code).toBe(0);
  const other = idOf(await run(ben, ['send', name, 'ben’s', '--json']));
  expect((await run(ana, ['delete', name, other])).code).toBe(0);
  const lines = texts((await run(ana, ['tail', name, '--json'])).out);
  expect(lines.filter(({ kind }) => kind === 'warning')).toEqual([]);
  const chat = await GoChat.open(join(home.path, ben));
  const talk = await chat.room(name);
  for await (const item of talk.items('0')) {
    if (item.kind !== 'text') continue;
    const gone = { code: 'refused', data: { reason: 'message-deleted' } };
    await expect(talk.react(item, '👍')).rejects.toMatchObject(gone);
    break;
  }
  await chat.close();
});

test('a message that waits can’t be changed yet, which is what is said', async () => {
  const { name, ana } = await room();
  const port = Number(/\d+$/.exec(address)?.[0]);
  await server.stop('SIGTERM');
  const sent = await run(ana, ['send', name, 'later', '--json', '--wait', '200ms']);
  const id = idOf(sent);
  for (const change of [
    ['edit', name, id, 'never'],
    ['delete', name, id],
  ])
    expect(await run(ana, [...change, '--wait', '200ms'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('waits to be sent'),
    });
  await serves(port);
});

test('the line mode prints edits, reactions and deletions', async () => {
  const { name, link, ana, ben } = await room();
  await run(ana, ['send', name, 'before']);
  const his = await GoChat.open(join(home.path, ben));
  const talk = await his.join(link, 'ben');
  const chat = new GochatProcess(['chat', name, '--profile', join(home.path, ana)], {
    cwd: home.path,
    env: { GOCHAT_SERVER: address },
  });
  await chat.shows('Connected!');
  chat.child.stdin.write('who has the keys?\n');
  const items = talk.items('0');
  const next = async (text: string) => {
    for (;;) {
      const { value, done } = await items.next();
      if (done === true) throw new Error(`never heard: ${text}`);
      if (value.kind === 'text' && value.text === text) return value;
    }
  };
  const asked = await next('who has the keys?');
  await talk.reply(asked, 'I hav them');
  const answer = await next('I hav them');
  await chat.shows('<ben>(to <ana>) I hav them');
  await talk.edit(answer, 'I have them');
  await chat.shows('<ben>(edited) I have them');
  await talk.react(asked, '🔑');
  await chat.shows('-- <ben> reacted 🔑 to “who has the keys?”');
  await talk.delete(answer);
  await chat.shows('-- <ben> deleted a message');
  await his.close();
  const { code, out } = await chat.end('');
  expect(code).toBe(0);
  for (const said of ['<ben>(edited) ', '<ben> reacted', 'deleted a message'])
    expect(out.split(said)).toHaveLength(2);
  const after = await run(ana, ['tail', name]);
  expect(after.out).toContain('-- <ben> deleted a message\n');
  expect(after.out).not.toContain('I hav');
});

test('who was muted writes again once that has ended, and is never called no member', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  const muted = { code: 5, err: expect.stringContaining('you may not write in this room') };
  expect((await run(ana, ['mute', name, 'ben'])).code).toBe(0);
  // This profile has not heard of it.
  expect(await run(ben, ['send', name, 'early', '--json'])).toMatchObject({
    ...muted,
    out: expect.stringContaining('"state":"silenced"'),
  });
  expect(await run(ben, ['send', name, 'late'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('You are muted'),
  });
  expect((await run(ana, ['unmute', name, 'ben'])).code).toBe(0);
  expect((await run(ben, ['send', name, 'again'])).code).toBe(0);
  expect((await run(ben, ['resend', name])).code).toBe(0);
  expect((await run(ana, ['rules', name, '--speak', 'staff'])).code).toBe(0);
  expect((await run(ben, ['chat', name], 'piped\n')).code).toBe(5);
  expect((await run(ana, ['rules', name, '--speak', 'all'])).code).toBe(0);
  expect((await run(ben, ['chat', name], 'heard\n')).code).toBe(0);
  const { out } = await run(ana, ['tail', name, '--json']);
  expect(texts(out).map(({ text }) => text)).toEqual(['again', 'early', 'heard']);
});

test('a poll is asked and voted on by verbs, in line mode and by the SDK', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  for (const answers of [
    [],
    ['yes'],
    ['yes', ' '],
    ['yes', 'no\nmore'],
    Array.from({ length: 11 }, (_, i) => `${i}`),
  ])
    expect(await run(ana, ['poll', name, 'Tea?', ...answers])).toMatchObject({ code: 2, out: '' });
  const id = idOf(await run(ana, ['poll', name, 'Tea?', 'green', 'black', '--json']));
  expect(await run(ben, ['vote', name, id, '2'])).toMatchObject({ code: 0 });
  expect(await run(ben, ['vote', name, id, '3'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('from 1 to 2'),
  });
  expect(await run(ana, ['chat', name], '/vote 1\n/poll Now? | yes | no\n')).toMatchObject({ code: 0 });
  expect((await run(ana, ['chat', name], '/vote 9\n')).out).toContain(
    'Say the number of an answer, from 1 to 2',
  );
  const his = await GoChat.open(join(home.path, ben));
  const talk = await his.room(name);
  const votes = async () => {
    const polls: string[][] = [];
    for await (const item of talk.history()) {
      if (item.kind !== 'text' || item.poll === undefined) continue;
      const chosen = (item.reactions ?? []).map(
        ({ emoji, by }) => `${emoji[0]} ${by.map(({ name: who }) => who).join(' ')}`,
      );
      polls.push([item.text.split('\n')[0] ?? '', ...chosen]);
    }
    return polls;
  };
  await his.profile.call('sync', { room: talk.id, waitMs: 30_000 });
  expect(await votes()).toEqual([['Tea?', '2 ben', '1 ana'], ['Now?']]);
  const own = await talk.poll('Which?', ['a', 'b'], { many: true });
  for (const answer of [1, 2]) expect(await talk.vote(own, answer)).toBe(true);
  expect(await talk.vote(own, 1, false)).toBe(true);
  expect((await votes()).at(-1)).toEqual(['Which?', '2 ben']);
  await expect(talk.poll('Which?', ['a'])).rejects.toMatchObject({ data: { reason: 'poll-answers' } });
  for (const none of [3, 0, 1.5])
    await expect(talk.vote(own, none)).rejects.toMatchObject({
      data: { reason: 'poll-answer', most: 2 },
    });
  await expect(talk.vote(await talk.send('no poll'), 1)).rejects.toMatchObject({
    data: { reason: 'not-a-poll' },
  });
  expect((await votes()).at(-1)).toEqual(['Which?', '2 ben']);
  await his.close();
  const polls = async () => texts((await run(ana, ['tail', name, '--json'])).out);
  expect(await polls()).toMatchObject([{ votes: [1, 1] }, { votes: [0, 0] }, { votes: [0, 1] }, {}]);
  expect((await run(ana, ['tail', name])).out).toContain(
    '  2\u{fe0f}\u{20e3} black\n-- votes: 1\u{fe0f}\u{20e3} 1, 2\u{fe0f}\u{20e3} 1\n<ana> Now?',
  );
  expect(await run(ben, ['vote', name, id, '2', '--undo'])).toMatchObject({ code: 0 });
  // What was edited has the answers still, or is not edited.
  expect(await run(ana, ['edit', name, id, 'Coffee?'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('This is a poll'),
  });
  const better = 'Tea now?\n1\u{fe0f}\u{20e3} green\n2\u{fe0f}\u{20e3} black';
  expect(await run(ana, ['edit', name, id, better])).toMatchObject({ code: 0 });
  expect(await polls()).toMatchObject([{ text: better, votes: [1, 0] }, {}, {}, {}]);
});

test('a message is shown with the replies to it, also by its link', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  const id = idOf(await run(ana, ['send', name, 'tea or coffee?', '--json']));
  const his = await GoChat.open(join(home.path, ben));
  const talk = await his.room(name);
  await his.profile.call('sync', { room: talk.id, waitMs: 30_000 });
  await talk.send('beside it');
  const said = await talk.reply({ id, state: 'posted', seq: (await seqOf(ben, name, id)) ?? '' }, 'tea');
  await talk.reply(said, 'with milk');
  const url = await talk.linkTo(said);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/message\/\S+$/);
  expect((await talk.thread(said)).map(({ text }) => text)).toEqual(['tea', 'with milk']);
  expect(await his.message(url)).toMatchObject({ room: { name }, item: { id: said.id, text: 'tea' } });
  await expect(his.message(link)).rejects.toMatchObject({ data: { reason: 'link-invalid' } });
  await his.close();
  const all = '<ana> tea or coffee?\n<ben>(to <ana>) tea\n<ben>(to <ben>) with milk\n';
  expect(await run(ana, ['thread', name, id])).toMatchObject({ code: 0, out: all });
  const json = await run(ana, ['thread', name, id, '--json']);
  expect(texts(json.out).map(({ text, kind }) => [kind, text])).toEqual([
    ['text', 'tea or coffee?'],
    ['text', 'tea'],
    ['text', 'with milk'],
  ]);
  expect((await run(ana, ['thread', name, said.id, '--link'])).out).toBe(`${url}\n`);
  expect((await run(ana, ['thread', url])).out).toBe('<ben> tea\n<ben>(to <ben>) with milk\n');
  // Without replies of its own, it is shown where it answers.
  const [, , last] = texts(json.out);
  expect((await run(ana, ['thread', name, last?.seq ?? ''])).out).toBe(all);
  expect((await run(ana, ['chat', name], '/thread\n')).out).toContain(all);
  // Who is not in the room, or takes it for an invite, hears what it is.
  expect(await run(`out-${ana}`, ['thread', url])).toMatchObject({ code: 2, out: '' });
  for (const args of [
    ['thread', name],
    ['thread', name, 'x'],
    ['thread', link],
  ])
    expect(await run(ana, args)).toMatchObject({ code: 2, out: '' });
  expect(await run(`out-${ana}`, ['join', url, '--as', 'out'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/leads to a message.*gochat thread LINK/),
  });
});

async function seqOf(who: string, name: string, id: string): Promise<string | undefined> {
  const items = texts((await run(who, ['tail', name, '--json'])).out);
  return items.find((item) => 'id' in item && item.id === id)?.seq;
}

test('who has to wait in slow mode learns it, and until when', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  expect((await run(ana, ['rules', name, '--slow', '1h'])).code).toBe(0);
  expect((await run(ben, ['send', name, 'one'])).code).toBe(0);
  const waits = await run(ben, ['send', name, 'two', '--wait', '1s', '--json']);
  expect(waits).toMatchObject({
    code: 3,
    err: expect.stringMatching(/slow mode: you can write again at .*\d.*; 1 message is queued/),
  });
  expect(JSON.parse(waits.out)).toMatchObject({ state: 'waiting', queued: true });
  const piped = await run(ben, ['chat', name], 'three\n');
  expect(piped).toMatchObject({ code: 3, out: expect.stringContaining('slow mode: you can write again at') });
  expect(`${waits.err}${piped.out}`).not.toContain('could not be reached');
});

test('a poll is voted on in the line after it on a pipe, and digits for a link are no message', async () => {
  const { name, ana } = await room();
  const lines = '/poll Now? | yes | no\n/vote 2\n/link\n123456\n12-34 56\nafter it\n/link stop\n654321\n';
  expect(await run(ana, ['chat', name], lines)).toMatchObject({
    code: 2,
    out: expect.stringContaining('/link 123456'),
  });
  expect(texts((await run(ana, ['tail', name, '--json'])).out)).toMatchObject([
    { votes: [0, 1] },
    { text: 'after it' },
    { text: '654321' },
  ]);
});

test('a link that nobody could read is a failure', async () => {
  const { name, ana } = await room();
  for (const args of [
    ['invite', name],
    ['recovery', '--yes'],
    ['new', 'den', '--json'],
  ]) {
    const unread = new GochatProcess([...args, '--profile', join(home.path, ana)], {
      cwd: home.path,
      env: { GOCHAT_SERVER: address },
    });
    unread.child.stdout.destroy();
    expect(await unread.end()).toMatchObject({
      code: 1,
      err: expect.stringContaining('nobody has read the link'),
    });
  }
});

test('a backup file that is not there can’t be read', async () => {
  const gone = join(home.path, 'gone.age');
  for (const action of ['check', 'restore'])
    expect(
      await run('nobody', ['profile', action, gone], '', { GOCHAT_BACKUP_PASSPHRASE: 'five words' }),
    ).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`${gone} can't be read`) });
});

test('a poll is closed by its author and by staff, and takes no more votes', async () => {
  const { name, link, ana, ben } = await room();
  expect((await run(ben, ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
  const asks = async (who: string, question: string) =>
    idOf(await run(who, ['poll', name, question, 'yes', 'no', '--json']));
  const [first, second] = [await asks(ana, 'First?'), await asks(ben, 'Second?')];
  const text = idOf(await run(ana, ['send', name, 'no poll', '--json']));
  expect(await run(ben, ['vote', name, first, '1'])).toMatchObject({ code: 0 });
  expect(await run(ben, ['close', name, first])).toMatchObject({
    code: 5,
    err: expect.stringContaining('Only its author, admins and moderators of the room can close a poll'),
  });
  expect(await run(ana, ['close', name, text])).toMatchObject({
    code: 2,
    err: expect.stringContaining('This message is no poll'),
  });
  for (const id of [first, second]) expect(await run(ana, ['close', name, id])).toMatchObject({ code: 0 });
  for (const who of [ana, ben])
    expect(await run(who, ['vote', name, first, '2'])).toMatchObject({
      code: 5,
      err: expect.stringContaining('This poll is closed'),
    });
  expect((await run(ben, ['chat', name], '/vote 1\n')).out).toContain('There is no open poll here');
  const third = await asks(ben, 'Third?');
  expect(await run(ben, ['chat', name], '/close\n')).toMatchObject({ code: 0 });
  expect((await run(ben, ['chat', name], '/close\n')).out).toContain(
    'There is no open poll here that you may close',
  );
  expect((await run(ben, ['tail', name])).out).toMatch(
    /First\?\n.*yes\n.*no\n-- final votes, closed by <ana>: 1.* \d, 2.* \d\n/,
  );
  const polls: unknown[] = [];
  const his = await GoChat.open(join(home.path, ben));
  const talk = await his.room(name);
  for await (const item of talk.history())
    if (item.kind === 'text' && item.poll !== undefined) polls.push([item.id, item.closed?.by]);
  expect(polls).toEqual([
    [first, 'ana'],
    [second, 'ana'],
    [third, 'ben'],
  ]);
  const fourth = await talk.poll('Fourth?', ['yes', 'no']);
  expect(await talk.closePoll(fourth)).toBe(true);
  const tooLate = { data: { reason: 'poll-closed' } };
  await expect(talk.vote(fourth, 1)).rejects.toMatchObject(tooLate);
  await expect(talk.edit(fourth, 'Fourth?\n1️⃣ no\n2️⃣ yes')).rejects.toMatchObject(tooLate);
  await his.close();
});

test('a member who leaves is removed', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  expect((await run(ben, ['leave', name])).code).toBe(0);
  expect((await run(ben, ['send', name, 'x'])).code).toBe(4);
  // An admin's client removes the member when it receives the request.
  const follow = new GochatProcess(['tail', name, '--follow', '--profile', join(home.path, ana)], {
    cwd: home.path,
  });
  await follow.shows('<ben> was removed');
  await follow.stop('SIGTERM');
  expect((await run(ana, ['members', name])).out).not.toContain('ben');
});

test.each([
  [['send', 'nowhere', 'x'], 'no room “nowhere”'],
  [['join', 'http://127.0.0.1:1/#/join/short.x.y', '--as', 'a'], 'damaged'],
  [['join', 'nonsense', '--as', 'a'], 'invite link looks like'],
  [['new', 'x'], '--as'],
  [['new', ' ', '--as', 'a'], 'empty'],
  [['new', 'x', '--as', 'a\u001b[31m'], 'control'],
  [['new', 'x', '--as', 'a', '--server', 'ftp://host'], 'tcp, tls'],
  [['new', 'x', '--as', 'a', '--server', 'tcp://192.0.2.1:4040'], '--insecure'],
  [['send', 'x', 'y', '--wait', 'soon'], 'duration'],
  [['tail', 'x', '--since', 'yesterday'], '--since'],
  [['rooms', '--profile', '/dev/null/x'], "profile's folder"],
  [['frobnicate'], 'unknown command'],
  [['send'], 'missing required argument'],
  [['rooms', '--loudly'], 'unknown option'],
])('%j prints one line and exits with 2', async (args, says) => {
  const ended = await run(`nobody ${args.join(' ').slice(0, 20).replaceAll('/', '')}`, args);
  expect(ended).toMatchObject({ code: 2, out: '' });
  expect(ended.err).toContain(says);
  expect(ended.err).not.toMatch(/\n\s+at /);
});

test('two rooms with the same name are distinguished by their ids', async () => {
  const { name, ana } = await room();
  await run(ana, ['new', name, '--as', 'ana']);
  const ids = (await run(ana, ['rooms', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
  const refused = await run(ana, ['send', name, 'which?']);
  expect(refused.code).toBe(2);
  for (const id of ids) expect(refused.err).toContain(id);
  expect((await run(ana, ['send', ids.find((id) => !id.startsWith('-')) ?? '', 'this one'])).code).toBe(0);
});

test('a message over 64 KiB is refused, and no part of it is sent', async () => {
  const { name, ana } = await room();
  expect(await run(ana, ['send', name], 'x'.repeat(70_000))).toMatchObject({
    code: 2,
    err: expect.stringContaining('64 KiB'),
  });
  expect(await run(ana, ['send', name], '')).toMatchObject({ code: 2 });
  expect(texts((await run(ana, ['tail', name, '--json'])).out)).toEqual([]);
});

test('serve prints in one line why it can’t start', async () => {
  const port = address.split(':').at(-1) ?? '';
  const serve = (...args: string[]) => runGochat(['serve', ...args], { HOME: home.path });
  const data = (name: string) => ['--data', join(home.path, name)];
  expect(await serve('--port', port, ...data('other'))).toMatchObject({
    code: 2,
    err: expect.stringContaining(`port ${port}`),
  });
  expect(await serve('--port', '0', ...data('rooms'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('rooms'),
  });
  expect(await serve('--port', '0', '--data', '/proc/nowhere')).toMatchObject({ code: 2 });
  expect(await serve('--port', 'many')).toMatchObject({ code: 2, err: expect.stringContaining('port') });
  expect(await serve('--host', '0.0.0.0', '--port', '0', ...data('other'))).toMatchObject({
    code: 2,
    err: expect.stringContaining('--tls-cert'),
  });
  expect((await serve('--help')).out).toContain('GOCHAT_BEHIND_PROXY');
});

test('a locked profile takes its passphrase from a variable', async () => {
  const { name, ana } = await room();
  expect((await run(ana, ['passphrase'], '', { GOCHAT_NEW_PASSPHRASE: 'open sesame' })).code).toBe(0);
  expect(await run(ana, ['send', name, 'x'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('GOCHAT_PASSPHRASE'),
  });
  expect((await run(ana, ['send', name, 'x'], '', { GOCHAT_PASSPHRASE: 'wrong' })).code).toBe(2);
  expect((await run(ana, ['send', name, 'x'], '', { GOCHAT_PASSPHRASE: 'open sesame' })).code).toBe(0);
  expect((await run(ana, ['passphrase', '--remove'], '', { GOCHAT_PASSPHRASE: 'open sesame' })).code).toBe(0);
  expect((await run(ana, ['send', name, 'x'])).code).toBe(0);
});

test('commands of one profile that run at once all get their answer', async () => {
  const names = ['one', 'two', 'three', 'four'];
  const made = await Promise.all(names.map((name) => run('ana-at-once', ['new', name, '--as', 'ana'])));
  for (const one of made) expect(one).toMatchObject({ code: 0, out: expect.stringMatching(/^http\S+\n$/) });
  expect((await run('ana-at-once', ['rooms', '--json'])).out.trim().split('\n')).toHaveLength(4);
});

test('a wrong passphrase is refused also while another process of the profile runs', async () => {
  const { name, ana } = await room();
  const env = { GOCHAT_PASSPHRASE: 'open sesame' };
  await run(ana, ['passphrase'], '', { GOCHAT_NEW_PASSPHRASE: env.GOCHAT_PASSPHRASE });
  const tail = new GochatProcess(['tail', name, '--follow', '--profile', join(home.path, ana)], {
    cwd: home.path,
    env,
  });
  await expect.poll(async () => (await run(ana, ['send', name, 'right'], '', env)).code).toBe(0);
  await tail.shows('right');
  const wrong = { GOCHAT_PASSPHRASE: 'wrong' };
  expect(await run(ana, ['send', name, 'never'], '', wrong)).toMatchObject({
    code: 2,
    err: expect.stringContaining('The passphrase is wrong'),
  });
  const change = { GOCHAT_NEW_PASSPHRASE: 'another' };
  expect((await run(ana, ['passphrase'], '', { ...wrong, ...change })).code).toBe(2);
  expect(await run(ana, ['passphrase'], '', change)).toMatchObject({
    code: 2,
    err: expect.stringContaining('locked with a passphrase'),
  });
  expect((await run(ana, ['passphrase'], '', { ...env, ...change })).code).toBe(0);
  expect((await tail.stop('SIGINT')).out).not.toContain('never');
  expect((await run(ana, ['rooms'], '', { GOCHAT_PASSPHRASE: 'another' })).code).toBe(0);
});

test('without a terminal the chat is in line mode, with its questions answered by a pipe', async () => {
  const { link, ana, name } = await room();
  const chat = await run(`pipe-${count}`, [], `cai\n${link}\nhello from a pipe\n/members\n`);
  expect(chat.code).toBe(0);
  expect(chat.out).toContain('Enter your username: \n');
  expect(chat.out).toContain('Connected!\n');
  expect(chat.out).toMatch(/^-- \S{8} {2}cai +you$/m);
  expect(chat.out).not.toContain('hello from a pipe');
  expect((await run(ana, ['tail', name])).out).toContain('<cai> hello from a pipe\n');
});

test('names and messages of others can’t control a terminal', async () => {
  const { name, link, ana, ben } = await room();
  await run(ben, ['join', link, '--as', 'ben', '--no-chat']);
  await run(ben, ['send', name, '\u001b]52;c;ZXZpbA==\u0007\u001b[2Jhi\r\nana: I agree\u202e']);
  const { out } = await run(ana, ['tail', name]);
  expect(out.endsWith('<ben> hi\n  ana: I agree\n')).toBe(true);
});
