import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../src/browser/chromium.ts';
import { PageStage } from '../src/browser/page-stage.ts';
import { shows } from '../src/screens/chat-screen.ts';
import { PseudoTerminal } from '../src/terminal/pseudo-terminal.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'a recovery link in a browser');

describe.skipIf(chromium === undefined)('a recovery link in a browser', () => {
  let stage: PageStage;
  let link = '';

  beforeAll(async () => {
    stage = await PageStage.open(chromium ?? '', 'together');
  });

  afterAll(() => stage?.close());

  test('it is offered after the first message, made, and printed alone', async () => {
    const chat = await stage.visits('ana');
    const { page } = chat.person;
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await chat.fills(['kitchen', 'Ana']);
    await page.locator('output.link').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('#composer').waitFor();
    await chat.says('first words');
    await shows(chat, ['first words', 'Make a recovery link (/recovery)']);
    expect(await chat.person.barriers()).toEqual([]);
    await page.getByRole('button', { name: 'Recovery link' }).click();
    await chat.chooses('Make a recovery link');
    await page.locator('output.link').waitFor();
    link = (await page.locator('output.link').textContent()) ?? '';
    expect(await chat.person.barriers()).toEqual([]);
    const paper = page.locator('.paper');
    expect(await paper.isVisible()).toBe(false);
    await page.emulateMedia({ media: 'print' });
    expect(await paper.isVisible()).toBe(true);
    expect(await paper.innerText()).toContain(link);
    expect(await page.locator('#composer').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await chat.closes('Whoever has it becomes you');
    await chat.confirms();
    await chat.person.close();
  });

  test('a terminal of 80 columns comes back by the same link', async () => {
    const terminal = new PseudoTerminal(['--profile', join(stage.home, 'terminal')], { cwd: stage.home });
    await terminal.shows('come back after you have lost your devices');
    terminal.type('r');
    await terminal.shows('From your paper');
    terminal.type(link);
    terminal.type('\r');
    await terminal.shows('Which of these are lost');
    terminal.kill('SIGTERM');
    await terminal.ended;
  });

  test('it brings the person back with nobody online, and the lost device is removed', async () => {
    const chat = await stage.visits('back', {}, link.replace(/^[^#]*/, stage.address));
    const { page } = chat.person;
    await shows(chat, ['Come back']);
    // The secret is neither in the address bar nor in the list of visited pages.
    expect(page.url()).not.toContain('recover');
    expect(await chat.person.barriers()).toEqual([]);
    await chat.confirms();
    await shows(chat, ['Which of these are lost', 'You are back in your 1 room']);
    await page
      .locator('dialog .list button')
      .filter({ hasNotText: /this device|Link another|Recovery/ })
      .first()
      .click();
    await chat.chooses('Lost or sold');
    await chat.confirms();
    await shows(chat, ['is out of all your rooms']);
    await page.keyboard.press('Escape');
    await chat.says('I am back');
    await shows(chat, ['I am back']);
    expect([chat.person.pageErrors, chat.person.violations]).toEqual([[], []]);
    await chat.person.close();
  });
});
