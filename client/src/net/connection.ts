import type { Down, DownOf } from '@gochat/protocol/down';
import { adviceOf } from '@gochat/protocol/errors';
import type { RequestId } from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import type { Dialled } from '@gochat/protocol/signed';
import type { Up, UpOf } from '@gochat/protocol/up';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import type { FileLimits } from '../files/files.ts';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { Disconnected, RequestError, VersionError } from './connection-errors.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import { type FrameListener, Inbox } from './inbox.ts';
import type { Link, LinkEnd } from './link.ts';

export type Request = Exclude<Up, { type: 'signal' }>;

/** The frame that answers a request, unless an error does. */
const REPLIES = {
  hello: 'welcome',
  create: 'ack',
  enter: 'entered',
  post: 'ack',
  handshake: 'ack',
  invitation: 'groupinfo',
  join: 'ack',
  refresh: 'ack',
  knock: 'ack',
  wake: 'waking',
  fetch: 'groupinfo',
  read: 'page',
  exit: 'exited',
  ping: 'pong',
} as const satisfies Record<Request['type'], Down['type']>;
export type Reply<R extends Request> = DownOf<(typeof REPLIES)[R['type']]>;

/** A connection that the server has welcomed. It ends once and is never reused. */
export interface Connection {
  /** Proofs are bound to it. */
  readonly dialled: Dialled;
  /** The server's software, for people. */
  readonly server: string;
  /** The longest lifetime of an invite on this server. */
  readonly inviteLifetimeMs: number;
  /** How long the server says that it keeps messages; undefined for ever. */
  readonly retainMs: number | undefined;
  /** What the server says that it takes of files; null if it stores none. */
  readonly files: FileLimits | null;
  /** The server's clock at present, in milliseconds since 1970: what it said at the beginning, and the time since then. */
  serverNow(): number;
  /** Resolves with the reason when the connection has ended; no frame is delivered after that. */
  readonly closed: Promise<Disconnected>;
  /**
   * Sends the request after earlier ones, once few enough are in flight. Frames that follow the reply may be delivered before code
   * that awaits the reply continues.
   * @throws RequestError, Disconnected
   */
  request<R extends Request>(frame: R): Promise<Reply<R>>;
  /** @returns false when the signal was dropped because too much data waits to be sent. */
  signal(frame: UpOf<'signal'>): boolean;
  /** Asks whether the server still answers. If nothing comes from it for three seconds, the connection ends. */
  check(): void;
  /** Delivers all frames that answer no request, in order. @returns a function that ends this. */
  onFrame(listener: FrameListener): () => void;
  close(): void;
}

export interface GreetOptions {
  readonly clock?: Clock;
  /** The longest silence while an answer is due. An answer may take four times as long while other data arrives. */
  readonly answerMs?: number;
}

/** Sends hello over a new link. @throws RequestError, Disconnected */
export async function greet(link: Link, options: GreetOptions = {}): Promise<Connection> {
  return new LinkConnection(link, options).hello();
}

const ANSWER_MS = 30_000;
/** Bounds on the interval that a server may ask for. */
const SILENCE_MS = { least: 1_000, most: 10 * 60_000 };
const CHECK_MS = 3_000;
const SIGNAL_QUEUE_BYTES = 64 * 1024;
/** One slot is kept for the ping. */
const IN_FLIGHT = LIMITS.requestsInFlight - 1;

interface PendingRequest {
  readonly frame: Request;
  resolve(reply: Down): void;
  reject(error: Error): void;
  stop?: () => void;
}

/** The requests and answers over one link. */
class LinkConnection {
  readonly closed: Promise<Disconnected>;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #inbox: Inbox;
  readonly #pending = new Map<RequestId, PendingRequest>();
  /** Not bounded: each entry belongs to a caller that waits and holds its frame anyway. */
  readonly #queue: PendingRequest[] = [];
  #heardAt: number;
  #stopWatch: () => void = () => undefined;
  #stopCheck: () => void = () => undefined;
  /** How often something came from the server. */
  #heardCount = 0;
  #welcomed = false;
  #pings = 0;
  #farewell: DownOf<'error'> | undefined;
  #fault: Disconnected | undefined;
  #ended: Disconnected | undefined;

  constructor(link: Link, { clock = systemClock, answerMs = ANSWER_MS }: GreetOptions) {
    this.#link = link;
    this.#clock = clock;
    this.#answerMs = answerMs;
    this.#heardAt = clock.now();
    this.#inbox = new Inbox({
      pause: () => link.pause(),
      resume: () => {
        this.#heardAt = clock.now();
        link.resume();
      },
      overrun: () => this.#fail({ kind: 'client-overrun' }),
    });
    this.closed = link.closed.then((end) => this.#end(end));
    link.start({
      heard: () => {
        this.#heardAt = clock.now();
        this.#heardCount += 1;
      },
      frame: (frame, bytes) => this.#take(frame, bytes),
    });
  }

  async hello(): Promise<Connection> {
    const { origin } = this.#link;
    const id = 'hello' as RequestId;
    const stop = this.#clock.after(LIMITS.helloMs, () => this.#fail({ kind: 'no-welcome' }));
    try {
      const welcome = await this.request({ type: 'hello', id, version: PROTOCOL_VERSION, origin });
      checkVersion(welcome.version);
      this.#welcomed = true;
      const ahead = welcome.now - this.#clock.now();
      this.#watch(Math.min(SILENCE_MS.most, Math.max(SILENCE_MS.least, welcome.silenceMs)));
      return {
        dialled: { origin, nonce: welcome.nonce },
        server: welcome.server,
        inviteLifetimeMs: welcome.inviteLifetimeMs ?? LIMITS.inviteLifetimeMs,
        retainMs: welcome.retainMs,
        files: welcome.files ?? null,
        serverNow: () => this.#clock.now() + ahead,
        closed: this.closed,
        request: (frame) => this.request(frame),
        signal: (frame) => this.#signal(frame),
        check: () => this.#check(),
        onFrame: (listener) => this.#inbox.listen(listener),
        close: () => this.#link.close(),
      };
    } catch (error) {
      this.#link.close();
      throw error;
    } finally {
      stop();
    }
  }

  request<R extends Request>(frame: R): Promise<Reply<R>> {
    return new Promise<Down>((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended);
        return;
      }
      this.#queue.push({ frame, resolve, reject });
      this.#dispatch();
    }) as Promise<Reply<R>>;
  }

  #signal(frame: UpOf<'signal'>): boolean {
    if (this.#ended !== undefined || this.#link.queuedBytes > SIGNAL_QUEUE_BYTES) return false;
    this.#link.send(frame);
    return true;
  }

  #dispatch(): void {
    while (this.#pending.size < IN_FLIGHT && this.#queue.length > 0) {
      const next = this.#queue.shift();
      if (next !== undefined) this.#send(next);
    }
    this.#inbox.expect(this.#pending.size > 0);
  }

  #send(pending: PendingRequest): void {
    const { id } = pending.frame;
    if (this.#pending.has(id)) {
      pending.reject(new Error(`a request with the id ${id} is in flight already`));
      return;
    }
    this.#pending.set(id, pending);
    this.#await(pending, this.#clock.now());
    this.#link.send(pending.frame);
  }

  /** Closes the connection when an answer doesn't come, since the server's state is unknown then. */
  #await(pending: PendingRequest, sentAt: number): void {
    pending.stop = this.#clock.after(this.#answerMs, () => {
      const now = this.#clock.now();
      const alive = this.#inbox.paused || now - this.#heardAt < this.#answerMs;
      if (alive && now - sentAt < 4 * this.#answerMs) this.#await(pending, sentAt);
      else this.#fail({ kind: 'unanswered', ms: now - sentAt });
    });
  }

  #take(frame: Down, bytes: number): void {
    if (frame.type === 'error' && frame.id === undefined) {
      if (adviceOf(frame.code).closes || !this.#welcomed) this.#farewell = frame;
      this.#inbox.push(frame, bytes);
      return;
    }
    if (!('id' in frame) || frame.id === undefined) {
      if (this.#welcomed) this.#inbox.push(frame, bytes);
      else this.#fail({ kind: 'protocol', detail: `${frame.type} before welcome` });
      return;
    }
    const pending = this.#pending.get(frame.id);
    // No caller waits for it: a ping's answer, or an answer to no request.
    if (pending === undefined) return;
    this.#settle(pending, frame);
  }

  #settle(pending: PendingRequest, frame: Down): void {
    const { id, type } = pending.frame;
    if (frame.type !== 'error' && frame.type !== REPLIES[type]) {
      this.#fail({ kind: 'protocol', detail: `${type} answered with ${frame.type}` });
      return;
    }
    this.#pending.delete(id);
    pending.stop?.();
    if (frame.type !== 'error') pending.resolve(frame);
    else {
      if (adviceOf(frame.code).closes) this.#farewell = frame;
      pending.reject(new RequestError(frame));
    }
    this.#dispatch();
  }

  /** Sends a ping after each third of the silence after which either side closes the connection. */
  #watch(silenceMs: number): void {
    let queued = 0;
    const tick = () => {
      const now = this.#clock.now();
      const moves = this.#link.queuedBytes !== queued;
      queued = this.#link.queuedBytes;
      // Sent bytes also prove that the peer is alive: a long upload delays the ping.
      if (this.#inbox.paused || moves) this.#heardAt = now;
      if (now - this.#heardAt >= silenceMs) {
        this.#fail({ kind: 'silent' });
        return;
      }
      this.#ping();
      this.#stopWatch = this.#clock.after(silenceMs / 3, tick);
    };
    this.#stopWatch = this.#clock.after(silenceMs / 3, tick);
  }

  #ping(): void {
    this.#pings += 1;
    this.#link.send({ type: 'ping', id: `ping-${this.#pings}` as RequestId });
  }

  #check(): void {
    const before = this.#heardCount;
    this.#stopCheck();
    this.#ping();
    this.#stopCheck = this.#clock.after(CHECK_MS, () => {
      if (this.#heardCount === before && !this.#inbox.paused) this.#fail({ kind: 'silent' });
    });
  }

  #fail(failure: ConnectionFailure): void {
    this.#fault ??= new Disconnected(failure);
    this.#link.close();
  }

  #end(end: LinkEnd): Disconnected {
    const ended = this.#fault ?? farewell(this.#farewell, end);
    this.#ended = ended;
    this.#stopWatch();
    this.#stopCheck();
    this.#inbox.close();
    for (const { stop, reject } of [...this.#pending.values(), ...this.#queue]) {
      stop?.();
      reject(this.#welcomed || this.#farewell === undefined ? ended : new RequestError(this.#farewell));
    }
    this.#pending.clear();
    this.#queue.length = 0;
    return ended;
  }
}

const FAILURES: Readonly<Record<LinkEnd['reason'], ConnectionFailure['kind']>> = {
  here: 'closed-here',
  peer: 'closed-by-server',
  lost: 'lost',
  malformed: 'malformed',
  overrun: 'server-overrun',
  flooded: 'client-overrun',
};

function farewell(said: DownOf<'error'> | undefined, { reason, cause }: LinkEnd): Disconnected {
  return said === undefined || reason === 'here'
    ? new Disconnected({ kind: FAILURES[reason] }, {}, cause)
    : new Disconnected({ kind: 'server-error', error: said.code, detail: said.message }, said, cause);
}

function checkVersion(theirs: number): void {
  if (theirs === PROTOCOL_VERSION) return;
  throw new VersionError(theirs, PROTOCOL_VERSION);
}
