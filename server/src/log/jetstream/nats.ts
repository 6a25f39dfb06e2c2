import { jetstreamManager, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  credsAuthenticator,
  headers,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node';
import { Unavailable } from '../log.ts';

export interface NatsOptions {
  /** `host:port` of the servers, one at least; no others are dialled. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** The text of a credentials file (JWT and seed). */
  readonly credentials?: string;
  /** PEM texts. Present, even when empty: TLS is spoken. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A message as a stream keeps it, or as it was told when it was stored. */
export interface Stored {
  readonly subject: string;
  readonly seq: number;
  /** The sequence of the message before it on the same subject; only of what was told. */
  readonly before: number;
  /** The sequence that its publish named as the last of a subject (`Nats-Expected-Last-Subject-Sequence`), else 0; only of what was told. */
  readonly base: number;
  readonly data: Uint8Array;
}

export interface Stamped {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the engine says to a publish. */
export interface PublishAck {
  readonly seq: number;
  readonly duplicate?: boolean;
  /** Of a batch: how many were stored, one behind the other up to `seq`. */
  readonly count?: number;
  /** Of a counter: its value now. */
  readonly val?: string;
}

/** The engine has answered, and refused. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  /** JetStream's own number for it (`err_code`), or the status of a direct answer. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** There is no connection to any server: nothing was asked. */
export class EngineAway extends Unavailable {}

export interface ServerFacts {
  readonly version: string;
  readonly maxPayload: number;
  readonly jetstream: boolean;
  /** `host:port` of the one that is connected. */
  readonly server: string;
  /** What it calls itself. */
  readonly name: string;
  /** Whether it is one of several. */
  readonly clustered: boolean;
}

type Stop = () => void;

const CONNECT_MS = 3_000;
const REQUEST_MS = 2_000;
/** A server that was frozen is left after two of these and a bit: its sockets stay open. */
const PING_MS = 1_500;
const MAX_PING_OUT = 2;
const RECONNECT_MS = 200;
/** JSNoMessageFoundErr, JSStreamNotFoundErr. */
const NO_MESSAGE = 10037;
const NO_STREAM = 10059;
const STATUS_NOT_FOUND = 404;
const STATUS_END_OF_BATCH = 204;

/** One connection to a cluster of NATS servers. It reconnects by itself, for as long as it isn't closed. */
export class Nats {
  readonly #connection: NatsConnection;
  readonly #shaken = new Set<() => void>();
  #connected = true;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
  }

  /** @throws Error from the library when none of the servers answers, or they refuse us. */
  static async connect({ servers, user, password, credentials, tls }: NatsOptions): Promise<Nats> {
    const connection = await connect({
      servers: [...servers],
      name: 'gochat',
      noEcho: true,
      noAsyncTraces: true,
      timeout: CONNECT_MS,
      pingInterval: PING_MS,
      maxPingOut: MAX_PING_OUT,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      // Servers that come and go with their passwords are dialled on; those that a cluster tells of would, when they refuse us, be
      // dialled without end or pause.
      ignoreAuthErrorAbort: true,
      ignoreClusterUpdates: true,
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { pass: password }),
      ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(Buffer.from(credentials)) }),
      ...(tls === undefined ? {} : { tls }),
    });
    return new Nats(connection);
  }

  get connected(): boolean {
    return this.#connected && !this.#connection.isClosed();
  }

  get facts(): ServerFacts {
    const { info } = this.#connection;
    return {
      version: info?.version ?? '0',
      maxPayload: info?.max_payload ?? 0,
      jetstream: info?.jetstream === true,
      server: this.#connection.getServer(),
      name: info?.server_name ?? '',
      clustered: (info?.cluster ?? '') !== '',
    };
  }

  /** Is called whenever what was told may have been lost on its way: after a reconnect, or when we took it too slowly. */
  onShaken(shaken: () => void): void {
    this.#shaken.add(shaken);
  }

  /**
   * Stores a message. What is behind `Nats-Msg-Id`, `Nats-Expected-…`, `Nats-TTL` and `Nats-Incr`: NATS's own documentation of JetStream.
   * @throws EngineRefusal, or Unavailable when no answer came: it may be stored all the same
   */
  async store(message: Stamped, timeout = REQUEST_MS): Promise<PublishAck> {
    return parseAck(await this.#request(message, timeout));
  }

  /** Stores all of them or none, and answers once; at most 1,000. @throws as {@link store} */
  async storeAll(messages: readonly Stamped[], batch: string, timeout = REQUEST_MS): Promise<PublishAck> {
    const stamped = messages.map((message, i) => ({
      ...message,
      headers: {
        ...message.headers,
        'Nats-Batch-Id': batch,
        'Nats-Batch-Sequence': String(i + 1),
        ...(i === messages.length - 1 ? { 'Nats-Batch-Commit': '1' } : {}),
      },
    }));
    const last = stamped.pop();
    if (last === undefined) throw new RangeError('an empty batch');
    this.#requireConnected();
    for (const { subject, data, headers: fields } of stamped)
      this.#connection.publish(subject, data, { headers: headersOf(fields) });
    return this.store(last, timeout);
  }

  /** The last message on a subject, which may have wildcards, by the word of the stream's leader. @throws Unavailable, EngineRefusal */
  async last(stream: string, subject: string): Promise<Stored | undefined> {
    return this.#get(stream, { last_by_subj: subject });
  }

  /** The message of this sequence, by the word of the stream's leader. @throws Unavailable, EngineRefusal */
  async at(stream: string, seq: number): Promise<Stored | undefined> {
    return this.#get(stream, { seq });
  }

  /** The first message on a subject from a sequence on, by the word of the stream's leader. @throws Unavailable, EngineRefusal */
  async next(stream: string, subject: string, seq: number): Promise<Stored | undefined> {
    return this.#get(stream, { seq, next_by_subj: subject });
  }

  /**
   * The first messages of a subject from `seq` on, in order and none left out: at most `count`, up to `bytes`, from any replica,
   * which may trail the leader. Fewer where the answer broke off.
   * @throws Unavailable, EngineRefusal
   */
  async page(stream: string, subject: string, seq: number, count: number, bytes: number): Promise<Stored[]> {
    this.#requireConnected();
    const query = JSON.stringify({ seq, next_by_subj: subject, batch: count, max_bytes: bytes });
    const found: Stored[] = [];
    try {
      const answers = await this.#connection.requestMany(`$JS.API.DIRECT.GET.${stream}`, query, {
        strategy: 'sentinel',
        maxWait: REQUEST_MS,
      });
      for await (const answer of answers) {
        const status = answer.headers?.code ?? 0;
        if (status === STATUS_NOT_FOUND) return found;
        if (status !== 0 && status !== STATUS_END_OF_BATCH)
          throw new EngineRefusal(status, answer.headers?.description ?? 'no page');
        // Each comes as a message of its own, which may be lost: it names the one before it, and so does the end.
        const stored = storedOf(answer);
        if (stored.before !== (found.at(-1)?.seq ?? 0)) break;
        if (status === STATUS_END_OF_BATCH) return found;
        found.push(stored);
      }
    } catch (error) {
      if (error instanceof EngineRefusal) throw error;
      if (found.length === 0) throw new Unavailable('the engine did not answer', { cause: error });
    }
    if (found.length === 0) throw new Unavailable('the engine did not answer in full');
    return found;
  }

  /** Removes all messages on a subject, which may have wildcards. @throws Unavailable, EngineRefusal */
  async purge(stream: string, subject: string): Promise<void> {
    await this.#ask(`STREAM.PURGE.${stream}`, { filter: subject });
  }

  /** @throws Unavailable, EngineRefusal */
  async stream(name: string): Promise<StreamInfo | undefined> {
    return this.#ask(`STREAM.INFO.${name}`, {}, NO_STREAM) as Promise<StreamInfo | undefined>;
  }

  /** How many messages there are on each subject that matches. @throws Unavailable, EngineRefusal */
  async subjects(stream: string, filter: string): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (;;) {
      const query = { subjects_filter: filter, offset: found.size };
      const info = (await this.#ask(`STREAM.INFO.${stream}`, query, NO_STREAM)) as StreamInfo | undefined;
      const page = Object.entries(info?.state.subjects ?? {});
      for (const [subject, count] of page) found.set(subject, count);
      if (page.length === 0 || found.size >= (info?.total ?? 0)) return found;
    }
  }

  /** Makes a stream, or gives the present one these settings. @throws Error from the library, in the engine's words */
  async configure(config: Partial<StreamConfig> & { readonly name: string }): Promise<StreamInfo> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false, timeout: 10_000 });
    const present = await this.stream(config.name);
    if (present === undefined) return manager.streams.add(config);
    const { first_seq: _, ...settings } = config;
    return manager.streams.update(config.name, settings);
  }

  /** Tells all who listen now; nothing is kept. */
  tell(subject: string, data: Uint8Array): void {
    if (this.connected) this.#connection.publish(subject, data);
  }

  listen(subject: string, heard: (message: Stored) => void): Stop {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) heard(storedOf(message));
      },
    });
    return () => subscription.unsubscribe();
  }

  /** Resolves once the server has taken all that was asked of it before. @throws Unavailable */
  async flush(): Promise<void> {
    await this.#answered(this.#connection.flush());
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #get(stream: string, query: object): Promise<Stored | undefined> {
    const answer = (await this.#ask(`STREAM.MSG.GET.${stream}`, query, NO_MESSAGE)) as
      | { readonly message: { readonly subject: string; readonly seq: number; readonly data?: string } }
      | undefined;
    if (answer === undefined) return undefined;
    const { subject, seq, data = '' } = answer.message;
    return { subject, seq, before: 0, base: 0, data: Buffer.from(data, 'base64') };
  }

  /** @returns undefined when it is refused with the code `absent`: there is no such thing */
  async #ask(api: string, query: object, absent?: number): Promise<unknown> {
    const data = Buffer.from(JSON.stringify(query));
    const answer = await this.#request({ subject: `$JS.API.${api}`, data, headers: {} }, REQUEST_MS);
    const parsed = parse(answer);
    if (parsed.error === undefined) return parsed;
    if (absent !== undefined && parsed.error.err_code === absent) return undefined;
    throw refusalOf(parsed.error);
  }

  async #request({ subject, data, headers: fields }: Stamped, timeout: number): Promise<Msg> {
    this.#requireConnected();
    const options = { timeout, ...(Object.keys(fields).length === 0 ? {} : { headers: headersOf(fields) }) };
    return this.#answered(this.#connection.request(subject, data, options));
  }

  async #answered<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (cause) {
      throw new Unavailable('the engine did not answer', { cause });
    }
  }

  /** The library would keep what is sent meanwhile, without a bound. */
  #requireConnected(): void {
    if (!this.connected) throw new EngineAway('the engine is away');
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection') this.#connected = false;
      if (type === 'reconnect') this.#connected = true;
      if (type === 'reconnect' || type === 'slowConsumer') for (const shaken of this.#shaken) shaken();
    }
  }
}

/** Whether the servers know us not. */
export function isRefused(error: unknown): boolean {
  return error instanceof AuthorizationError;
}

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

function refusalOf({ code, err_code = code, description = '' }: ApiError): EngineRefusal {
  return new EngineRefusal(err_code, description);
}

function parseAck(answer: Msg): PublishAck {
  const parsed = parse(answer);
  if (parsed.error !== undefined) throw refusalOf(parsed.error);
  return parsed as unknown as PublishAck;
}

/** @throws Unavailable when it is no answer of JetStream's */
function parse(answer: Msg): { readonly error?: ApiError } {
  try {
    return JSON.parse(answer.string()) as { readonly error?: ApiError };
  } catch (cause) {
    throw new Unavailable('the engine gave an answer that can not be read', { cause });
  }
}

function headersOf(fields: Readonly<Record<string, string>>): ReturnType<typeof headers> {
  const made = headers();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
}

function storedOf(message: Msg): Stored {
  const number = (name: string) => Number(message.headers?.get(name) || 0);
  return {
    subject: message.headers?.get('Nats-Subject') || message.subject,
    seq: number('Nats-Sequence'),
    before: number('Nats-Last-Sequence'),
    base: number('Nats-Expected-Last-Subject-Sequence'),
    data: message.data,
  };
}
