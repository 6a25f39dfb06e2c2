import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GoChat } from '@gochat/client/internal/api/sdk';
import { openLmdb } from '@gochat/server/internal/log/lmdb/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { expect } from 'vitest';
import type { GochatProcess } from '../src/terminal/gochat-process.ts';
import { test } from '../src/terminal/pair-test.ts';

const LINK = /http:\/\/127\.0\.0\.1:\d+\/#\/link\/\S+/;
const TOKEN = 'letOnlyFriendsMakeRooA';
const LABEL = 'Zebrafish tablet';

async function linkOf(offering: GochatProcess): Promise<string> {
  await offering.shows('#/link/');
  await offering.shows('\n');
  return LINK.exec(offering.all)?.[0] ?? '';
}

async function digitsOf(accepting: GochatProcess): Promise<string> {
  await accepting.shows('Type these digits');
  await accepting.shows('\n', 2);
  return /^\d{6}$/m.exec(accepting.all)?.[0] ?? '';
}

async function kills(command: GochatProcess): Promise<void> {
  command.child.kill('SIGKILL');
  await command.end();
}

const namesOf = (rooms: readonly unknown[]) => rooms.map((room) => (room as { name: string }).name).sort();

test('two terminals are linked, and the devices are listed, named and removed', async ({
  pair: { old, fresh, runs, starts, jsonOf },
}) => {
  const offering = starts(old, ['link', '--label', 'Desk']);
  const link = await linkOf(offering);
  const accepting = starts(fresh, ['link', '-', '--label', LABEL]);
  accepting.child.stdin.end(`Have a look: ${link}\n`);
  const digits = await digitsOf(accepting);
  await offering.shows('Type the six digits');
  offering.write(`${digits === '000000' ? '000001' : '000000'}\n`);
  await offering.shows('2 tries left');
  offering.write(`\n${digits.slice(0, 3)}-${digits.slice(3)}\n`);
  expect(await offering.end()).toMatchObject({ code: 0 });
  expect(await accepting.end()).toMatchObject({ code: 0, out: `${digits}\n` });
  expect(offering.all).toContain(`${LABEL} is linked`);
  expect(namesOf(await jsonOf(fresh, ['rooms']))).toEqual(['den', 'kitchen']);

  const devices = (await jsonOf(old, ['devices'])) as { key: string }[];
  expect(devices).toMatchObject([
    { label: 'Desk', self: true, limited: false, rooms: 2 },
    { label: LABEL, self: false, limited: false, rooms: 2 },
  ]);
  const key = devices[1]?.key ?? '';
  expect((await runs(fresh, ['devices', 'label', key.slice(0, 8), 'Sofa'])).code).toBe(0);
  expect((await runs(old, ['devices'])).out).toContain('Sofa');
  expect((await runs(old, ['devices', 'kitchen'])).out.trim().split('\n')).toHaveLength(2);
  expect(await runs(old, ['devices', 'remove', key.slice(0, 8)])).toMatchObject({ code: 0 });
  expect((await runs(old, ['devices', '--json'])).out.trim().split('\n')).toHaveLength(1);
  for (const wrong of [['remove'], ['label', 'x'], ['kitchen', 'x'], ['remove', 'x', 'y']])
    expect(await runs(old, ['devices', ...wrong])).toMatchObject({ code: 2 });
});

test('a removed device says so in every command, and whoever removes one sees which came after it', async ({
  server,
  pair: { old, fresh, folder, runs, starts, jsonOf },
}) => {
  const linksTo = async (from: string, to: string, label: string) => {
    const offering = starts(from, ['link']);
    const accepting = starts(to, ['link', await linkOf(offering), '--label', label]);
    const digits = await digitsOf(accepting);
    await offering.shows('Type the six digits');
    offering.write(`${digits}\n`);
    expect(await offering.end()).toMatchObject({ code: 0 });
    expect(await accepting.end()).toMatchObject({ code: 0 });
  };
  await linksTo(old, fresh, LABEL);
  await linksTo(fresh, folder('burner'), 'Burner');
  const devices = (await jsonOf(old, ['devices'])) as { key: string; label: string; later?: string[] }[];
  const [lost, later] = [LABEL, 'Burner'].map((name) => devices.find(({ label }) => label === name));
  expect(lost?.later).toEqual([later?.key]);
  const following = starts(fresh, ['tail', 'kitchen', '-f']);
  expect(await runs(old, ['send', 'kitchen', 'who reads this?'])).toMatchObject({ code: 0 });
  await following.shows('who reads this?');
  const bot = await GoChat.open(fresh);
  const lines = (await bot.room('kitchen')).items('0');
  for (let said: unknown; said !== 'who reads this?'; ) {
    const { value } = await lines.next();
    said = value && 'text' in value && value.text;
  }
  const next = lines.next();
  next.catch(() => undefined);
  const removal = await runs(old, ['devices', 'remove', lost?.key ?? '']);
  expect(removal).toMatchObject({ code: 0 });
  expect(await following.end()).toMatchObject({ code: 4 });
  expect(following.all).toMatch(/was removed by another device of yours/);
  await expect(next).rejects.toMatchObject({ code: 'not-member', data: { reason: 'device-removed' } });
  await bot.close();
  expect(removal.err).toContain(`gochat devices remove ${later?.key.slice(0, 8)}`);
  const isSaid = {
    code: 4,
    err: expect.stringMatching(/was removed by another device of yours.*gochat link LINK/s),
  };
  for (const args of [
    ['send', 'kitchen', 'hello'],
    ['tail', 'den'],
    ['members', 'kitchen'],
    ['devices'],
    ['rooms'],
    ['rooms', '--json'],
    ['send', 'kitchen', 'hello'],
  ])
    expect([args, await runs(fresh, args)]).toEqual([args, expect.objectContaining(isSaid)]);
  expect((await runs(fresh, ['new', 'attic', '--as', 'Quokka', '--server', server.url])).code).toBe(0);
  expect(namesOf(await jsonOf(fresh, ['rooms']))).toEqual(['attic']);
});

test('a link that is no good is refused before a profile is made', async ({ pair: { fresh, runs } }) => {
  expect(await runs(fresh, ['link', 'hello'])).toMatchObject({ code: 2 });
  expect(await runs(fresh, ['link', 'hello', '--limited'])).toMatchObject({ code: 2 });
  expect(existsSync(fresh)).toBe(false);
  expect(await runs(fresh, ['link'])).toMatchObject({ code: 2, out: '' });
});

test('the link ends when no digits come, or three times others', async ({ pair: { old, fresh, starts } }) => {
  const offering = starts(old, ['link']);
  const accepting = starts(fresh, ['link', await linkOf(offering)]);
  await digitsOf(accepting);
  expect(await offering.end()).toMatchObject({ code: 2 });
  expect(await accepting.end()).toMatchObject({ code: 5 });
  expect(accepting.all).toContain('Your other device has ended the linking');

  const next = starts(old, ['link', '--json']);
  const again = starts(fresh, ['link', await linkOf(next)]);
  const digits = await digitsOf(again);
  const other = digits === '000000' ? '000001' : '000000';
  next.write(`${other}\n${other}\n${other}\n`);
  expect(await next.end()).toMatchObject({ code: 5 });
  expect(await again.end()).toMatchObject({ code: 5 });
});

test('Ctrl+C ends it on either side', async ({ pair: { old, fresh, starts } }) => {
  const offering = starts(old, ['link']);
  const accepting = starts(fresh, ['link', await linkOf(offering)]);
  await digitsOf(accepting);
  expect(await accepting.stop('SIGINT')).toMatchObject({ code: 130 });
  expect(await offering.end()).toMatchObject({ code: 5 });

  const next = starts(old, ['link']);
  const again = starts(fresh, ['link', await linkOf(next)]);
  await digitsOf(again);
  expect(await next.stop('SIGINT')).toMatchObject({ code: 130 });
  expect(await again.end()).toMatchObject({ code: 5 });
});

test('either side is killed at each step, and goes on with the same command', async ({
  pair: { old, fresh, starts, jsonOf },
}) => {
  const first = starts(old, ['link']);
  const link = await linkOf(first);
  await kills(first);

  const second = starts(old, ['link']);
  expect(await linkOf(second)).toBe(link);
  const early = starts(fresh, ['link', link]);
  const digits = await digitsOf(early);
  await kills(early);
  await second.shows('Type the six digits');
  await kills(second);

  const accepting = starts(fresh, ['link', link]);
  expect(await digitsOf(accepting)).toBe(digits);
  const third = starts(old, ['link']);
  await third.shows('Type the six digits');
  await kills(accepting);
  third.write(`${digits}\n`);
  // It has sent all, and nobody answers.
  await third.shows('Sending your rooms').catch(() => undefined);
  await kills(third);

  const last = starts(fresh, ['link', link]);
  const fourth = starts(old, ['link']);
  expect(await last.end()).toMatchObject({ code: 0 });
  expect(await fourth.end()).toMatchObject({ code: 0 });
  expect(namesOf(await jsonOf(fresh, ['rooms']))).toEqual(['den', 'kitchen']);
});

test('a limited device has the rooms, and links and removes none', async ({
  pair: { old, fresh, runs, starts },
}) => {
  const offering = starts(old, ['link', '--limited']);
  const accepting = starts(fresh, ['link', await linkOf(offering), '--json']);
  await accepting.shows('"stage":"digits"');
  const { digits } = JSON.parse(accepting.all.split('\n')[0] ?? '') as { digits: string };
  await offering.shows('Type the six digits');
  offering.write(`${digits}\n`);
  expect(await offering.end()).toMatchObject({ code: 0 });
  const ended = await accepting.end();
  expect(ended.code).toBe(0);
  expect(JSON.parse(ended.out.trim().split('\n').at(-1) ?? '')).toEqual({
    stage: 'joined',
    joined: 2,
    missing: [],
  });
  expect(await runs(fresh, ['link'])).toMatchObject({ code: 2 });
  const [self] = (await runs(old, ['devices', '--json'])).out.split('\n');
  const { key } = JSON.parse(self ?? '') as { key: string };
  expect(await runs(fresh, ['devices', 'remove', key])).toMatchObject({ code: 2 });
  expect((await runs(fresh, ['send', 'den', 'hi'])).code).toBe(0);
});

test('a server that requires a token gets one', async ({
  pair: { old, fresh, folder, runs, starts, jsonOf },
}) => {
  const closed = await serve({
    engine: await openLmdb({ folder: folder('closed') }),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    createToken: TOKEN,
    logger: openOperatorLog({ format: 'json', level: 'silent', showsMessages: false, out: process.stderr })
      .logger,
  });
  const url = `tcp://127.0.0.1:${closed.port}`;
  try {
    const made = ['new', 'attic', '--as', 'Quokka', '--server', url];
    expect((await runs(old, [...made, '--token', TOKEN])).code).toBe(0);
    const there = ['link', '--server', url];
    expect(await runs(old, there)).toMatchObject({ code: 5 });
    const offering = starts(old, [...there, '--token', TOKEN]);
    const accepting = starts(fresh, ['link', await linkOf(offering)]);
    const digits = await digitsOf(accepting);
    await offering.shows('Type the six digits');
    offering.write(`${digits}\n`);
    expect(await offering.end()).toMatchObject({ code: 0 });
    expect(await accepting.end()).toMatchObject({ code: 0 });
    expect(namesOf(await jsonOf(fresh, ['rooms']))).toEqual(['attic', 'den', 'kitchen']);
  } finally {
    await closed.close();
  }
});

test('the server has neither labels, names nor digits', ({ server, home }) => {
  const files = readdirSync(join(home, 'server'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
  expect(files.length).toBeGreaterThan(0);
  for (const word of [LABEL, 'Quokka', 'kitchen', 'Desk']) {
    for (const bytes of files) expect(bytes.includes(word)).toBe(false);
    expect(server.log).not.toContain(word);
  }
});
