import { join } from 'node:path';
import { platform } from '@gochat/client/internal/profile/platform';
import type { Position } from '@gochat/protocol/fields';
import { runSlashCommand } from '@gochat/terminal/internal/lines/slash-commands';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostileMember } from '../src/people/hostile-member.ts';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';

const MINUTE_MS = 60_000;
const ENGLISH = new Words('en-GB', terminalEnglish, 'UTC').text;
const DAY_MS = 24 * 60 * MINUTE_MS;
let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

/** People with one clock, who meet in a room with Mal. All have been given the secret by which members come back. */
async function meet(names: readonly string[]) {
  let shiftMs = 0;
  const env = { ...platform, now: () => platform.now() + shiftMs };
  const passes = (ms: number) => {
    shiftMs += ms;
  };
  const people = await Promise.all(names.map((name) => Someone.open(name, join(home.path, name), { env })));
  const [ana, ...others] = people as [Someone, ...Someone[]];
  const { room, link } = await ana.hosts(server.url);
  for (const one of others) await one.joins(link);
  const mal = await HostileMember.joins(server.url, link);
  await ana.delivered(room, [await ana.says(room, 'welcome')]);
  for (const one of others) await one.hears(room, 'welcome');
  // The inviter's device hands the secret over after one to two minutes.
  const before = mal.count('entry');
  let said = 0;
  await ana.until(async () => {
    passes(MINUTE_MS);
    await ana.delivered(room, [await ana.says(room, 'time passes')]);
    return mal.count('entry') > before + ++said;
  }, 'the secret is handed over');
  await ana.delivered(room, [await ana.says(room, 'now')]);
  for (const one of others) await one.hears(room, 'now');
  return { room, link, people, mal, passes };
}

test('a member that another one cuts off learns who it was, comes back automatically, and its queued messages arrive', async () => {
  const { room, people, mal, passes } = await meet(['ana', 'ben', 'cai']);
  const [ana, ben, cai] = people as [Someone, Someone, Someone];
  await mal.cutsOff('cai');
  await cai.until(
    async () => (await cai.warnings(room)).some(({ warning }) => warning === 'unfollowed'),
    'cai names mal',
  );
  expect((await cai.warnings(room)).at(-1)).toMatchObject({ warning: 'unfollowed', member: 'mal' });
  const lost = await cai.says(room, 'can anybody read this?');
  await cai.delivered(room, [lost]);
  await ana.until(
    async () => (await ana.warnings(room)).some(({ warning }) => warning === 'undecryptable'),
    'ana cannot read cai',
  );
  // A message of each shows the other that something is wrong. They look within seconds, and again a minute later.
  await ana.delivered(room, [await ana.says(room, 'where is cai?')]);
  await cai.until(async () => {
    passes(MINUTE_MS / 4);
    return (await cai.warnings(room)).some(({ warning }) => warning === 'split');
  }, 'cai knows that the others went on');
  const again = await cai.says(room, 'I am back');
  await cai.delivered(room, [again]);
  for (const one of [ana, ben]) {
    await one.hears(room, 'I am back');
    const joined = (await one.history(room)).filter((item) => item.kind === 'joined' && item.from === 'cai');
    expect(joined.at(-1)).toMatchObject({ again: true, unfollowed: 'mal' });
  }
  await ben.delivered(room, [await ben.says(room, 'welcome back')]);
  await cai.hears(room, 'welcome back');
  const [info] = await cai.profile.call('rooms', {});
  expect(info).toMatchObject({ status: 'active', unfollowed: '', members: 4 });
  expect(await cai.profile.call('return', { room, waitMs: 5000 })).toEqual({ returned: false });
  mal.close();
  await Promise.all(people.map((one) => one.close()));
});

test('a member whose key was retired by a change that it could not follow comes back', async () => {
  const { room, people, mal, passes } = await meet(['dora', 'eli', 'fay']);
  const [dora, , fay] = people as [Someone, Someone, Someone];
  await mal.cutsOff('fay');
  await fay.until(
    async () => (await fay.warnings(room)).some(({ warning }) => warning === 'unfollowed'),
    'fay names mal',
  );
  // An admin's client replaces its keys, and retires the old ones, within two days. Fay's own change may come first, which nobody else can follow.
  passes(2 * DAY_MS);
  await dora.until(async () => {
    passes(MINUTE_MS);
    await dora.delivered(room, [await dora.says(room, 'another day')]);
    return (await dora.history(room)).some(
      (item) => item.kind === 'joined' && item.from === 'fay' && item.unfollowed === 'mal',
    );
  }, 'fay comes back');
  await fay.delivered(room, [await fay.says(room, 'I am back')]);
  await dora.hears(room, 'I am back');
  mal.close();
  await Promise.all(people.map((one) => one.close()));
});

test('what members posted who were cut off together is offered again, and those who have read it see it once', async () => {
  const { room, people, mal, passes } = await meet(['gil', 'hana', 'ivo']);
  const [first, hana, ivo] = people as [Someone, Someone, Someone];
  await mal.cutsOffAllBut('ivo');
  for (const one of [first, hana])
    await one.until(
      async () => (await one.warnings(room)).some(({ warning }) => warning === 'unfollowed'),
      `${one.name} names mal`,
    );
  const plan = await first.says(room, 'plan A');
  await first.delivered(room, [plan]);
  await hana.hears(room, 'plan A');
  const of = { seq: await seqOf(first, room, plan), id: plan };
  await first.posts(room, { kind: 'edit', of, text: 'plan B' });
  await hana.hears(room, 'plan B');
  const answer = await hana.posts(room, { kind: 'text', text: 'good', reply: of });
  await first.hears(room, 'good');
  // In the log is all that is known.
  expect(await first.profile.call('waiting', { room })).toEqual([]);
  expect((await first.profile.call('sent', { room, ids: [plan], waitMs: 0 })).outcomes).toEqual([
    { id: plan, state: 'posted', seq: of.seq },
  ]);
  for (const one of [first, hana]) {
    await one.until(async () => {
      // Each message makes all look whose wait is over by then.
      await ivo.delivered(room, [await ivo.says(room, 'where are you?')]);
      passes(MINUTE_MS / 4);
      return (await one.warnings(room)).some(({ warning }) => warning === 'split');
    }, `${one.name} knows that ivo went on`);
    await one.delivered(room, [await one.says(room, `${one.name} is back`)]);
    await ivo.hears(room, `${one.name} is back`);
  }
  expect(await ivo.read(room)).not.toContain('gil: plan B');
  await first.close();
  const gil = await Someone.open('gil', join(home.path, 'gil'));
  const missed = (id: string, text: string) => ({ id, state: 'missed', content: { kind: 'text', text } });
  expect(await gil.profile.call('waiting', { room })).toMatchObject([missed(plan, 'plan B')]);
  expect(await hana.profile.call('waiting', { room })).toMatchObject([missed(answer, 'good')]);
  expect((await gil.profile.call('rooms', {}))[0]).toMatchObject({ missed: 1, queued: 0, status: 'active' });
  expect(await gil.profile.call('resend', { room })).toEqual({ ids: [plan] });
  await gil.delivered(room, [plan]);
  await ivo.hears(room, 'plan B');
  await hana.until(
    async () => (await hana.messages(room)).some(({ again }) => again !== undefined),
    'hana reads it again',
  );
  expect(await hana.profile.call('resend', { room, ids: [answer] })).toEqual({ ids: [answer] });
  await hana.delivered(room, [answer]);
  await ivo.hears(room, 'good');
  const seq = await seqOf(ivo, room, plan);
  // The answer refers to the message where ivo has it.
  const good = (await ivo.messages(room)).find(({ id }) => id === answer);
  expect(good?.reply).toEqual({ seq, id: plan });
  await ivo.posts(room, { kind: 'react', to: { seq, id: plan }, emoji: '👍', on: true });
  await gil.posts(room, { kind: 'edit', of, text: 'plan C' });
  for (const one of [gil, hana, ivo]) {
    await one.hears(room, 'plan C');
    const all = await one.messages(room);
    expect(all.filter(({ id }) => id === plan)).toMatchObject([
      { text: 'plan C', reactions: [{ emoji: '👍' }], ...(one !== ivo && { seq: of.seq, again: seq }) },
    ]);
    expect(all.filter(({ id }) => id === answer)).toHaveLength(1);
    const kinds = (await one.warnings(room)).map(({ warning }) => warning);
    expect(kinds).not.toContain('misplaced');
    expect(kinds).not.toContain('repeated');
  }
  expect(await gil.profile.call('waiting', { room })).toEqual([]);
  expect((await gil.profile.call('rooms', {}))[0]).toMatchObject({ missed: 0 });
  mal.close();
  await Promise.all([gil, hana, ivo].map((one) => one.close()));
});

/** Mal has cut the last of three off, and the others have gone on with an admin more. */
async function apart(names: readonly string[]) {
  const { room, people, mal, passes } = await meet(names);
  const [first, second, last] = people as [Someone, Someone, Someone];
  await mal.cutsOff(last.name);
  await last.until(
    async () => (await last.warnings(room)).some(({ warning }) => warning === 'unfollowed'),
    `${last.name} names mal`,
  );
  passes(20 * MINUTE_MS);
  await first.profile.call('setRole', { room, member: second.name, role: 'admin', waitMs: 20_000 });
  const status = async () => (await last.profile.call('rooms', {}))[0]?.status;
  await last.until(async () => {
    await first.delivered(room, [await first.says(room, `where is ${last.name}?`)]);
    passes(MINUTE_MS / 4);
    return (await status()) === 'split';
  }, `${last.name} knows that the others went on`);
  const close = async () => {
    mal.close();
    await Promise.all(people.map((one) => one.close()));
  };
  return { room, first, second, last, status, close };
}

test('a return that would change who is admin is made only after its user has seen that', async () => {
  const { room, second: leo, last: mia, status, close } = await apart(['kim', 'leo', 'mia']);
  const none = { there: [], here: [] };
  const admins = { there: ['leo'], here: [] };
  const same = { members: none, moderators: none, bans: none };
  const compare = () => mia.profile.call('compare', { room, waitMs: 20_000 });
  expect(await compare()).toMatchObject({ proved: true, same: false, admins, ...same });
  await expect(mia.profile.call('return', { room, seen: 'another', waitMs: 5000 })).rejects.toMatchObject({
    data: { reason: 'return-differs' },
  });
  const printed: string[] = [];
  const context = {
    profile: mia.profile,
    room,
    prompt: { print: (line: string) => void printed.push(line) },
    text: ENGLISH,
    compared: new Map<string, string>(),
    waitFor: () => undefined,
    opened: { open: async () => false },
  };
  // Without having seen anything, a yes agrees to nothing.
  for (const line of ['/return yes', '/return']) {
    printed.length = 0;
    await runSlashCommand(line, context);
    expect(printed).toContain('-- Admins there, not here: <leo>.');
    expect(printed.at(-1)).toMatch(/\/return yes/);
    expect(await status()).toBe('split');
  }
  // Kim's and Leo's clients may still sign the room, one after the other: then there is something else to see first.
  await mia.until(async () => {
    await runSlashCommand('/return', context);
    expect(await status()).toBe('split');
    const yes = await runSlashCommand('/return yes', context).catch((error: unknown) => error);
    if (yes !== undefined) expect(yes).toMatchObject({ data: { reason: 'return-differs' } });
    return (await status()) !== 'split';
  }, 'mia is back');
  expect(printed.at(-1)).toBe('-- this device is back with the others');
  await leo.delivered(room, [await leo.says(room, 'there you are')]);
  await mia.hears(room, 'there you are');
  const members = await mia.profile.call('members', { room });
  expect(members.filter(({ admin }) => admin).map(({ name }) => name)).toEqual(['kim', 'leo']);
  expect(await compare()).toBeNull();
  await close();
});

test('gochat return goes back only with the tag of what it has shown', async () => {
  const { room, first: noa, second: oli, last: pia, status, close } = await apart(['noa', 'oli', 'pia']);
  const gochat = (...args: string[]) => runGochat([...args, '--profile', pia.dir], { HOME: home.path });
  const refused = await gochat('return', 'kitchen', '--seen', 'another');
  expect(refused.code).toBe(5);
  expect(await status()).toBe('split');
  // The others' clients may still sign the room, one after the other: then there is something else to see first.
  await pia.until(async () => {
    const asked = await gochat('return', 'kitchen');
    expect(asked).toMatchObject({ code: 5, err: expect.stringContaining('Admins there, not here: oli') });
    expect(await status()).toBe('split');
    const tag = /gochat return --seen (\S+)/.exec(asked.err)?.[1] ?? 'none';
    const agreed = await gochat('return', 'kitchen', '--seen', tag);
    if (agreed.code !== 0) expect(agreed.code).toBe(5);
    return agreed.code === 0;
  }, 'pia is back');
  await oli.delivered(room, [await oli.says(room, 'there you are')]);
  await pia.hears(room, 'there you are');
  expect(await gochat('return', 'kitchen')).toMatchObject({ code: 0 });
  for (const one of [noa, pia])
    expect((await one.profile.call('members', { room })).filter(({ admin }) => admin)).toHaveLength(2);
  await close();
});

async function seqOf(who: Someone, room: string, id: string): Promise<Position> {
  const message = (await who.messages(room)).find((one) => one.id === id);
  if (message === undefined) throw new Error(`${who.name} does not have the message`);
  return message.seq;
}

test('in a room of two a member comes back when its user asks for it', async () => {
  const { room, people, mal } = await meet(['eva']);
  const [eva] = people as [Someone];
  await mal.cutsOff('eva');
  await eva.until(
    async () => (await eva.warnings(room)).some(({ warning }) => warning === 'unfollowed'),
    'eva names mal',
  );
  await eva.profile.call('return', { room, waitMs: 20_000 });
  const entries = mal.count('entry');
  await eva.delivered(room, [await eva.says(room, 'back')]);
  await mal.sees('entry', entries + 1);
  await mal.says('hello');
  await eva.hears(room, 'hello');
  mal.close();
  await eva.close();
});
