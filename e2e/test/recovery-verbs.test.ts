import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { test } from '../src/terminal/pair-test.ts';

const LINK = /^http:\/\/127\.0\.0\.1:\d+\/#\/recover\/\S+$/m;

test('a link is made, and brings the person back with nobody online, as a new device', async ({
  pair: { old, fresh, runs, jsonOf },
}) => {
  expect(await jsonOf(old, ['recovery', '--status'])).toEqual([{ made: false }]);
  const made = await runs(old, ['recovery']);
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('Whoever has it becomes you') });
  const [link = ''] = LINK.exec(made.out) ?? [];
  expect(made.out).toBe(`${link}\n`);
  expect(await jsonOf(old, ['recovery', '--status'])).toMatchObject([
    { made: true, rooms: 2, left: 0, current: true },
  ]);
  expect((await runs(old, ['recovery', '--status'])).out).toMatch(/made on .*leads into 2 rooms/);

  const back = await runs(fresh, ['recover', '-', '--label', 'Sofa'], `From the drawer: ${link}\n`);
  expect(back).toMatchObject({ code: 0, out: 'You are back in your 2 rooms\n' });
  expect(back.err).toContain('gochat devices remove DEVICE');
  expect((await jsonOf(fresh, ['rooms'])).map((room) => (room as { name: string }).name).sort()).toEqual([
    'den',
    'kitchen',
  ]);
  const devices = (await jsonOf(fresh, ['devices'])) as { key: string; label: string; rooms: number }[];
  expect(devices).toMatchObject([
    { self: true, label: 'Sofa', rooms: 2 },
    { self: false, rooms: 2 },
  ]);
  expect(await runs(fresh, ['devices', 'remove', devices[1]?.key ?? ''])).toMatchObject({ code: 0 });
  expect((await runs(fresh, ['send', 'den', 'I am back'])).code).toBe(0);
  expect((await runs(old, ['send', 'den', 'so is the thief'])).code).not.toBe(0);
});

test('an older link is not ended without a word', async ({ pair: { old, fresh, runs, shown, jsonOf } }) => {
  const first = LINK.exec((await runs(old, ['recovery'])).out)?.[0] ?? '';
  expect(await runs(old, ['recovery'])).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('--yes'),
  });
  const asked = shown(old, ['recovery']);
  await asked.shows('Make a new one? [y/N]');
  asked.enter('');
  expect(await asked.ended).toBe(2);
  expect(asked.text).toContain('no link was made');
  const agreed = shown(old, ['recovery']);
  await agreed.shows('Make a new one? [y/N]');
  agreed.enter('y');
  expect(await agreed.ended).toBe(0);
  const second = LINK.exec(agreed.text)?.[0] ?? '';
  // A terminal shows the code, too.
  expect([agreed.text.includes('█'), second.length > 0, second === first]).toEqual([true, true, false]);
  const [third] = (await jsonOf(old, ['recovery', '--yes'])) as { link: string }[];
  expect(third).toMatchObject({ rooms: 2, left: 0, link: expect.stringMatching(LINK) });
  for (const ended of [first, second])
    expect(await runs(fresh, ['recover', ended])).toMatchObject({
      code: 5,
      err: expect.stringContaining('has ended'),
    });
  expect(await runs(fresh, ['recover', third?.link ?? '', '--json'])).toMatchObject({ code: 0 });
});

test('a room that has changed meanwhile is named, with what to do, and its code says so', async ({
  pair: { old, fresh, folder, runs, jsonOf },
}) => {
  const [{ link }] = (await jsonOf(old, ['recovery'])) as [{ link: string }];
  // Another admin removes the person: what the link has of the room is void.
  const other = folder('other');
  const invite = (await runs(old, ['invite', 'den'])).out.trim();
  expect((await runs(other, ['join', invite, '--as', 'Wombat', '--no-chat'])).code).toBe(0);
  expect((await runs(old, ['admin', 'den', 'Wombat'])).code).toBe(0);
  expect((await runs(other, ['remove', 'den', 'Quokka'])).code).toBe(0);
  const back = await runs(fresh, ['recover', link]);
  expect(back.code).toBe(5);
  expect(back.out).toMatch(/^You are back in your 1 room\n1 room has not let this device in:\nden: /);
  expect(back.err).toContain('removes your lost devices');
});

test('what is no recovery link is refused before a profile is made, and says which command takes it', async ({
  pair: { old, fresh, runs, jsonOf },
}) => {
  expect(await runs(fresh, ['recover', 'hello'])).toMatchObject({ code: 2 });
  expect(existsSync(fresh)).toBe(false);
  expect(await runs(fresh, ['recovery'])).toMatchObject({ code: 2, out: '' });
  const [{ link }] = (await jsonOf(old, ['recovery'])) as [{ link: string }];
  for (const verb of ['join', 'link'])
    expect(await runs(fresh, [verb, link])).toMatchObject({
      code: 2,
      err: expect.stringContaining('gochat recover takes it'),
    });
  expect(await runs(old, ['recover', link])).toMatchObject({
    code: 2,
    err: expect.stringContaining('has rooms already'),
  });
});
