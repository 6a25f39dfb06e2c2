import type { Env } from '@gochat/crypto/primitives';
import type { Down } from '@gochat/protocol/down';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { RoomFrame } from '../room/room-input.ts';
import type { RoomSession } from '../room/room-session.ts';
import { BackOff } from '../schedule/backoff.ts';
import { Condition } from '../schedule/condition.ts';
import { Timers } from '../schedule/timers.ts';
import type { Connection } from './connection.ts';
import { Disconnected, RequestError } from './connection-errors.ts';
import { type ConnectionFailure, patienceOf } from './connection-failure.ts';
import { DialError } from './dial-error.ts';

/** How long a server that can't be reached for the first time is tried, when it may be starting. */
const SHORT_MS = 3_000;
/** The shortest time between two attempts. */
const APART_MS = 1_000;

/** Opens a connection. Rejects when that fails. @param circuit what isolates it from others in the network, if anything does */
export type Connect = (address: string, circuit?: string) => Promise<Connection>;

/** A server's connection, which is restored automatically, and the rooms on that server. */
export class ServerConnection {
  readonly condition = new Condition();
  readonly address: string;
  /** What isolates its connections from others in the network, if anything does. */
  readonly circuit: string | undefined;
  readonly #connect: Connect;
  readonly #sessions = new Map<RoomId, RoomSession>();
  #connection: Connection | undefined;
  #problem: ChatError | undefined;
  #failure: ConnectionFailure | undefined;
  #wasConnected = false;
  /** How many attempts have failed. */
  #failed = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  readonly #env: Env;
  /** Ends the wait for the next attempt; undefined while there is none, or while the server forbids an earlier attempt. */
  #hurry: (() => void) | undefined;
  /** Whether the device woke during the present attempt, which then began without a network. */
  #woke = false;
  #running = false;
  #closed = false;
  readonly #timers = new Timers();
  readonly #backOff: BackOff;
  readonly #spreadMs: number;

  /** @param spreadMs each attempt that nobody waits for is delayed by a random time up to this, so that attempts of several connections can't be linked. */
  constructor(address: string, connect: Connect, env: Env, spreadMs = 0, circuit?: string) {
    this.circuit = circuit;
    this.#spreadMs = spreadMs;
    this.address = address;
    this.#connect = connect;
    this.#env = env;
    this.#backOff = new BackOff({ clock: env, random: () => this.#random() });
  }

  #random(): number {
    return (this.#env.random(1)[0] ?? 0) / 256;
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

  /** The device is likely to reach the network again: tries again at once, and checks whether an old connection still works. */
  wake(): void {
    // All connections would act at the same time.
    if (this.#spreadMs > 0) return;
    this.#connection?.check();
    this.#backOff.reset();
    this.#woke = true;
    this.#hurry?.();
  }

  /**
   * @throws ChatError `offline`, with the last reason, when there is no connection after `waitMs`; earlier when a new attempt fails
   * for a lasting reason, or after three seconds when nothing listens at a server that was never reached; `profile-closed` once it is closed.
   */
  async online(waitMs: number): Promise<Connection> {
    this.hurry();
    const failed = this.#failed;
    const tried = (given: boolean) => () => {
      if (this.#closed) throw new ChatError({ reason: 'profile-closed' });
      if (this.#failed > failed) this.#throwIfHopeless(given);
      return this.#connection;
    };
    const shortMs = Math.min(waitMs, SHORT_MS);
    const connection =
      (await this.condition.until(tried(false), shortMs)) ??
      (await this.condition.until(tried(true), waitMs - shortMs));
    if (connection !== undefined) return connection;
    throw this.#problem ?? new ChatError({ reason: 'server-unreachable', server: this.address });
  }

  /** @param isLate whether the server has had the short time */
  #throwIfHopeless(isLate: boolean): void {
    if (this.#connection !== undefined || this.#problem === undefined) return;
    if (this.#problem.code !== 'offline') throw this.#problem;
    const patience = this.#failure === undefined ? 'full' : patienceOf(this.#failure);
    if (patience === 'none' || (patience === 'short' && isLate && !this.#wasConnected)) throw this.#problem;
  }

  /** Ends the wait for the next attempt, unless the last one was just made. */
  #hurrySoon(): void {
    if (this.#hurry === undefined) return;
    const sinceMs = this.#env.now() - this.#triedAt;
    if (sinceMs >= APART_MS || sinceMs < 0) this.#hurry();
    else this.#timers.after(APART_MS - sinceMs, () => this.#hurry?.());
  }

  /** Somebody waits for a room of this connection: the next attempt is not delayed any more. */
  hurry(): void {
    this.start();
    this.#hurrySoon();
  }

  async #run(): Promise<void> {
    if (this.#spreadMs > 0) await this.#rest(0, false);
    while (!this.#closed) {
      let notBeforeMs = 0;
      this.#triedAt = this.#env.now();
      this.#woke = false;
      try {
        const end = await this.#serve(await this.#connect(this.address));
        notBeforeMs = end?.retryAfterMs ?? 0;
      } catch (error) {
        this.#problem = toProblem(error, this.address);
        this.#failure = failureOf(error);
        this.#failed += 1;
        this.condition.changed();
      }
      if (!this.#closed) await this.#rest(this.#backOff.next(notBeforeMs), notBeforeMs > 0);
    }
  }

  /** Waits before the next attempt. @param isBound whether the server asked for this wait */
  async #rest(ms: number, isBound: boolean): Promise<void> {
    if (this.#woke && !isBound) return;
    const hurried = new Promise<void>((resolve) => {
      if (!isBound) this.#hurry = resolve;
    });
    await Promise.race([this.#timers.pause(ms + this.#spreadMs * this.#random()), hurried]);
    this.#hurry = undefined;
  }

  async #serve(connection: Connection): Promise<Disconnected | undefined> {
    if (this.#closed) {
      connection.close();
      return undefined;
    }
    this.#backOff.succeeded();
    this.#connection = connection;
    this.#wasConnected = true;
    this.#woke = false;
    this.#problem = undefined;
    this.#failure = undefined;
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
    frame.type === 'refreshed' ||
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
