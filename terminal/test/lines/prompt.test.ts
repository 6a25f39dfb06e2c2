import { PassThrough } from 'node:stream';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import { expect, test, vi } from 'vitest';
import type { Io } from '../../src/io.ts';
import { Prompt } from '../../src/lines/prompt.ts';
import { askHidden } from '../../src/passphrase.ts';

const WORDS = new Words('en-GB', terminalEnglish, 'UTC');

/** The streams of a terminal, and what types on it. */
function terminal() {
  const [stdin, stdout] = [0, 1].map(() => Object.assign(new PassThrough(), { isTTY: true, columns: 80 }));
  if (stdin === undefined || stdout === undefined) throw new Error('no streams');
  stdout.resume();
  const io = { stdin, stdout, stderr: new PassThrough(), env: {}, words: WORDS };
  return { io, type: (keys: string) => stdin.write(keys) };
}

test.each([
  ['nothing', ''],
  ['a text', 'half a line'],
  ['Esc', '\u001b'],
  ['the beginning of a control sequence', '\u001b['],
  ['a control sequence without its last character', '\u001b[1;5'],
  ['the beginning of a function key', '\u001bO'],
  ['two beginnings', '\u001b\u001b['],
  ['a paste without an end', '\u001b[200~pasted'],
])('Ctrl+C ends the input at once after %s', async (_, before) => {
  for (const keys of [[`${before}\u0003`], [before, '\u0003']])
    for (const ask of [(io: Io) => new Prompt(io).next(), (io: Io) => askHidden(io, 'Passphrase: ')]) {
      const { io, type } = terminal();
      const answer = ask(io);
      for (const part of keys) type(part);
      expect(await answer).toBeUndefined();
    }
});

test.each([
  ['Ctrl+\\', '\u001c'],
  ['Ctrl+]', '\u001d'],
  ['Ctrl+^', '\u001e'],
  ['Ctrl+@', '\u0000'],
])('%s types nothing: the line stays the command that it shows', async (_, key) => {
  const { io, type } = terminal();
  const prompt = new Prompt(io);
  type(`${key}/he${key}lp${key}\r`);
  expect(await prompt.next()).toEqual({ text: '/help', pasted: false });
  type(`\u001b[200~a\tb\u001b[201~\r`);
  expect((await prompt.next())?.text).toBe('a\tb');
});

/** Ctrl+Z, and `fg` in the shell. This process isn't stopped. */
async function isSuspended(type: (keys: string) => void): Promise<void> {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    type('\u001a');
    await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(process.pid, 'SIGTSTP'));
    process.emit('SIGCONT');
  } finally {
    kill.mockRestore();
  }
}

test('after Ctrl+Z and fg the line is continued, and a paste is recognized as one', async () => {
  const { io, type } = terminal();
  let shown = '';
  io.stdout.on('data', (text) => {
    shown += text;
  });
  const prompt = new Prompt(io);
  type('half');
  await isSuspended(type);
  expect(shown.match(/\[\?2004h/g)).toHaveLength(2);
  type(' a line\n');
  expect(await prompt.next()).toEqual({ text: 'half a line', pasted: false });
  prompt.close();
});

test('after Ctrl+Z and fg the passphrase is asked for again, and what was typed is kept', async () => {
  const { io, type } = terminal();
  let asked = '';
  io.stderr.on('data', (text) => {
    asked += text;
  });
  const answer = askHidden(io, 'Passphrase: ');
  type('half');
  await isSuspended(type);
  type(' a secret\n');
  expect(await answer).toBe('half a secret');
  expect(asked).toBe('Passphrase: Passphrase: \n');
});
