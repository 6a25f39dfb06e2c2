import { jetstreamManager, type StreamConfig, type StreamInfo } from '@nats-io/jetstream';
import {
  AuthorizationError,
  connect,
  credsAuthenticator,
  headers,
  type Msg,
  type NatsConnection,
  RequestError,
  TimeoutError,
} from '@nats-io/transport-node';
import { Unavailable } from '../log.ts';

export interface NatsOptions {
  /** `host:port` of the servers, at least one. No others are dialled. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** The text of a credentials file (JWT and seed). */
  readonly credentials?: string;
  /** PEM texts. If present, even if empty, TLS is used. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** A message that was read from a stream, or received when it was stored. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  /** The sequence of the message before it on the same subject. 0 unless it was received or part of a page. */
  readonly before: number;
  /** The last sequence that its publish expected (`Nats-Expected-Last-Subject-Sequence`), else 0. 0 unless it was received or part of a page. */
  readonly base: number;
  /** The id that its publish had (`Nats-Msg-Id`), else empty. Empty unless it was part of a page. */
  readonly id: string;
  readonly data: Uint8Array;
}

/** A message to publish. */
export interface OutgoingMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** JetStream's answer to a publish. */
export interface PublishAck {
  readonly seq: number;
  readonly duplicate?: boolean;
  /** For a batch: how many messages were stored. Their sequences are consecutive and end with `seq`. */
  readonly count?: number;
  /** For a counter: its new value. */
  readonly val?: string;
}

/** The engine answered with an error. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  /** JetStream's `err_code`, or the status of a direct answer. */
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** There is no connection to any server, so nothing was sent. */
export class EngineUnreachable extends Unavailable {}

export interface ServerInfo {
  readonly version: string;
  readonly maxPayload: number;
  readonly jetstream: boolean;
  /** `host:port`. */
  readonly server: string;
  readonly name: string;
  /** Whether it is part of a cluster. */
  readonly clustered: boolean;
}

type Stop = () => void;

const CONNECT_MS = 3_000;
const REQUEST_MS = 2_000;
/** How soon a frozen server is noticed: after a little more than two intervals. Its sockets stay open. */
const PING_MS = 1_500;
const MAX_PING_OUT = 2;
const RECONNECT_MS = 200;
/** JSNoMessageFoundErr, JSStreamNotFoundErr. */
const NO_MESSAGE = 10037;
const NO_STREAM = 10059;
const STATUS_NOT_FOUND = 404;
const STATUS_END_OF_BATCH = 204;

/** A connection to a cluster of NATS servers. It reconnects automatically until it is closed. */
export class Nats {
  readonly #connection: NatsConnection;
  readonly #lossListeners = new Set<() => void>();
  #connected = true;

  private constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#watch();
  }

  /** @throws the library's error when no server answers, or the credentials are wrong */
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
      // The configured servers are dialled again even after an authentication error. Servers that the cluster announces are not
      // used: if they rejected the credentials, the library would dial them in an endless loop without a pause.
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

  get serverInfo(): ServerInfo {
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

  /** Calls the listener whenever received messages may have been lost: after a reconnect, or when they were read too slowly. */
  onPossibleLoss(listener: () => void): void {
    this.#lossListeners.add(listener);
  }

  /**
   * Stores a message. JetStream's documentation describes the headers `Nats-Msg-Id`, `Nats-Expected-…`, `Nats-TTL` and `Nats-Incr`.
   * @throws EngineRefusal; Unavailable when no answer arrived: the message may be stored nevertheless
   */
  async store(message: OutgoingMessage, timeout = REQUEST_MS): Promise<PublishAck> {
    return parseAck(await this.#request(message, timeout));
  }

  /** Stores at most 1,000 messages, all of them or none. @param batch a random id. @throws as {@link store} */
  async storeAll(
    messages: readonly OutgoingMessage[],
    batch: string,
    timeout = REQUEST_MS,
  ): Promise<PublishAck> {
    const outgoing = messages.map((message, i) => ({
      ...message,
      headers: {
        ...message.headers,
        'Nats-Batch-Id': batch,
        'Nats-Batch-Sequence': String(i + 1),
        ...(i === messages.length - 1 ? { 'Nats-Batch-Commit': '1' } : {}),
      },
    }));
    const last = outgoing.pop();
    if (last === undefined) throw new RangeError('the batch is empty');
    this.#requireConnected();
    for (const { subject, data, headers: fields } of outgoing)
      this.#connection.publish(subject, data, { headers: headersOf(fields) });
    return this.store(last, timeout);
  }

  /** Asks the stream's leader for the last message on a subject, which may have wildcards. @throws Unavailable, EngineRefusal */
  async last(stream: string, subject: string): Promise<StoredMessage | undefined> {
    return this.#get(stream, { last_by_subj: subject });
  }

  /** Asks the stream's leader for the message with this sequence. @throws Unavailable, EngineRefusal */
  async at(stream: string, seq: number): Promise<StoredMessage | undefined> {
    return this.#get(stream, { seq });
  }

  /** Asks the stream's leader for the first message on a subject with at least this sequence. @throws Unavailable, EngineRefusal */
  async next(stream: string, subject: string, seq: number): Promise<StoredMessage | undefined> {
    return this.#get(stream, { seq, next_by_subj: subject });
  }

  /**
   * Reads the first messages of a subject with at least the sequence `seq`, in order and without gaps: at most `count`, up to
   * `bytes`. Any replica may answer, and it may be behind the leader. Returns fewer messages if part of the answer was lost.
   * @throws Unavailable, EngineRefusal
   */
  async page(
    stream: string,
    subject: string,
    seq: number,
    count: number,
    bytes: number,
  ): Promise<StoredMessage[]> {
    this.#requireConnected();
    const query = JSON.stringify({ seq, next_by_subj: subject, batch: count, max_bytes: bytes });
    const found: StoredMessage[] = [];
    try {
      const answers = await this.#connection.requestMany(`$JS.API.DIRECT.GET.${stream}`, query, {
        strategy: 'sentinel',
        maxWait: REQUEST_MS,
      });
      for await (const answer of answers) {
        const status = answer.headers?.code ?? 0;
        if (status === STATUS_NOT_FOUND) return found;
        if (status !== 0 && status !== STATUS_END_OF_BATCH)
          throw new EngineRefusal(status, answer.headers?.description ?? 'could not read the page');
        // Each message of the page arrives separately and may be lost. Each names the one before it, and so does the end mark.
        const stored = storedOf(answer);
        if (stored.before !== (found.at(-1)?.seq ?? 0)) break;
        if (status === STATUS_END_OF_BATCH) return found;
        found.push({ ...stored, id: answer.headers?.get('Nats-Msg-Id') ?? '' });
      }
    } catch (error) {
      if (error instanceof EngineRefusal) throw error;
      if (found.length === 0) throw new Unavailable('the engine did not answer', { cause: error });
    }
    if (found.length === 0) throw new Unavailable('the answer of the engine was incomplete');
    return found;
  }

  /** Deletes all messages on a subject, which may have wildcards. @throws Unavailable, EngineRefusal */
  async purge(stream: string, subject: string): Promise<void> {
    await this.#ask(`STREAM.PURGE.${stream}`, { filter: subject });
  }

  /** @returns undefined when the stream does not exist. @throws Unavailable, EngineRefusal */
  async stream(name: string): Promise<StreamInfo | undefined> {
    return this.#ask(`STREAM.INFO.${name}`, {}, NO_STREAM) as Promise<StreamInfo | undefined>;
  }

  /** Deletes a stream with all its messages, if it exists. @throws Unavailable, EngineRefusal */
  async deleteStream(name: string): Promise<void> {
    await this.#ask(`STREAM.DELETE.${name}`, {}, NO_STREAM);
  }

  /** Asks the stream's leader to hand over to another server that stores the stream. @throws Unavailable, EngineRefusal */
  async moveLeader(stream: string, server: string): Promise<void> {
    await this.#ask(`STREAM.LEADER.STEPDOWN.${stream}`, { placement: { preferred: server } });
  }

  /** Counts the messages on each subject that matches. @throws Unavailable, EngineRefusal */
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

  /** Creates a stream, or updates its settings. @throws the library's error */
  async configure(config: Partial<StreamConfig> & { readonly name: string }): Promise<StreamInfo> {
    const manager = await jetstreamManager(this.#connection, { checkAPI: false, timeout: 10_000 });
    const present = await this.stream(config.name);
    if (present === undefined) return manager.streams.add(config);
    const { first_seq: _, ...settings } = config;
    return manager.streams.update(config.name, settings);
  }

  /** Sends a message to the current subscribers. It is not stored, and dropped while there is no connection. */
  publish(subject: string, data: Uint8Array): void {
    if (this.connected) this.#connection.publish(subject, data);
  }

  /** Sends a message that nobody answers. @returns whether anyone subscribes to it in the whole cluster. @throws Unavailable */
  async isHeard(subject: string, timeout: number): Promise<boolean> {
    this.#requireConnected();
    try {
      await this.#connection.request(subject, Buffer.of(), { timeout });
      return true;
    } catch (cause) {
      if (cause instanceof RequestError && cause.isNoResponders()) return false;
      if (cause instanceof TimeoutError && this.connected) return true;
      throw new Unavailable('the engine did not answer', { cause });
    }
  }

  /** @returns a function that ends the subscription */
  subscribe(subject: string, received: (message: StoredMessage) => void): Stop {
    const subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) received(storedOf(message));
      },
    });
    return () => subscription.unsubscribe();
  }

  /** Resolves once the server has processed everything sent before. @throws Unavailable */
  async flush(): Promise<void> {
    await this.#answered(this.#connection.flush());
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #get(stream: string, query: object): Promise<StoredMessage | undefined> {
    const answer = (await this.#ask(`STREAM.MSG.GET.${stream}`, query, NO_MESSAGE)) as
      | { readonly message: { readonly subject: string; readonly seq: number; readonly data?: string } }
      | undefined;
    if (answer === undefined) return undefined;
    const { subject, seq, data = '' } = answer.message;
    return { subject, seq, before: 0, base: 0, id: '', data: Buffer.from(data, 'base64') };
  }

  /** @param absent the error code for which it returns undefined */
  async #ask(api: string, query: object, absent?: number): Promise<unknown> {
    const data = Buffer.from(JSON.stringify(query));
    const answer = await this.#request({ subject: `$JS.API.${api}`, data, headers: {} }, REQUEST_MS);
    const parsed = parse(answer);
    if (parsed.error === undefined) return parsed;
    if (absent !== undefined && parsed.error.err_code === absent) return undefined;
    throw refusalOf(parsed.error);
  }

  async #request({ subject, data, headers: fields }: OutgoingMessage, timeout: number): Promise<Msg> {
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

  /** Without a connection the library would buffer messages without a limit. @throws EngineUnreachable */
  #requireConnected(): void {
    if (!this.connected) throw new EngineUnreachable('no connection to the NATS servers');
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection') this.#connected = false;
      if (type === 'reconnect') this.#connected = true;
      if (type === 'reconnect' || type === 'slowConsumer')
        for (const listener of this.#lossListeners) listener();
    }
  }
}

/** Whether the servers rejected the credentials. */
export function isUnauthorized(error: unknown): boolean {
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

/** @throws Unavailable when it is not an answer of JetStream */
function parse(answer: Msg): { readonly error?: ApiError } {
  try {
    return JSON.parse(answer.string()) as { readonly error?: ApiError };
  } catch (cause) {
    throw new Unavailable('the answer of the engine is not JSON', { cause });
  }
}

function headersOf(fields: Readonly<Record<string, string>>): ReturnType<typeof headers> {
  const made = headers();
  for (const [name, value] of Object.entries(fields)) made.set(name, value);
  return made;
}

function storedOf(message: Msg): StoredMessage {
  const number = (name: string) => Number(message.headers?.get(name) || 0);
  return {
    subject: message.headers?.get('Nats-Subject') || message.subject,
    seq: number('Nats-Sequence'),
    before: number('Nats-Last-Sequence'),
    base: number('Nats-Expected-Last-Subject-Sequence'),
    id: '',
    data: message.data,
  };
}
