import { fileURLToPath } from 'node:url';
import { foldName } from '@gochat/crypto/internal/fold-name';
import { isCleanName } from '@gochat/crypto/internal/names';
import { build } from 'rolldown';
import { expect, onTestFinished, test } from 'vitest';
import { findChromium, launchChromium } from '../src/browser/chromium.ts';
import { needed } from '../src/tool.ts';

const chromium = needed(await findChromium(), 'the names in a browser');

type Rules = { readonly isCleanName: typeof isCleanName; readonly foldName: typeof foldName };

/** What the rules say of all code points alone, and of those of living scripts in Persian and Latin words: a number for each 4096. Runs in both engines. */
function verdicts({ isCleanName: isClean, foldName: fold }: Rules): number[] {
  const found: number[] = [];
  for (let first = 0; first <= 0x10ffff; first += 0x1000) {
    let hash = 0;
    // Above, nothing is assigned but tags and variation selectors.
    const step = first < 0x34000 || first === 0xe0000 ? 1 : 64;
    for (let point = first; point < first + 0x1000; point += step) {
      const char = String.fromCodePoint(point);
      const words = first < 0x3000 ? [char, `\u0628${char}\u200c\u0628`, `a${char}b`] : [char];
      const said = words.map((word) => `${isClean(word)} ${fold(word)}`).join();
      for (let i = 0; i < said.length; i += 1) hash = (Math.imul(hash, 31) + said.charCodeAt(i)) | 0;
    }
    found.push(hash);
  }
  return found;
}

test.skipIf(chromium === undefined)(
  'Chromium judges and folds every code point as this Node.js does',
  async () => {
    const path = (file: string) => fileURLToPath(new URL(`../../crypto/src/${file}`, import.meta.url));
    const entry = '\0entry';
    const { output } = await build({
      input: entry,
      platform: 'browser',
      write: false,
      plugins: [
        {
          name: 'entry',
          resolveId: (id) => (id === entry ? id : null),
          load: (id) =>
            id === entry
              ? `export { isCleanName } from ${JSON.stringify(path('names.ts'))}; export { foldName } from ${JSON.stringify(path('fold-name.ts'))};`
              : null,
        },
      ],
      output: { format: 'iife', name: 'rules' },
    });
    const browser = await launchChromium(chromium ?? '');
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.addScriptTag({ content: output[0].code });
    const there = (await page.evaluate(`(${verdicts})(rules)`)) as number[];
    expect(there).toEqual(verdicts({ isCleanName, foldName }));
    expect(new Set(there).size).toBeGreaterThan(40);
  },
);
