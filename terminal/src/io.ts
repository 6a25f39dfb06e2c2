import type { Readable, Writable } from 'node:stream';

/** What a command may touch of the process around it. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The result, and nothing but the result. */
export function print(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}

/** Everything else. */
export function note(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}

/** Standard input to its end. */
export async function readAll(io: Io): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
