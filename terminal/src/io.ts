import type { Readable, Writable } from 'node:stream';
import type { TerminalText } from '@gochat/view/terminal-words';
import type { Words } from '@gochat/view/words';

/** The streams and the environment of a command, and its words. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly words: Words<TerminalText>;
}

/** Writes a line of the result to standard output. */
export function print(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}

/** Writes anything else to standard error. */
export function note(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}
