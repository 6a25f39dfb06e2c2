import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { filesBelow } from '../files-below.ts';

/** Forwards TCP connections, and records every byte of both directions. */
export class Wiretap {
  readonly #server = createServer((from) => this.#pass(from));
  readonly #target: number;
  readonly #sockets = new Set<Socket>();
  readonly bytes: Buffer[] = [];

  constructor(target: number) {
    this.#target = target;
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  #pass(from: Socket): void {
    const to = createConnection({ host: '127.0.0.1', port: this.#target });
    for (const [source, sink] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(source);
      source.on('data', (chunk: Buffer) => {
        this.bytes.push(chunk);
        sink.write(chunk);
      });
      source.on('error', () => sink.destroy());
      source.on('close', () => {
        this.#sockets.delete(source);
        sink.end();
      });
    }
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** All encodings of a word that are searched for: plain, hex, base64 and base64url at each alignment, JSON escapes, UTF-16. */
function disguises(word: string): Buffer[] {
  const raw = Buffer.from(word);
  const hex = raw.toString('hex');
  const forms = [word, hex, hex.toUpperCase(), JSON.stringify(word).slice(1, -1)];
  for (let shift = 0; shift < 3; shift++) {
    const shifted = Buffer.concat([Buffer.alloc(shift), raw]);
    // The first and last characters depend on the neighbours too.
    const inner = shifted
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : shift + 1, shifted.length % 3 === 0 ? undefined : -1);
    forms.push(inner, inner.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return [...new Set(forms)].map((form) => Buffer.from(form)).concat(Buffer.from(word, 'utf16le'));
}

/** @returns the words that the bytes contain in any encoding */
export function findWords(bytes: Buffer, words: readonly string[]): string[] {
  return words.filter((word) => disguises(word).some((form) => bytes.includes(form)));
}

/** @returns the contents of all files below a folder, concatenated */
export async function folderBytes(folder: string): Promise<Buffer> {
  return Buffer.concat(await filesBelow(folder));
}
