import { type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { type FilePass, type FileVerb, formatFilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import { signedFilePass } from '@gochat/protocol/signed';
import { type KeyPair, random } from './key-pair.ts';
import type { Access } from './member.ts';
import type { Target } from './target.ts';

/** How a server answered a request on a file. */
export interface FileAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** `error` of the body, if there is one. */
  readonly error: unknown;
  /** How long the server asks to wait. Absent: it doesn't. */
  readonly retryMs?: number;
}

const LONGEST_MS = 90_000;

export function newFileId(): FileId {
  return random<FileId>();
}

/** Makes requests on files of one room, and records them. */
export class FileClient {
  readonly #target: Target;
  readonly #transcript: string[];
  readonly #room: RoomId;
  /** The server's clock minus ours. */
  readonly #ahead: number;

  constructor(target: Target, transcript: string[], room: RoomId, ahead: number) {
    this.#target = target;
    this.#transcript = transcript;
    this.#room = room;
    this.#ahead = ahead;
  }

  pass(
    verb: FileVerb,
    id: FileId,
    by: Pick<FilePass, 'key'> & { readonly keys: KeyPair },
    more: Partial<Pick<FilePass, 'bytes' | 'discard' | 'until'>> = {},
  ): FilePass {
    const unsigned = {
      origin: this.#target.origin,
      room: this.#room,
      key: by.key,
      bytes: 0,
      until: Date.now() + this.#ahead + LIMITS.filePassMs / 2,
      ...more,
    };
    return { ...unsigned, proof: by.keys.sign(signedFilePass(verb, id, unsigned)) };
  }

  /** As long as the server asks to wait, within {@link LONGEST_MS}, the request is made again. @param path after `/files/` */
  async ask(
    method: string,
    path: string,
    pass: FilePass | undefined,
    body?: Uint8Array,
  ): Promise<FileAnswer> {
    for (let waited = 0; ; ) {
      const answer = await this.#once(method, path, pass, body);
      if (answer.retryMs === undefined || waited + answer.retryMs > LONGEST_MS) return answer;
      waited += answer.retryMs;
      await new Promise((resolve) => setTimeout(resolve, answer.retryMs));
    }
  }

  #once(method: string, path: string, pass: FilePass | undefined, body?: Uint8Array): Promise<FileAnswer> {
    const { host, port, tls, origin } = this.#target;
    const options: RequestOptions = {
      host,
      port,
      method,
      path: `/files/${path}`,
      headers: {
        Host: origin,
        ...(pass !== undefined && { Authorization: formatFilePass(pass) }),
        ...(body !== undefined && { 'Content-Length': body.length }),
      },
    };
    this.#transcript.push(`→ ${method} /files/${path}`);
    return new Promise((resolve, reject) => {
      const sent = (tls ? requestTls : request)(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const whole = Buffer.concat(parts);
          this.#transcript.push(`← ${response.statusCode}`);
          const wait = response.headers['retry-after'];
          resolve({
            status: response.statusCode ?? 0,
            body: whole,
            error: errorOf(whole),
            ...(wait !== undefined && { retryMs: Number(wait) * 1000 }),
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

/** How a pass names an access key. */
export function signerOf({ at, keys }: Access): Pick<FilePass, 'key'> & { readonly keys: KeyPair } {
  return { key: at, keys };
}

function errorOf(body: Buffer): unknown {
  try {
    return Object(JSON.parse(body.toString())).error;
  } catch {
    return undefined;
  }
}
