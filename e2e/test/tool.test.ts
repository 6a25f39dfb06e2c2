import { expect, test } from 'vitest';
import { findTool, needed } from '../src/tool.ts';

test('an installed tool is found without installing anything', async () => {
  expect(await findTool('sh', [], { isDebian: false, isRoot: false })).toEqual({
    path: expect.stringMatching(/\/sh$/),
  });
});

test('a missing tool has a reason', async () => {
  expect(await findTool('gochat-nothing', [], { isDebian: false, isRoot: true })).toEqual({
    missing: 'there is no gochat-nothing, and this is no Debian to install it on',
  });
  expect(await findTool('gochat-nothing', [], { isDebian: true, isRoot: false })).toEqual({
    missing: 'there is no gochat-nothing, and only root could install it',
  });
});

test('a skipped test is reported, and fails if CI=true', () => {
  const written: string[] = [];
  const out = { write: (text: string) => written.push(text) };
  expect(needed({ path: '/bin/sh' }, 'the shell', true, out)).toBe('/bin/sh');
  expect(written).toEqual([]);
  expect(needed({ missing: 'there is none' }, 'the page', false, out)).toBeUndefined();
  expect(written.join('')).toContain('SKIPPED: the page. there is none');
  expect(() => needed({ missing: 'there is none' }, 'the page', true, out)).toThrow(
    "the page can't be tested: there is none",
  );
});
