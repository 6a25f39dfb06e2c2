import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { run } from '@gochat/terminal/internal/command';
import type { Io } from '@gochat/terminal/internal/io';
import { localeOf } from '@gochat/terminal/internal/locale';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import type { Ended } from './gochat-process.ts';

/**
 * Runs a `gochat` command line in this process, with standard input and output of its own. A process takes half a second of a core to
 * start; signals, closed pipes and folders that are relative to the working directory need one all the same (`GochatProcess`).
 *
 * @param env all variables that it sees
 * @param draws called with what it writes to standard error, which is a terminal then
 */
export async function runGochat(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string | Buffer = '',
  draws?: (text: string) => void,
): Promise<Ended> {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY: draws !== undefined });
  if (draws !== undefined) stderr.on('data', (bytes: Buffer) => draws(bytes.toString()));
  const printed = Promise.all([text(stdout), text(stderr)]);
  const stdin = Readable.from(input.length === 0 ? [] : [Buffer.from(input)], { objectMode: false });
  const io: Io = { stdin, stdout, stderr, env, words: new Words(localeOf(env), terminalEnglish) };
  const code = await run(args, io, '0.0.0');
  stdout.end();
  stderr.end();
  const [out, err] = await printed;
  return { code, out, err };
}
