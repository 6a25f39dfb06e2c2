import { PassThrough } from 'node:stream';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { expect, test } from 'vitest';
import { askHidden } from '../src/passphrase.ts';

test.each([
  ['an answer', 'secret\r', 'secret'],
  ['Ctrl-C', 'sec\u0003', undefined],
  ['Ctrl-D', '\u0004', undefined],
])('the question for a passphrase ends with %s', async (_what, typed, answer) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { stdin, stdout, stderr, env: {}, words: new Words('en-GB', terminalEnglish) };
  const asked = askHidden(io, 'Passphrase: ');
  stdin.write(typed);
  expect(await asked).toBe(answer);
  expect(String(stderr.read())).toBe('Passphrase: \n');
  expect(stdout.read()).toBeNull();
});

test('the question for a passphrase ends with its input', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { stdin, stdout, stderr, env: {}, words: new Words('en-GB', terminalEnglish) };
  const asked = askHidden(io, 'Passphrase: ');
  stdin.end();
  expect(await asked).toBeUndefined();
});
