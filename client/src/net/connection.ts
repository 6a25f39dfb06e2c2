import type { Down, DownOf } from '@gochat/protocol/down';
import { adviceOf, type ErrorAdvice, type ErrorCode } from '@gochat/protocol/errors';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import type { Dialled } from '@gochat/protocol/signed';
import type { Up, UpOf } from '@gochat/protocol/up';
import { type ConnectionFailure, describeFailure } from './connection-failure.ts';
import type { FrameListener } from './inbox.ts';

/** The server's refusal of a request. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: ErrorCode;
  readonly advice: ErrorAdvice;
  /** Positive when the same request may be repeated, with the same id: not before this long. */
  readonly retryAfterMs: number;
  /** With `stale` and `conflict`: the position of the last handshake. */
  readonly handshake: Position | undefined;
  constructor({ code, message, handshake, retryAfterMs }: Omit<DownOf<'error'>, 'type'>) {
    super(message);
    this.code = code;
    this.advice = adviceOf(code);
    this.retryAfterMs = this.advice.retry === 'same' ? (retryAfterMs ?? this.advice.retryAfterMs) : 0;
    this.handshake = handshake;
  }
}

/** The server speaks another version of the protocol. */
export class VersionError extends RequestError {
  readonly server: number;
  readonly client: number;
  constructor(server: number, client: number) {
    super({ code: 'version', message: `server ${server}, client ${client}` });
    this.server = server;
    this.client = client;
  }
}

/** A server that has missed a handshake is asked again after so long. */
const BEHIND_MS = 1_000;

/**
 * How long to wait before the same request may be sent again; 0: it may not. Where the server's last handshake lies in front of the
 * one that the request names, nothing has overtaken that: the server has missed it, and may hear of it yet.
 */
export function waitBeforeRepeat(error: unknown, named: Position): number {
  if (!(error instanceof RequestError)) return 0;
  const { handshake, retryAfterMs } = error;
  return handshake !== undefined && comparePositions(handshake, named) < 0 ? BEHIND_MS : retryAfterMs;
}

/** The connection ended before the answer: whether the request took effect is unknown. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
  /** What the server gave as its reason, if it did. */
  readonly code: ErrorCode | undefined;
  /** Not to be dialled again before this long. */
  readonly retryAfterMs: number;
  readonly failure: ConnectionFailure;
  constructor(
    failure: ConnectionFailure,
    { code, retryAfterMs = 0 }: Partial<DownOf<'error'>> = {},
    cause?: unknown,
  ) {
    super(describeFailure(failure), { cause });
    this.failure = failure;
    this.code = code;
    this.retryAfterMs = Math.max(retryAfterMs, code === undefined ? 0 : adviceOf(code).retryAfterMs);
  }
}

export type Request = Exclude<Up, { type: 'signal' }>;

/** What answers a request, if no error does. */
export const REPLIES = {
  hello: 'welcome',
  create: 'ack',
  enter: 'entered',
  post: 'ack',
  handshake: 'ack',
  invitation: 'groupinfo',
  join: 'ack',
  refresh: 'ack',
  fetch: 'groupinfo',
  read: 'page',
  exit: 'exited',
  ping: 'pong',
} as const satisfies Record<Request['type'], Down['type']>;
export type Reply<R extends Request> = DownOf<(typeof REPLIES)[R['type']]>;

/** A connection that the server has welcomed. It ends once, and is never mended: dial anew. */
export interface Connection {
  /** What proofs are bound to. */
  readonly dialled: Dialled;
  /** The server's software, for people. */
  readonly server: string;
  /** For how long an invite may be made there. */
  readonly inviteLifetimeMs: number;
  /** Resolves when it has ended, with why; no frame is delivered after. */
  readonly closed: Promise<Disconnected>;
  /**
   * Sends it, behind earlier ones, when few enough are in flight. Frames that follow the reply may be delivered before whoever
   * awaits the reply goes on.
   * @throws RequestError, Disconnected
   */
  request<R extends Request>(frame: R): Promise<Reply<R>>;
  /** @returns false when it was dropped, since too much waits to be sent. */
  signal(frame: UpOf<'signal'>): boolean;
  /** Everything that answers no request, in order. @returns what ends it. */
  onFrame(listener: FrameListener): () => void;
  close(): void;
}
