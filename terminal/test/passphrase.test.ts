import { PassThrough } from 'node:stream';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { expect, test } from 'vitest';
import { failureText } from '../src/lines/error-text.ts';
import { askHidden, askPassphrase } from '../src/passphrase.ts';

const words = new Words('en-GB', terminalEnglish);

test.each([
  ['an answer', 'secret\r', 'secret'],
  ['Ctrl-C', 'sec\u0003', undefined],
  ['Ctrl-D', '\u0004', undefined],
])('the question for a passphrase ends with %s', async (_what, typed, answer) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { stdin, stdout, stderr, env: {}, words };
  const asked = askHidden(io, 'Passphrase: ');
  stdin.write(typed);
  expect(await asked).toBe(answer);
  expect(String(stderr.read())).toBe('Passphrase: \n');
  expect(stdout.read()).toBeNull();
});

test('who answers the question for a passphrase with Ctrl+D is not advised to run a terminal', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const io = { stdin, stdout: new PassThrough(), stderr: new PassThrough(), env: {}, words };
  const asked = askPassphrase(io);
  stdin.write('\u0004');
  const error = await asked.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'locked' });
  expect(failureText(words.text, error)).toBe('No passphrase was entered: the profile stays locked');
});

test('the question for a passphrase ends with its input', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const io = { stdin, stdout, stderr, env: {}, words };
  const asked = askHidden(io, 'Passphrase: ');
  stdin.end();
  expect(await asked).toBeUndefined();
});
