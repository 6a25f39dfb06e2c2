import { DIALOG_KINDS } from '@gochat/view/dialog';
import { expect } from 'vitest';
import { asciiTexts } from '../src/browser/ascii-texts.ts';
import { describeInBrowser, test } from '../src/browser/browser-test.ts';
import { layoutFaults } from '../src/browser/layout-faults.ts';
import { FILE_SAMPLES } from '../src/screens/file-samples.ts';
import { SAMPLES } from '../src/screens/samples.ts';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'ru-RU' };
const DESKTOP = { viewport: { width: 1280, height: 900 }, locale: 'ru-RU' };

/** Screens before there is a view, with the commands that two of them show. */
const BEFORE = ['opening', 'insecure', 'locks', 'indexeddb', 'failed'];
const COMMANDS = [/gochat serve[ \w.-]*/g, /npx gochat join "LINK"/g];
const ADDRESSES = [/(?:https?:\/\/|mailto:)\S+/g];
/** Of index.html, before a view sets another. */
const FIRST_TITLE = /^GoChat$/;

const COMMAND_DIALOGS = ['help', 'settings', 'members', 'invite', 'rename', 'privacy', 'palette', 'leave'];
/** Names of keys, what commands are called in the message field, and addresses. */
const KEYS =
  /\b(?:Ctrl|Alt|Shift|Enter|Tab|Esc|Up|Down|Arrow(?:Up|Down)|Page(?:Up|Down)|Home|End|F\d|[A-Z])(?=$|[+,])/g;
const USAGE = /^\/[a-z-]+.*$/;
const IN_DIALOGS = [KEYS, USAGE, FIRST_TITLE, ...ADDRESSES];

/** Every sample but those that are as long as can be: other tests look at them. */
const SHOWN = [
  ...Object.keys(SAMPLES).filter((name) => !['long', 'hostile', 'longCode'].includes(name)),
  ...Object.keys(FILE_SAMPLES),
  ...DIALOG_KINDS,
];

describeInBrowser('the page in a language whose words are 40% longer', () => {
  test.for([
    ['a phone', PHONE],
    ['a desktop', DESKTOP],
  ] as const)('on %s, every sentence comes from the catalogue and fits', async ([, options], { visits }) => {
    const visitor = await visits('pseudo/talking', options);
    const found: Record<string, string[]> = {};
    for (const name of SHOWN) {
      await visitor.shows(name);
      await visitor.isDrawn();
      found[name] = [...(await asciiTexts(visitor.page, ADDRESSES)), ...(await layoutFaults(visitor.page))];
    }
    expect(found).toEqual(Object.fromEntries(SHOWN.map((name) => [name, []])));
  });

  test.for(BEFORE)('before the profile is open: %s', async (name, { visits }) => {
    const { page } = await visits(`pseudo/${name}`, PHONE);
    expect(await asciiTexts(page, [...COMMANDS, FIRST_TITLE])).toEqual([]);
    expect(await layoutFaults(page)).toEqual([]);
  });

  test('over a real view: an empty profile, a new room and its dialogs', async ({ visits }) => {
    const { page } = await visits('pseudo/page', PHONE);
    const found: Record<string, string[]> = {};
    const looks = async (name: string) => {
      found[name] = [...(await asciiTexts(page, IN_DIALOGS)), ...(await layoutFaults(page))];
    };
    await page.locator('.welcome .accent').waitFor();
    await looks('welcome');
    await page.locator('.welcome .accent').click();
    const fields = page.locator('dialog input');
    await fields.first().waitFor();
    await looks('create');
    await fields.nth(0).fill('厨房');
    await fields.nth(1).fill('安娜');
    await page.keyboard.press('Enter');
    await page.locator('output.link').waitFor();
    await looks('new room');
    await page.keyboard.press('Escape');
    for (const command of COMMAND_DIALOGS) {
      await page.locator('dialog').waitFor({ state: 'detached' });
      await page.locator('#composer').fill(`/${command} `);
      await page.locator('#composer').press('Enter');
      await page.locator('dialog').waitFor();
      await looks(command);
      await page.keyboard.press('Escape');
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map((name) => [name, []])));
  });

  test('an English letter and a text that is cut off are found', async ({ visits }) => {
    const { page } = await visits('pseudo/talking', PHONE);
    await page.evaluate(() => {
      const [button] = document.querySelectorAll<HTMLElement>('.chat > header button');
      button?.setAttribute('title', 'Back');
      const label = document.createElement('button');
      label.textContent = '1'.repeat(100);
      label.style.width = '100px';
      document.querySelector('main')?.append(label);
    });
    expect(await asciiTexts(page, ADDRESSES)).toEqual(['button title: Back']);
    expect(await layoutFaults(page)).toContainEqual(expect.stringContaining('button “1111'));
  });
});
