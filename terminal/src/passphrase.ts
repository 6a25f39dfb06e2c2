import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ChatError } from '@gochat/client/chat-error';
import { onCtrlC } from './ctrl-c.ts';
import type { Io } from './io.ts';
import { NotUtf8, readTextFile } from './utf8-input.ts';

/** The passphrase: `GOCHAT_PASSPHRASE`, the content of the file that `GOCHAT_PASSPHRASE_FILE` names, or asked on a terminal; undefined without any of these. @throws ChatError `locked` when the user gives none */
export async function askPassphrase(
  io: Io,
  question = io.words.text.lines.ask.passphrase,
): Promise<string | undefined> {
  const given = await givenPassphrase(io);
  if (given !== undefined || io.stdin.isTTY !== true) return given;
  const answer = await askHidden(io, question);
  if (answer === undefined) throw new ChatError({ reason: 'passphrase-cancelled' });
  return answer;
}

/** As {@link askPassphrase}, but nobody is asked. */
export async function givenPassphrase(io: Io): Promise<string | undefined> {
  const { GOCHAT_PASSPHRASE: given, GOCHAT_PASSPHRASE_FILE: file } = io.env;
  if (given !== undefined && given !== '') return given;
  return file === undefined || file === '' ? undefined : readPassphrase(file);
}

async function readPassphrase(file: string): Promise<string> {
  try {
    return (await readTextFile(file)).replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof NotUtf8) throw cause;
    throw new ChatError({ reason: 'passphrase-file', file }, { cause });
  }
}

/** Asks on the terminal without echoing the answer. @returns undefined after Ctrl-C or Ctrl-D, and when the input ends */
export function askHidden(io: Io, question: string): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // This turns the echo off, so the question must come after it.
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal: true });
  io.stderr.write(question);
  return new Promise((resolve) => {
    let answer: string | undefined;
    lines.once('line', (text) => {
      answer = text;
      lines.close();
    });
    const stopCtrlC = onCtrlC(io.stdin, () => lines.close());
    // After Ctrl+Z and fg: Node.js pauses the input.
    lines.on('SIGCONT', () => {
      io.stderr.write(question);
      lines.resume();
    });
    lines.once('close', () => {
      stopCtrlC();
      io.stderr.write('\n');
      resolve(answer);
    });
  });
}
