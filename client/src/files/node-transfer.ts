import { Agent, type IncomingMessage, request as send } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Address, AddressError, parseAddress } from '../net/address.ts';
import { type DialOptions, dialWeb, failureOf } from '../net/dial.ts';
import { DialError } from '../net/dial-error.ts';
import { startTimer } from '../schedule/timer.ts';
import {
  ANSWER_BYTES,
  type FileAnswer,
  type FileRequest,
  retryAfterMs,
  SILENT_MS,
  type Transfer,
  WITHIN_MS,
} from './transfer.ts';

/** How many connections to one server. */
const AT_ONCE = 4;

/** Requests over the dialler of chat connections: its certificates, its proxy and its rules hold for files. */
export class NodeTransfer implements Transfer {
  readonly #options: DialOptions;
  /** By address and circuit. */
  readonly #agents = new Map<string, Agent>();

  constructor(options: Pick<DialOptions, 'ca' | 'insecure' | 'proxy'>) {
    this.#options = options;
  }

  async ask(server: string, circuit: string | undefined, request: FileRequest): Promise<FileAnswer> {
    const address = parseAddress(server);
    const agent = this.#agent(address, circuit);
    try {
      return await exchange(agent, address, request);
    } catch (error) {
      if (!(error instanceof Stale)) throw reported(error);
      // The server has closed a connection while it was idle.
      return exchange(agent, address, request).catch((again: unknown) => {
        throw reported(again);
      });
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #agent(address: Address, circuit: string | undefined): Agent {
    const key = `${address.href} ${circuit ?? ''}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = new DialAgent(address, { ...this.#options, circuit });
    this.#agents.set(key, agent);
    return agent;
  }
}

/** Its sockets come from the dialler. */
class DialAgent extends Agent {
  readonly #dial: () => Promise<Duplex>;

  constructor(address: Address, options: DialOptions) {
    super({ keepAlive: true, maxSockets: AT_ONCE });
    this.#dial = () => dialWeb(address, options);
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#dial().then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, undefined as never),
    );
  }
}

/** A connection that was used before has ended before an answer. */
class Stale extends Error {}

function exchange(
  agent: Agent,
  address: Address,
  { method, path, authorization, body }: FileRequest,
): Promise<FileAnswer> {
  const { host } = new URL(`${address.secure ? 'https' : 'http'}://${address.origin}`);
  return new Promise((resolve, reject) => {
    const request = send({
      agent,
      method,
      path,
      headers: {
        host,
        authorization,
        ...(body && { 'content-type': 'application/octet-stream', 'content-length': body.length }),
      },
      timeout: SILENT_MS,
    });
    const fail = (error: Error) => {
      reject(error);
      request.destroy(error);
    };
    const deadline = startTimer(WITHIN_MS, () => fail(new DialError({ kind: 'timeout', ms: WITHIN_MS })));
    request.on('close', () => {
      clearTimeout(deadline);
      // The answer, if one has begun, settles it.
      if (!isAnswered) reject(new DialError({ kind: 'malformed' }));
    });
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      fail(new DialError({ kind: 'malformed' }));
    });
    request.on('timeout', () => request.destroy(new DialError({ kind: 'timeout', ms: SILENT_MS })));
    request.on('error', (error) => {
      const isReset = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      reject(isReset && request.reusedSocket ? new Stale() : error);
    });
    let isAnswered = false;
    request.on('response', (response) => {
      isAnswered = true;
      collect(response).then(resolve, (error: unknown) => {
        reject(error);
        request.destroy();
      });
    });
    request.end(body);
  });
}

async function collect(response: IncomingMessage): Promise<FileAnswer> {
  const said = Number(response.headers['content-length'] ?? 0);
  if (said > ANSWER_BYTES) throw new DialError({ kind: 'malformed' });
  let body = new Uint8Array(said);
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    if (bytes + part.length > body.length) body = grown(body, bytes + part.length);
    body.set(part, bytes);
    bytes += part.length;
  }
  return {
    status: response.statusCode ?? 0,
    body: bytes === body.length ? body : body.slice(0, bytes),
    retryAfterMs: retryAfterMs(response.headers['retry-after']),
  };
}

/** For an answer that doesn't say how long it is. */
function grown(body: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > ANSWER_BYTES) throw new DialError({ kind: 'malformed' });
  const larger = new Uint8Array(Math.min(ANSWER_BYTES, bytes * 2));
  larger.set(body);
  return larger;
}

function reported(error: unknown): Error {
  if (error instanceof DialError || error instanceof AddressError) return error;
  return new DialError(failureOf(error), { cause: error });
}
