import type { Env } from '@gochat/crypto/primitives';
import type { Down } from '@gochat/protocol/down';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError } from './chat-error.ts';
import type { Connection } from './connection.ts';
import type { RoomFrame, RoomSession } from './room-session.ts';
import { Watch } from './turns.ts';

/** Opens a connection; rejects when it can't. */
export type Connect = (address: string) => Promise<Connection>;

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 30_000;

/** One server as this profile talks to it: a connection that comes back by itself, and the rooms that live on it. */
export class ServerLine {
  readonly watch = new Watch();
  readonly address: string;
  readonly #connect: Connect;
  readonly #env: Env;
  readonly #sessions = new Map<RoomId, RoomSession>();
  #connection: Connection | undefined;
  #problem: ChatError | undefined;
  #running = false;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(address: string, connect: Connect, env: Env) {
    this.address = address;
    this.#connect = connect;
    this.#env = env;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Why there is no connection, as far as known. */
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
    const connection = await this.watch.until(() => this.#connection ?? this.#finalProblem(), waitMs);
    if (connection !== undefined) return connection;
    throw (
      this.#problem ?? new ChatError('offline', `the server at ${this.address} could not be reached in time`)
    );
  }

  #finalProblem(): undefined {
    if (this.#problem !== undefined && this.#problem.code !== 'offline') throw this.#problem;
    return undefined;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#closed) {
      try {
        await this.#serve(await this.#connect(this.address));
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#problem = toProblem(error, this.address);
        this.watch.changed();
      }
      if (!this.#closed)
        await this.#pause(
          Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 8)) * this.#jitter(),
        );
    }
  }

  async #serve(connection: Connection): Promise<void> {
    if (this.#closed) {
      connection.close();
      return;
    }
    this.#connection = connection;
    this.#problem = undefined;
    const stop = connection.onFrame((frame) => this.#dispatch(frame));
    for (const session of this.#sessions.values()) session.attach(connection);
    this.watch.changed();
    const end = await connection.closed;
    stop();
    this.#connection = undefined;
    this.#problem = new ChatError('offline', `the connection to ${this.address} ended: ${end.message}`);
    for (const session of this.#sessions.values()) session.detach();
    this.watch.changed();
  }

  #dispatch(frame: Down): void {
    if (!isRoomFrame(frame)) return;
    this.#sessions.get(frame.room)?.take(frame);
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
    this.#connection?.close();
    this.watch.changed();
  }

  #jitter(): number {
    return 0.5 + (this.#env.random(1)[0] ?? 0) / 512;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isRoomFrame(frame: Down): frame is RoomFrame {
  return (
    frame.type === 'entry' || frame.type === 'live' || frame.type === 'retired' || frame.type === 'signal'
  );
}

function toProblem(error: unknown, address: string): ChatError {
  if (error instanceof ChatError) return error;
  const reason = error instanceof Error ? error.message : 'unknown';
  return new ChatError('offline', `the server at ${address} could not be reached: ${reason}`, {
    cause: error,
  });
}
