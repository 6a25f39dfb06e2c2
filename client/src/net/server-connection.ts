import type { Env } from '@gochat/crypto/primitives';
import type { Down } from '@gochat/protocol/down';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { RoomFrame, RoomSession } from '../room/room-session.ts';
import { BackOff } from '../schedule/backoff.ts';
import { Condition } from '../schedule/condition.ts';
import { Timers } from '../schedule/timers.ts';
import type { Connection } from './connection.ts';
import { Disconnected, RequestError } from './connection-errors.ts';
import type { ConnectionFailure } from './connection-failure.ts';
import { DialError } from './dial-error.ts';

/** Opens a connection. Rejects when that fails. */
export type Connect = (address: string) => Promise<Connection>;

/** A server's connection, which is restored automatically, and the rooms on that server. */
export class ServerConnection {
  readonly condition = new Condition();
  readonly address: string;
  readonly #connect: Connect;
  readonly #sessions = new Map<RoomId, RoomSession>();
  #connection: Connection | undefined;
  #problem: ChatError | undefined;
  #running = false;
  #closed = false;
  readonly #timers = new Timers();
  readonly #backOff: BackOff;

  constructor(address: string, connect: Connect, env: Env) {
    this.address = address;
    this.#connect = connect;
    this.#backOff = new BackOff({ clock: env, random: () => (env.random(1)[0] ?? 0) / 256 });
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Why there is no connection, if known. */
  get problem(): ChatError | undefined {
    return this.#problem;
  }

  add(session: RoomSession): void {
    if (this.#sessions.get(session.room.id) === session) return;
    this.#sessions.set(session.room.id, session);
    if (this.#connection !== undefined) session.attach(this.#connection);
    this.start();
  }

  drop(session: RoomSession): void {
    this.#sessions.delete(session.room.id);
    session.detach();
  }

  start(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    void this.#run();
  }

  /** @throws ChatError `offline` when there is no connection after `waitMs`, with the last reason. */
  async online(waitMs: number): Promise<Connection> {
    this.start();
    const connection = await this.condition.until(() => this.#connection ?? this.#finalProblem(), waitMs);
    if (connection !== undefined) return connection;
    throw this.#problem ?? new ChatError({ reason: 'server-unreachable', server: this.address });
  }

  #finalProblem(): undefined {
    if (this.#problem !== undefined && this.#problem.code !== 'offline') throw this.#problem;
    return undefined;
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      let notBeforeMs = 0;
      try {
        const end = await this.#serve(await this.#connect(this.address));
        notBeforeMs = end?.retryAfterMs ?? 0;
      } catch (error) {
        this.#problem = toProblem(error, this.address);
        this.condition.changed();
      }
      if (!this.#closed) await this.#timers.pause(this.#backOff.next(notBeforeMs));
    }
  }

  async #serve(connection: Connection): Promise<Disconnected | undefined> {
    if (this.#closed) {
      connection.close();
      return undefined;
    }
    this.#backOff.succeeded();
    this.#connection = connection;
    this.#problem = undefined;
    const stop = connection.onFrame((frame) => this.#dispatch(frame));
    for (const session of this.#sessions.values()) session.attach(connection);
    this.condition.changed();
    const end = await connection.closed;
    stop();
    this.#connection = undefined;
    this.#problem = new ChatError({
      reason: 'connection-ended',
      server: this.address,
      failure: end.failure,
    });
    for (const session of this.#sessions.values()) session.detach();
    this.condition.changed();
    return end;
  }

  #dispatch(frame: Down): void | Promise<void> {
    if (!isRoomFrame(frame)) return undefined;
    return this.#sessions.get(frame.room)?.take(frame);
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
    this.#connection?.close();
    this.condition.changed();
  }
}

function isRoomFrame(frame: Down): frame is RoomFrame {
  return (
    frame.type === 'entry' ||
    frame.type === 'live' ||
    frame.type === 'retired' ||
    frame.type === 'signal' ||
    (frame.type === 'error' && frame.id === undefined && frame.room !== undefined)
  );
}

/** Errors that may pass on a retry become `offline`; a refused address, version or host stays as it is. */
function toProblem(error: unknown, address: string): ChatError {
  const problem = toChatError(error);
  if (problem.code === 'usage' || problem.code === 'refused') return problem;
  const failure = failureOf(error);
  return new ChatError(
    { reason: 'server-unreachable', server: address, ...(failure && { failure }) },
    { cause: error },
  );
}

function failureOf(error: unknown): ConnectionFailure | undefined {
  if (error instanceof DialError || error instanceof Disconnected) return error.failure;
  if (error instanceof RequestError) return { kind: 'server-error', error: error.code };
  return error instanceof Error ? { kind: 'system', detail: error.message } : undefined;
}
