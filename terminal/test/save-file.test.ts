import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { saveFile } from '../src/files/save-file.ts';

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1);
}

test.each([
  ['one byte a character', `${'a'.repeat(251)}.txt`, `${'a'.repeat(247)} (2).txt`],
  ['four bytes a character', `${'😀'.repeat(62)}abc.txt`, `${'😀'.repeat(61)} (2).txt`],
  ['no extension', 'a'.repeat(255), `${'a'.repeat(251)} (2)`],
  ['an extension that leaves no room', `a.${'b'.repeat(253)}`, `a.${'b'.repeat(249)} (2)`],
])('the longest name that is taken gets a number: %s', async (_what, name, second) => {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  expect(basename(await saveFile(folder, name, bytes()))).toBe(name);
  expect(basename(await saveFile(folder, name, bytes()))).toBe(second);
  expect((await readdir(folder)).sort()).toEqual([name, second].sort());
});
