import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { ChatError } from '@gochat/client/chat-error';
import type { Io } from './io.ts';

/** From `GOCHAT_PASSPHRASE`, from the file that `GOCHAT_PASSPHRASE_FILE` names, or asked on a terminal; undefined when none can be had. */
export async function askPassphrase(io: Io, question = 'Passphrase: '): Promise<string | undefined> {
  const { GOCHAT_PASSPHRASE: given, GOCHAT_PASSPHRASE_FILE: file } = io.env;
  if (given !== undefined && given !== '') return given;
  if (file !== undefined && file !== '') return readPassphrase(file);
  return io.stdin.isTTY === true ? askHidden(io, question) : undefined;
}

async function readPassphrase(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new ChatError({ reason: 'passphrase-file', file }, { cause });
  }
}

/** Asks without an echo. */
export function askHidden(io: Io, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  // The terminal stops its echo with this, so that the question may come only behind it.
  const lines = createInterface({ input: io.stdin, output: nowhere, terminal: true });
  io.stderr.write(question);
  return new Promise((resolve) => {
    const end = (text: string) => {
      io.stderr.write('\n');
      lines.close();
      resolve(text);
    };
    lines.once('line', end);
    lines.once('SIGINT', () => end(''));
  });
}
