import { createHash, randomBytes } from 'node:crypto';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, chunksOf, paddedBytes, pieceBytes } from '@gochat/protocol/file-chunks';
import { type FilePass, type FileVerb, formatFilePass } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import { signedFilePass } from '@gochat/protocol/signed';
import type { KeyPair } from '../keys.ts';
import type { Access } from '../member.ts';

export const newFileId = (): FileId => randomBytes(16).toString('base64url') as FileId;

export interface Discard {
  readonly secret: string;
  readonly hash: string;
}

export function newDiscard(): Discard {
  const secret = randomBytes(16);
  return {
    secret: encodeBytes(secret),
    hash: createHash('sha256').update(secret).digest('base64url'),
  };
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; undefined if it is none. */
  readonly json:
    | {
        readonly error?: string;
        readonly message?: string;
        readonly have?: number[];
        readonly chunks?: number;
      }
    | undefined;
  /** Whether the server asked for the body (100 Continue). */
  readonly continued: boolean;
}

export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array;
  /** Whether to wait for 100 Continue before the body is sent. */
  readonly expects?: boolean;
  readonly agent?: Agent;
}

/** One request over HTTP. */
export function ask(
  port: number,
  { method, path, headers = {}, body, expects, agent }: Ask,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let continued = false;
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      method,
      ...(agent !== undefined && { agent }),
      headers: {
        ...(body !== undefined && { 'Content-Length': body.length }),
        ...(expects === true && { Expect: '100-continue' }),
        ...headers,
      },
    });
    sent.on('continue', () => {
      continued = true;
      sent.end(body);
    });
    sent.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(parts);
        const isJson = response.headers['content-type'] === 'application/json';
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: whole,
          json: isJson && whole.length > 0 ? JSON.parse(whole.toString()) : undefined,
          continued,
        });
        sent.destroy();
      });
    });
    sent.on('error', reject);
    if (expects === true) sent.flushHeaders();
    else sent.end(body);
  });
}

/** A member who stores and reads files of a room. */
export class FileMember {
  readonly #port: number;
  readonly #room: RoomId;
  access: Access;

  constructor(port: number, room: RoomId, access: Access) {
    this.#port = port;
    this.#room = room;
    this.access = access;
  }

  /** @param by who signs, if not the member's access key */
  pass(
    verb: FileVerb,
    id: FileId,
    more: Partial<Omit<FilePass, 'proof'>> = {},
    by: KeyPair = this.access.keys,
  ): FilePass {
    const unsigned = {
      origin: `127.0.0.1:${this.#port}`,
      room: this.#room,
      key: this.access.at,
      bytes: 0,
      until: Date.now() + LIMITS.filePassMs / 2,
      ...more,
    } as Omit<FilePass, 'proof'>;
    return { ...unsigned, proof: by.sign(signedFilePass(verb, id, unsigned)) };
  }

  ask(method: string, path: string, pass: FilePass | undefined, more: Partial<Ask> = {}): Promise<Answer> {
    const { headers, ...rest } = more;
    return ask(this.#port, {
      method,
      path: `/files/${path}`,
      headers: { ...(pass !== undefined && { Authorization: formatFilePass(pass) }), ...headers },
      ...rest,
    });
  }

  put(file: TestFile, chunk: number, more: Partial<Ask> & { pass?: FilePass } = {}): Promise<Answer> {
    const { pass = this.putPass(file), ...rest } = more;
    return this.ask('PUT', `${file.id}/${chunk}`, pass, { body: file.chunks[chunk] ?? Buffer.of(), ...rest });
  }

  putPass(file: TestFile): FilePass {
    return this.pass('put', file.id, { bytes: file.bytes, discard: file.discard.hash, ...file.more });
  }

  get(file: Pick<TestFile, 'id'>, chunk: number, method = 'GET'): Promise<Answer> {
    return this.ask(method, `${file.id}/${chunk}`, this.pass('get', file.id));
  }

  state(file: Pick<TestFile, 'id'>): Promise<Answer> {
    return this.ask('GET', file.id, this.pass('get', file.id));
  }

  drop(file: TestFile): Promise<Answer> {
    return this.ask('DELETE', file.id, this.pass('drop', file.id, { discard: file.discard.secret }));
  }
}

export interface TestFile {
  readonly id: FileId;
  /** Padded. */
  readonly bytes: number;
  readonly discard: Discard;
  readonly chunks: readonly Buffer[];
  readonly more: { readonly keepMs?: number };
}

/** A file with random chunks of the lengths that sealed ones have. @param bytes its size before padding */
export function newFile(bytes: number, more: TestFile['more'] = {}): TestFile {
  const padded = paddedBytes(bytes);
  const chunks = Array.from({ length: chunksOf(padded) }, (_, chunk) =>
    randomBytes(pieceBytes(padded, chunk) + CHUNK_OVERHEAD),
  );
  return { id: newFileId(), bytes: padded, discard: newDiscard(), chunks, more };
}
