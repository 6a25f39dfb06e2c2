import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FileId } from '@gochat/protocol/fields';
import { chunksOf } from '@gochat/protocol/file-chunks';
import { type FilePass, type FileVerb, parseFileId } from '@gochat/protocol/file-pass';
import { LIMITS } from '@gochat/protocol/limits';
import type { Logger } from 'pino';
import { type Address, isExempt } from '../net/address.ts';
import type { FileRequests, FileTurn } from '../net/http.ts';
import type { TimerWheel } from '../net/timer-wheel.ts';
import type { ServerLimits } from '../operate/limits.ts';
import type { Metrics } from '../operate/metrics.ts';
import type { AddressRates } from '../session/address-rates.ts';
import { FileRefusal } from './file-refusal.ts';
import type { ChunkBody } from './file-store.ts';
import type { Files } from './files.ts';
import type { Passes } from './passes.ts';
import { Transfer } from './transfer.ts';

export interface FileDoorOptions {
  readonly files: Files;
  readonly passes: Passes;
  readonly rates: AddressRates;
  readonly limits: ServerLimits;
  readonly timers: TimerWheel;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly now: () => number;
}

/** One request on a file. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly from: Address;
  readonly id: FileId;
  readonly chunk: number | undefined;
  readonly turn: FileTurn;
}

type Answerer = (asked: Asked) => Promise<void>;

const PATH = /^\/files\/([^/]{1,64})(?:\/(0|[1-9]\d{0,9}))?$/;
const VERBS: Readonly<Record<string, FileVerb>> = { PUT: 'put', GET: 'get', HEAD: 'get', DELETE: 'drop' };
const BUSY_MS = 1000;

/** Answers the requests on files: `/files/ID` and `/files/ID/CHUNK`. */
export class FileDoor implements FileRequests {
  readonly #options: FileDoorOptions;
  readonly #byAddress = new Map<string, number>();
  /** The requests whose body was asked for. */
  readonly #continued = new WeakSet<IncomingMessage>();
  #transfers = 0;

  constructor(options: FileDoorOptions) {
    this.#options = options;
  }

  /** Answers one request. Never rejects. */
  async answer(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    from: Address,
    turn: FileTurn,
  ): Promise<void> {
    // Node.js takes it from a request whose body is broken off.
    const { socket } = request;
    try {
      const [, name = '', number] = PATH.exec(path) ?? [];
      const id = parseFileId(name);
      if (id === undefined) throw new FileRefusal('not-found', 'a file has the address /files/ID');
      const chunk = number === undefined ? undefined : Number(number);
      await this.#answererOf(request.method, chunk)({ request, response, from, id, chunk, turn });
    } catch (error) {
      // The peer is gone, or was cut.
      if (response.destroyed || socket.destroyed) return;
      // A body that is still on its way would be answered by a reset.
      if (turn.refused() && request.complete) response.shouldKeepAlive = false;
      this.#refuse(request, response, FileRefusal.from(error));
    }
  }

  #answererOf(method: string | undefined, chunk: number | undefined): Answerer {
    if (chunk === undefined && (method === 'GET' || method === 'HEAD')) return this.#state;
    if (chunk === undefined && method === 'DELETE') return this.#drop;
    if (chunk !== undefined && (method === 'GET' || method === 'HEAD')) return this.#get;
    if (chunk !== undefined && method === 'PUT') return this.#put;
    throw new FileRefusal(
      'method',
      chunk === undefined
        ? 'a file takes GET, HEAD and DELETE; a chunk of it has the address /files/ID/CHUNK'
        : 'a chunk takes GET, HEAD and PUT',
    );
  }

  async #check({ request, from, id, turn }: Asked): Promise<FilePass> {
    const verb = VERBS[request.method ?? ''] ?? 'get';
    const pass = await this.#options.passes.check(verb, id, request.headers.authorization, from);
    turn.passed();
    return pass;
  }

  readonly #state: Answerer = async (asked) => {
    const { room } = await this.#check(asked);
    const state = await this.#options.files.have({ room, id: asked.id });
    if (state === undefined) throw notFound();
    this.#json(asked.request, asked.response, 200, {
      chunks: chunksOf(state.description.bytes),
      have: state.chunks,
    });
  };

  readonly #drop: Answerer = async (asked) => {
    const { room, key, discard } = await this.#check(asked);
    if (discard === undefined && !isPublicKey(key))
      throw new FileRefusal('refused', 'name the secret that deletes the file, or sign with the admin key');
    await this.#options.files.drop({ room, id: asked.id }, isPublicKey(key) ? undefined : discard);
    asked.response.writeHead(204, NO_STORE).end();
  };

  readonly #get: Answerer = (asked) =>
    this.#transfer(asked, async () => {
      const { room } = await this.#check(asked);
      const { request, response, id, chunk = 0 } = asked;
      const found = await this.#options.files.get({ room, id }, chunk);
      if (found === undefined) throw notFound();
      try {
        response.writeHead(200, { ...NO_STORE, ...BINARY, 'Content-Length': found.bytes });
        if (request.method === 'HEAD') response.end();
        else await this.#send(response, found);
      } finally {
        await found.close();
      }
    });

  async #send(response: ServerResponse, { bytes, parts }: ChunkBody): Promise<void> {
    const transfer = this.#watch(response.req);
    try {
      let sent = 0;
      for await (const part of parts) {
        if (response.destroyed) return;
        sent += part.length;
        if (!response.write(part)) await reached(response, 'drain');
        transfer.moved(part.length);
      }
      // The header has promised more.
      if (sent !== bytes) response.destroy();
      else response.end();
      if (!response.writableFinished && !response.destroyed) await reached(response, 'finish');
      this.#options.metrics.fileMoved('sent', bytes);
    } finally {
      transfer.end();
    }
  }

  readonly #put: Answerer = (asked) =>
    this.#transfer(asked, async () => {
      const { request, response, from, id, chunk = 0 } = asked;
      const length = lengthOf(request);
      const pass = await this.#check(asked);
      if (pass.discard !== undefined && pass.discard.length !== HASH_CHARS)
        throw new FileRefusal('malformed', 'discard of a pass to store is a SHA-256');
      const { files, rates, metrics } = this.#options;
      if (length !== files.chunkBytes(pass.bytes, chunk))
        throw new FileRefusal('malformed', 'the body has not the length of this chunk');
      // Before the file is begun: it takes space even if nothing follows.
      await rates.takeFileBytes(from, length);
      const { room } = pass;
      const outcome = await files.put({ room, id }, chunk, pass, async () => ({
        bytes: length,
        parts: this.#receive(request, response),
      }));
      if (outcome === 'stored') metrics.fileMoved('received', length);
      response.writeHead(outcome === 'stored' ? 201 : 200, { ...NO_STORE, 'Content-Length': 0 }).end();
    });

  async *#receive(request: IncomingMessage, response: ServerResponse): AsyncGenerator<Uint8Array> {
    const transfer = this.#watch(request);
    // Whoever asked first waits for this before it sends the body.
    if (expects(request)) {
      this.#continued.add(request);
      response.writeContinue();
    }
    try {
      // A store that fails stops reading. The request stays, so that it can be answered.
      for await (const part of request.iterator({ destroyOnReturn: false })) {
        transfer.moved((part as Buffer).length);
        yield part as Buffer;
      }
    } finally {
      transfer.end();
    }
  }

  #watch({ socket }: IncomingMessage): Transfer {
    const { timers, limits, now, metrics } = this.#options;
    const cut = () => {
      metrics.fileRefused('slow');
      socket.destroy();
    };
    return new Transfer({ timers, limits, now, cut });
  }

  /** Counts the chunks that are under way at the same time. @throws FileRefusal `rate-limited` */
  async #transfer({ from }: Asked, work: () => Promise<void>): Promise<void> {
    const { limits } = this.#options;
    const busy = this.#byAddress.get(from.name) ?? 0;
    const isLimited = !isExempt(from, limits.exemptsLoopback);
    if (this.#transfers >= limits.transfers || (isLimited && busy >= limits.transfersPerAddress))
      throw new FileRefusal('rate-limited', 'too many files are under way: try again', {
        retryAfterMs: BUSY_MS,
      });
    this.#transfers += 1;
    this.#byAddress.set(from.name, busy + 1);
    try {
      await work();
    } finally {
      this.#transfers -= 1;
      const left = (this.#byAddress.get(from.name) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(from.name, left);
      else this.#byAddress.delete(from.name);
    }
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: FileRefusal): void {
    const { code, message, status, retryAfterMs, cause } = refusal;
    this.#options.metrics.fileRefused(code);
    if (code === 'internal') this.#options.logger.error({ err: cause }, 'a request on a file failed');
    if (response.headersSent) return void response.destroy();
    // Whoever waits until the body is asked for won't send it. Any other body that is not too long is read and thrown away: a
    // browser shows the answer only once it has sent everything.
    if (!request.complete) {
      const waits = expects(request) && !this.#continued.has(request);
      if (waits || !isShort(request)) response.shouldKeepAlive = false;
      else request.resume();
    }
    this.#json(
      request,
      response,
      status,
      { error: code, message },
      {
        ...(retryAfterMs !== undefined && { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) }),
        ...(code === 'pass' && { 'WWW-Authenticate': 'GoChat' }),
        ...(code === 'method' && {
          Allow: PATH.exec(request.url ?? '')?.[2] ? 'GET, HEAD, PUT' : 'GET, HEAD, DELETE',
        }),
      },
    );
  }

  #json(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    value: object,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const text = `${JSON.stringify(value)}\n`;
    response.writeHead(status, {
      ...NO_STORE,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }
}

const NO_STORE = { 'Cache-Control': 'no-store' } as const;
/** No browser may show it as anything. */
const BINARY = {
  'Content-Type': 'application/octet-stream',
  'Content-Disposition': 'attachment',
} as const;
const HASH_CHARS = 43;
const PUBLIC_KEY_CHARS = 43;

function isPublicKey(key: string): boolean {
  return key.length === PUBLIC_KEY_CHARS;
}

/** @throws FileRefusal */
function lengthOf({ headers }: IncomingMessage): number {
  const text = headers['content-length'];
  if (text === undefined) throw new FileRefusal('length-required', 'send the header Content-Length');
  const length = Number(text);
  if (length > LIMITS.chunkBytes)
    throw new FileRefusal('too-large', `a chunk has at most ${LIMITS.chunkBytes} bytes`);
  return length;
}

function isShort({ headers }: IncomingMessage): boolean {
  const length = headers['content-length'];
  if (length === undefined) return headers['transfer-encoding'] === undefined;
  return Number(length) <= LIMITS.chunkBytes;
}

function expects({ headers }: IncomingMessage): boolean {
  return headers.expect !== undefined;
}

function notFound(): FileRefusal {
  return new FileRefusal('not-found', 'it was never stored, or is not kept any more');
}

/** Resolves at the event, or when the peer is gone. */
function reached(response: ServerResponse, event: 'drain' | 'finish'): Promise<void> {
  const { socket } = response.req;
  if (socket.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const over = () => {
      response.off(event, over);
      socket.off('close', over);
      resolve();
    };
    response.once(event, over);
    socket.once('close', over);
  });
}
