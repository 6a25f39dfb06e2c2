import { writeSync } from 'node:fs';
import { terminalEnglish } from '@gochat/view/terminal-words';
import { Words } from '@gochat/view/words';
import packageJson from '../package.json' with { type: 'json' };
import { EXIT } from './exit.ts';
import type { Io } from './io.ts';
import { localeOf } from './locale.ts';

/** Whether the command has something to do besides printing. */
let works = false;
/** Whether its result has to be read. */
let printsLink = false;

// A reader such as `head` may close the pipe early: that is not an error. What was asked for besides is done all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') {
    if (!works) process.exit(EXIT.done);
    return;
  }
  const { lines } = new Words(localeOf(process.env), terminalEnglish).text;
  try {
    // Synchronously: the process exits now.
    writeSync(process.stderr.fd, `gochat: ${lines.outputFailed(error.code ?? error.message)}\n`);
  } catch {
    // Nothing can be printed.
  }
  process.exit(EXIT.internal);
});
// By default SIGUSR1 opens Node's debugger, and with it all secrets of this process, to all users of this machine.
process.on('SIGUSR1', () => undefined);
// What is said besides the result may be lost.
process.stderr.on('error', () => undefined);

const [first] = process.argv.slice(2);
if (first === '--version' || first === '-V') {
  process.stdout.write(`${packageJson.version}\n`);
} else {
  const { run } = await import('./command.ts');
  const { stdin, stdout, stderr, env } = process;
  const words = new Words(localeOf(env), terminalEnglish);
  const io: Io = { stdin, stdout, stderr, env, words };
  process.exitCode = await run(
    process.argv.slice(2),
    io,
    packageJson.version,
    ({ name, onlyPrints, ...verb }) => {
      printsLink = verb.printsLink === true;
      // Who writes in a chat without seeing it doesn't know that it goes on.
      works = onlyPrints !== true && !(/^(chat|join) /.test(name) && stdin.isTTY);
    },
  );
  // Open handles must not keep a finished command running. Output is flushed first.
  // A server writes its log without this stream, and ends well when the log can't be written.
  if (first === 'serve') process.exit();
  stdout.write('', (error) => {
    // Another failure is reported by the stream's own event.
    if (error === null || error === undefined) process.exit();
    if (!hasNoReader(error)) return;
    if (printsLink && process.exitCode === EXIT.done) {
      stderr.write(`gochat: ${words.text.lines.linkUnread}\n`);
      process.exitCode = EXIT.internal;
    }
    stderr.write('', () => process.exit());
  });
}

function hasNoReader(error: Error): boolean {
  return 'code' in error && ['EPIPE', 'ERR_STREAM_DESTROYED'].includes(String(error.code));
}
