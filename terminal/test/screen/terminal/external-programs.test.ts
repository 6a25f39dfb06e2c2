import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAtMost } from '../../../src/bounded-file.ts';
import { readTextFile } from '../../../src/screen/terminal/external-programs.ts';
import { readTextFile as readUtf8 } from '../../../src/utf8-input.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gochat-'));
  writeFileSync(join(folder, 'most.txt'), 'x'.repeat(60_000));
  writeFileSync(join(folder, 'more.txt'), 'x'.repeat(60_001));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('a file to paste', () => {
  test('may have 60,000 bytes', async () => {
    expect(await readTextFile(join(folder, 'most.txt'))).toEqual({
      name: 'most.txt',
      text: 'x'.repeat(60_000),
    });
  });

  test.each(['more.txt', '.', 'missing'])('is not %s', async (name) => {
    expect(await readTextFile(join(folder, name))).toBeUndefined();
  });

  test('is no device', async () => {
    expect(await readTextFile('/dev/zero')).toBeUndefined();
  });
});

test('of a file without an end, no more is read than it may have', async () => {
  await expect(readAtMost('/dev/zero', 10)).rejects.toThrow(RangeError);
  expect(await readAtMost(join(folder, 'most.txt'), 60_000)).toHaveLength(60_000);
});

test('a file of a passphrase that has no end is refused', async () => {
  await expect(readUtf8('/dev/zero')).rejects.toThrow(RangeError);
});
