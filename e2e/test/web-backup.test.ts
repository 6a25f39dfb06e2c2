import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../src/browser/chromium.ts';
import { PageStage } from '../src/browser/page-stage.ts';
import type { Someone } from '../src/people/people.ts';
import { shows, type WebChat } from '../src/screens/chat-screen.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'backups on the page');
const PASSPHRASE = 'correct horse battery staple';

describe.skipIf(chromium === undefined)('backups on the page', () => {
  let stage: PageStage;
  let ben: Someone;

  beforeAll(async () => {
    stage = await PageStage.open(chromium ?? '');
    ben = await stage.someone('ben');
  });

  afterAll(() => stage?.close());

  /** Restores a backup on the start page of a new browser. */
  async function restores(bytes: Buffer): Promise<WebChat> {
    const chat = await stage.visits('ana');
    const { page } = chat.person;
    const asked = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Restore a backup' }).click();
    await (await asked).setFiles({ name: 'ana.age', mimeType: 'application/octet-stream', buffer: bytes });
    await shows(chat, ['with what is in ana.age']);
    await chat.fills([PASSPHRASE, 'new browser']);
    return chat;
  }

  const gochat = (who: string, args: readonly string[]) =>
    runGochat([...args, '--profile', join(stage.home, who)], {
      HOME: stage.home,
      GOCHAT_BACKUP_PASSPHRASE: PASSPHRASE,
    });

  test('a browser saves a backup, and a terminal restores it', async () => {
    const chat = await stage.visits('ana');
    const { page } = chat.person;
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await chat.fills(['kitchen', 'ana']);
    const link = (await page.locator('output.link').textContent()) ?? '';
    await page.keyboard.press('Escape');
    const room = await ben.joins(link);
    await ben.delivered(room, [await ben.says(room, 'hello browser')]);
    await shows(chat, ['hello browser']);
    await chat.says('/backup');
    await shows(chat, ['Save a backup']);
    await chat.fills(['too short']);
    await shows(chat, ['At least 12 characters']);
    const begun = page.waitForEvent('download');
    await chat.fills([PASSPHRASE]);
    const bytes = await readFile(await (await begun).path());
    await shows(chat, ['The backup is saved as gochat']);
    expect(chat.person.problems).toEqual([]);
    await chat.person.close();
    const file = join(stage.home, 'from-browser.age');
    await writeFile(file, bytes);
    expect(await gochat('ana', ['profile', 'restore', file])).toMatchObject({
      code: 0,
      out: '1 of 1 room has let this device in\n',
    });
    expect((await gochat('ana', ['tail', 'kitchen'])).out).toContain('<ben> hello browser\n');
    expect((await gochat('ana', ['send', 'kitchen', 'from the terminal'])).code).toBe(0);
    await ben.hears(room, 'from the terminal');
  });

  test('a terminal saves a backup, and a browser restores it on its start page', async () => {
    const file = join(stage.home, 'from-terminal.age');
    expect((await gochat('ana', ['profile', 'backup', file])).code).toBe(0);
    const chat = await restores(await readFile(file));
    // The former devices are in the room as before.
    await shows(chat, ['You are back in 1 room', 'Which of these are lost?']);
    expect(await chat.person.page.locator('dialog .devices .list').first().locator('button').count()).toBe(3);
    expect(await chat.person.barriers()).toEqual([]);
    await chat.person.page.keyboard.press('Escape');
    await shows(chat, ['hello browser', 'from the terminal']);
    await chat.says('from the new browser');
    const [{ id = '' } = {}] = await ben.profile.call('rooms', {});
    await ben.hears(id, 'from the new browser');
    expect(chat.person.problems).toEqual([]);
    // It stays after a reload.
    await chat.person.page.reload();
    await shows(chat, ['hello browser', 'from the new browser']);
    await chat.person.close();
  });

  test('a wrong passphrase and a damaged file are said, and change nothing', async () => {
    const file = join(stage.home, 'from-terminal.age');
    const bytes = await readFile(file);
    const chat = await restores(Buffer.concat([bytes.subarray(0, -20), Buffer.alloc(20)]));
    await shows(chat, ['no backup of GoChat, or was changed or cut']);
    await chat.fills(['a wrong passphrase', 'new browser']);
    await shows(chat, ['This doesn’t open the backup']);
    await chat.person.close();
  });
});
