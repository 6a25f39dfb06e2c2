import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { describeInBrowser, test } from '../src/browser/browser-test.ts';
import type { Visitor } from '../src/browser/gallery-page.ts';
import { FILE_SAMPLES } from '../src/screens/file-samples.ts';
import { ANA, BEN, DIALOGS, message, PICTURE } from '../src/screens/samples.ts';

const TALL = { viewport: { width: 1000, height: 4000 }, reducedMotion: 'reduce' } as const;

interface Globals {
  given: Map<string, Uint8Array>;
  addresses: Set<string>;
}

/** Shows a sample of files, with what draws files loaded and drawn. */
async function showsFiles(visitor: Visitor, sample: 'files' | 'tray' = 'files'): Promise<Page> {
  const { page } = visitor;
  await visitor.shows(sample);
  await page
    .locator(sample === 'files' ? '.files .file-line' : '.tray')
    .first()
    .waitFor();
  await visitor.isSettled();
  return page;
}

/** Waits until a picture was decoded. */
async function isDecoded(picture: Locator): Promise<void> {
  await picture.waitFor();
  await expect
    .poll(() => picture.evaluate((img) => (img as HTMLImageElement).naturalWidth))
    .toBeGreaterThan(0);
}

/** Gives the page the bytes of a file of the next sample. */
async function gives(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  await page.evaluate(
    ([key, all]) => (globalThis as unknown as Globals).given.set(key, new Uint8Array(all)),
    [name, [...bytes]] as const,
  );
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** The smallest picture there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const GIF = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');

const SCRIPT = '<script>globalThis.owned = true; document.title = "owned"</script>';
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="top.owned = true">${SCRIPT}</svg>`;

/** What pretends to be a picture or a recording. Those that really are pictures, too, are drawn as pictures and nothing else. */
const HOSTILE: Readonly<Record<string, { readonly bytes: Uint8Array; readonly isDrawn?: true }>> = {
  html: { bytes: latin1(`<!doctype html><title>x</title>${SCRIPT}`) },
  svg: { bytes: latin1(SVG) },
  'svg after XML': { bytes: latin1(`<?xml version="1.0"?>${SVG}`) },
  pdf: { bytes: latin1('%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj') },
  script: { bytes: latin1('globalThis.owned = true') },
  empty: { bytes: new Uint8Array() },
  'GIF that is a script': { bytes: latin1('GIF89a/*\0\0\0\0*/=1;globalThis.owned=true;//') },
  'JPEG head before HTML': { bytes: latin1(`\xff\xd8\xff\xe0${SCRIPT}`) },
  'PNG head before SVG': { bytes: Buffer.concat([PNG.subarray(0, 33), Buffer.from(SVG)]) },
  'PNG before HTML': { bytes: Buffer.concat([PNG, Buffer.from(`<html>${SCRIPT}`)]) },
  'GIF before a zip': { bytes: Buffer.concat([GIF, latin1('PK\x03\x04')]) },
  'PNG of 10 gigapixels': {
    bytes: Buffer.concat([PNG.subarray(0, 16), Buffer.from('000186a0000186a0', 'hex'), PNG.subarray(24)]),
  },
  'PNG with HTML in a text': { bytes: withText(PNG, SCRIPT), isDrawn: true },
};

/** A PNG with a text chunk before its end. */
function withText(png: Buffer, text: string): Uint8Array {
  const body = Buffer.from(`tEXtComment\0${text}`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length - 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, -12), length, body, sum, png.subarray(-12)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

describeInBrowser('files on the page', () => {
  test('files dropped anywhere, pasted and picked go to the view', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    const transfers = (type: 'dragover' | 'drop' | 'paste', selector: string) =>
      page.evaluate(
        ([name, where]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(8)], 'cat.png', { type: 'image/png' }));
          const options = { bubbles: true, cancelable: true };
          const event =
            name === 'paste'
              ? new ClipboardEvent(name, { ...options, clipboardData: data })
              : new DragEvent(name, { ...options, dataTransfer: data });
          document.querySelector(where)?.dispatchEvent(event);
          return event.defaultPrevented;
        },
        [type, selector] as const,
      );
    const file = expect.objectContaining({ name: 'cat.png', bytes: 8, type: 'image/png' });
    await transfers('dragover', 'nav');
    await page.getByText('Drop files to attach them').waitFor();
    expect(await transfers('drop', 'nav')).toBe(true);
    await page.locator('.drop').waitFor({ state: 'detached' });
    expect(await visitor.callsOf('attach')).toEqual([['attach', [file]]]);
    expect(await transfers('paste', '.timeline')).toBe(true);
    expect(await visitor.callsOf('attach')).toHaveLength(2);
    const asked = page.waitForEvent('filechooser');
    await page.keyboard.press('Control+Shift+U');
    await (await asked).setFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
    await expect.poll(() => visitor.callsOf('attach')).toHaveLength(3);
    expect((await visitor.callsOf('attach'))[2]).toEqual([
      'attach',
      [expect.objectContaining({ name: 'notes.txt', bytes: 5 })],
    ]);
    // In front of a dialog nothing is attached, and the page stays.
    await visitor.shows('form');
    await transfers('dragover', 'nav');
    expect(await page.locator('.drop').count()).toBe(0);
    expect(await transfers('drop', 'nav')).toBe(true);
    await visitor.shows('closed');
    expect(await transfers('drop', 'nav')).toBe(true);
    expect(await visitor.callsOf('attach')).toHaveLength(3);
  });

  test('on a phone a photo can be taken', async ({ visits }) => {
    const visitor = await visits('talking', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = visitor;
    const inputs = () =>
      page.evaluate(() => {
        const made: (string | null)[][] = [];
        const make = document.createElement.bind(document);
        document.createElement = ((name: string) => {
          const element = make(name);
          if (element instanceof HTMLInputElement)
            element.click = () => made.push([element.accept, element.getAttribute('capture')]);
          return element;
        }) as typeof document.createElement;
        document.querySelector<HTMLElement>('.touch-only')?.click();
        return new Promise<typeof made>((resolve) => {
          const look = () => (made.length > 0 ? resolve(made) : requestAnimationFrame(look));
          look();
        });
      });
    expect(await page.getByRole('button', { name: 'Take a photo' }).isVisible()).toBe(true);
    expect(await inputs()).toEqual([['image/*', 'environment']]);
  });

  test('what is going to be sent is described, removed and tried again by keyboard', async ({ visits }) => {
    const visitor = await visits('talking');
    const page = await showsFiles(visitor, 'tray');
    const { tray } = FILE_SAMPLES.tray.room?.composer ?? { tray: [] };
    const items = page.locator('.tray > li');
    expect(await items.evaluateAll((all) => all.map((item) => item.getAttribute('aria-label')))).toEqual(
      tray.map(({ spoken }) => spoken),
    );
    expect(await page.locator('.composer [role=status]').allTextContents()).toContainEqual(
      expect.stringMatching(/^4 files to send .*can’t be sent: it is too large/),
    );
    await page.getByRole('textbox', { name: 'Description of dinner.jpg' }).focus();
    await page.keyboard.press('End');
    await page.keyboard.type('!');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Try disk.img again' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#composer').focus();
    await page.keyboard.press('Enter');
    expect(await visitor.calls()).toEqual([
      ['tray', 'a', { alt: 'a table with four plates!' }],
      ['tray', 'a', 'remove'],
      ['tray', 'd', 'retry'],
      ['send'],
    ]);
    expect(await visitor.person.barriers({ within: '.composer' })).toEqual([]);
  });

  test('pictures and recordings are shown without barriers, and act by keyboard', async ({ visits }) => {
    const visitor = await visits('talking', TALL);
    const page = await showsFiles(visitor);
    await isDecoded(page.locator('[data-key="1.0"] .tile img'));
    for (const theme of ['light', 'dark', 'contrast']) {
      await visitor.shows('files', { settings: { theme } });
      await visitor.isSettled();
      expect(await visitor.person.barriers({ within: '.timeline' })).toEqual([]);
    }
    const before = (await visitor.calls()).length;
    const inRow = async (key: string, label: string) => {
      await page.locator(`[data-key="${key}"]`).focus();
      await page.locator(`[data-key="${key}"]`).getByRole('button', { name: label }).first().focus();
      await page.keyboard.press('Enter');
    };
    await inRow('1.0', 'dinner.jpg');
    await inRow('3.0', 'Save minutes');
    await inRow('3.0', 'Cancel backup.tar.gz');
    await inRow('3.0', 'Load notes.txt');
    await inRow('7.0', 'later.jpg');
    expect((await visitor.calls()).slice(before).filter(([name]) => name === 'file')).toEqual([
      ['file', '1.0', 0, 'show'],
      ['file', '3.0', 0, 'save'],
      ['file', '3.0', 1, 'cancel'],
      ['file', '3.0', 3, 'fetch'],
      ['file', '7.0', 0, 'fetch'],
    ]);
    // What isn't fetched unasked, and what is gone, isn't asked for.
    expect((await visitor.callsOf('picture')).filter(([, row]) => row === '7.0')).toEqual([]);
    expect(visitor.person.problems).toEqual([]);
  });

  test('a place is reserved before the picture comes, and nothing moves when it does', async ({ visits }) => {
    const visitor = await visits('talking', TALL);
    const { page } = visitor;
    await showsFiles(visitor);
    const heights = () =>
      page
        .locator('.timeline article')
        .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
    await visitor.shows('talking');
    await visitor.isSettled();
    await page.evaluate(() => {
      // The first drawing, before any bytes have come.
      new MutationObserver((_, observer) => {
        const rows = [...document.querySelectorAll('.timeline article .files')];
        if (rows.length === 0) return;
        observer.disconnect();
        Object.assign(globalThis, {
          first: rows.map((row) => row.closest('article')?.getBoundingClientRect().height),
          pictures: document.querySelectorAll('.tile img').length,
        });
      }).observe(document.body, { subtree: true, childList: true });
    });
    await visitor.shows('files');
    await visitor.isSettled();
    await isDecoded(page.locator('[data-key="2.0"] .tile img').last());
    await visitor.isSettled();
    const first = await page.evaluate(() => ({
      heights: Reflect.get(globalThis, 'first') as number[],
      pictures: Reflect.get(globalThis, 'pictures') as number,
    }));
    expect(first.pictures).toBe(0);
    expect(await heights()).toEqual(first.heights);
  });

  test('a voice message plays, pauses, goes faster and goes on when it is scrolled away', async ({
    visits,
  }) => {
    const visitor = await visits('talking', TALL);
    const page = await showsFiles(visitor);
    const row = page.locator('[data-key="5.0"]');
    await row.focus();
    const button = (name: RegExp) => row.getByRole('button', { name });
    await button(/^Play voice/).click();
    await button(/^Pause voice/).waitFor();
    expect(await visitor.callsOf('recording')).toEqual([['recording', '5.0', 0]]);
    await button(/^Speed/).click();
    expect(await button(/^Speed/).getAttribute('aria-label')).toBe('Speed: 1.5×');
    await page.keyboard.press('Escape');
    await button(/^Pause voice|^Play voice/)
      .first()
      .click();
    const slider = row.getByRole('slider', { name: 'Position in voice.webm' });
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('range');
    expect(await row.locator('.facts').innerText()).toMatch(/^0:0\d \/ 0:02$/);
    // Another one that is played ends this one.
    const other = page.locator('[data-key="3.0"]');
    await other.getByRole('button', { name: 'Play song.mp3' }).click();
    await other.getByRole('button', { name: 'Pause song.mp3' }).waitFor();
    await button(/^Play voice/).waitFor();
    expect(visitor.person.problems).toEqual([]);
  });

  test('a video is loaded when it is to be played', async ({ visits }) => {
    const visitor = await visits('talking', TALL);
    const page = await showsFiles(visitor);
    const row = page.locator('[data-key="6.0"]');
    expect(await visitor.callsOf('recording')).toEqual([]);
    const place = await row.locator('.tiles > li').boundingBox();
    await row.getByRole('button', { name: /^Play dance.mp4/ }).click();
    await row.locator('video[controls]').waitFor();
    expect(await row.locator('.tiles > li').boundingBox()).toEqual(place);
    expect(await row.locator('video').getAttribute('src')).toMatch(/^blob:/);
    expect(visitor.person.violations).toEqual([]);
  });

  test('a picture in front goes to others, zooms, is saved and closed by keys', async ({ visits }) => {
    const visitor = await visits('talking');
    const { page } = visitor;
    await page.locator('[data-key="22.0"]').focus();
    await visitor.shows('picture');
    const dialog = page.getByRole('dialog', { name: 'dinner.jpg' });
    await isDecoded(dialog.locator('img'));
    await expect
      .poll(() => dialog.locator('img').evaluate((img) => (img as HTMLImageElement).naturalWidth))
      .toBe(1600);
    const scale = () =>
      page.locator('dialog img').evaluate((img) => new DOMMatrix(getComputedStyle(img).transform).a);
    const { keyboard } = page;
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('stage');
    for (const key of ['+', '+', '-']) await keyboard.press(key);
    expect(await scale()).toBeCloseTo(1.5);
    await keyboard.press('0');
    expect(await scale()).toBe(1);
    await dialog.locator('.stage').hover();
    await page.mouse.wheel(0, -400);
    await expect.poll(scale).toBeGreaterThan(2);
    await keyboard.press('ArrowRight');
    await keyboard.press('ArrowLeft');
    await dialog.getByRole('button', { name: 'Next picture' }).focus();
    await keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Save' }).press('Enter');
    expect(await visitor.callsOf('pick')).toEqual(
      ['next', 'previous', 'next', 'save'].map((name) => ['pick', name]),
    );
    expect(await visitor.person.barriers({ within: 'dialog' })).toEqual([]);
    // From one picture to the next the focus stays on the button.
    await dialog.getByRole('button', { name: 'Next picture' }).focus();
    const { picture } = DIALOGS;
    const next = { ...PICTURE, id: 'file-2', index: 2, name: 'door.jpg' };
    await visitor.shows('talking', { dialog: { ...picture, tick: 99, title: 'door.jpg', file: next } });
    await isDecoded(page.getByRole('dialog', { name: 'door.jpg' }).locator('img'));
    expect(await scale()).toBe(1);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      'Next picture',
    );
    await keyboard.press('Escape');
    expect(await visitor.callsOf('close')).toEqual([['close']]);
    await visitor.shows('talking');
    await expect
      .poll(() => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.key))
      .toBe('22.0');
    expect(visitor.person.problems).toEqual([]);
  });

  test('two fingers zoom a picture, and one wipes to the next', async ({ visits }) => {
    const visitor = await visits('talking', {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = visitor;
    await visitor.shows('picture');
    await isDecoded(page.locator('dialog img'));
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: readonly [number, number][]) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    await touch('touchStart', [250, 400]);
    await touch('touchMove', [150, 400]);
    await touch('touchEnd');
    await expect.poll(() => visitor.callsOf('pick')).toEqual([['pick', 'next']]);
    await touch('touchStart', [190, 400], [200, 400]);
    await touch('touchMove', [150, 400], [240, 400]);
    await touch('touchEnd');
    const scale = () =>
      page.locator('dialog img').evaluate((img) => new DOMMatrix(getComputedStyle(img).transform).a);
    await expect.poll(scale).toBeGreaterThan(2);
    await session.detach();
  });

  test.for(Object.entries(HOSTILE))(
    'never run, whatever it is called: %s',
    async ([, { bytes, isDrawn }], { visits }) => {
      const visitor = await visits('talking', TALL);
      const { page } = visitor;
      for (const name of ['1.0 0 preview', '1.0 0 whole', '5.0 0', '6.0 0']) await gives(page, name, bytes);
      const opened: string[] = [];
      page.context().on('page', (other) => opened.push(other.url()));
      await showsFiles(visitor);
      await page
        .locator('[data-key="6.0"]')
        .getByRole('button', { name: /^Play dance/ })
        .click();
      await page
        .locator('[data-key="5.0"]')
        .getByRole('button', { name: /^Play voice/ })
        .click();
      await page.locator('[data-key="5.0"]').getByText('can’t play it').waitFor();
      await page.locator('[data-key="6.0"]').getByText('can’t play it').waitFor();
      const drawn = isDrawn === true ? 1 : 0;
      if (drawn === 1) await isDecoded(page.locator('[data-key="1.0"] .tile img'));
      expect(await page.locator('[data-key="1.0"] .tile img').count()).toBe(drawn);
      await visitor.shows('talking', { dialog: { ...DIALOGS.picture, row: '1.0' } });
      if (drawn === 0) await page.locator('dialog').getByText('can’t be shown here').waitFor();
      else await isDecoded(page.locator('dialog img'));
      expect(await page.evaluate(() => 'owned' in globalThis)).toBe(false);
      expect(await page.title()).not.toContain('owned');
      expect(await page.locator('iframe, object, embed, a[href^="blob:"]').count()).toBe(0);
      expect(opened).toEqual([]);
      expect(visitor.person.problems).toEqual([]);
      await page.evaluate(() => (globalThis as unknown as Globals).given.clear());
    },
  );

  test('the addresses of pictures end with what shows them', async ({ visits }) => {
    const visitor = await visits('talking', TALL);
    const { page } = visitor;
    await page.evaluate(() => {
      const addresses = new Set<string>();
      Object.assign(globalThis, { addresses });
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        const address = createObjectURL.call(URL, blob);
        addresses.add(address);
        return address;
      };
      URL.revokeObjectURL = (address) => {
        addresses.delete(address);
        revokeObjectURL.call(URL, address);
      };
    });
    const open = () => page.evaluate(() => (globalThis as unknown as Globals).addresses.size);
    await showsFiles(visitor);
    await isDecoded(page.locator('[data-key="2.0"] .tile img').last());
    expect(await open()).toBeGreaterThan(4);
    await visitor.shows('picture');
    await isDecoded(page.locator('dialog img'));
    await visitor.shows('talking');
    await expect.poll(open).toBe(0);
  });

  test('a message with files alone has no empty line of text', async ({ visits }) => {
    const visitor = await visits('talking', TALL);
    const rows = [
      message('1.0', BEN, '', { body: [], files: [PICTURE] }),
      message('2.0', ANA, 'said', { files: [PICTURE] }),
    ];
    const { page } = visitor;
    const room = FILE_SAMPLES.files.room;
    await visitor.shows('files', {}, { timeline: { ...(room?.timeline as never as object), rows } as never });
    expect(await page.locator('[data-key="1.0"] .body').isVisible()).toBe(false);
    expect(await page.locator('[data-key="2.0"] .body').isVisible()).toBe(true);
  });
});
