import type { RoomId, RoomLog, RoomState } from './log.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Temporary counters, shared by all nodes. */
export interface Counters {
  /** Adds one to the counter of this name. Counters are deleted after two hours. @returns the new value. @throws Unavailable */
  add(name: string): Promise<number>;
}

/** Sends signals from node to node. Signals are not stored and may be lost. */
export interface Signals {
  send(room: RoomId, body: Uint8Array): void;
  /** Calls `received` with the signals of other nodes. @returns a function that ends it */
  listen(room: RoomId, received: (body: Uint8Array) => void): () => void;
}

/** Stores the rooms of one node, or of all nodes that share it. */
export interface Engine {
  readonly log: RoomLog;
  readonly state: RoomState;
  /** Absent: no other node shares the log. */
  readonly counters?: Counters;
  readonly signals?: Signals;
  /**
   * Deletes expired messages, expired state values, the oldest messages beyond the engine's quotas, and the ids of old posts, a
   * bounded number per transaction. Expired messages are never read in any case: this frees their space. The owner calls it
   * regularly.
   * @returns how many messages were deleted
   */
  sweep(): Promise<number>;
  /**
   * The share of the rooms whose writes are accepted, from 0 to 1. 0 while the engine can't be reached, and once it has failed for
   * good or is closed.
   */
  writable(): number;
  /** How many rooms there are. Absent: counting them is too expensive. */
  rooms?(): number;
  /**
   * Writes a snapshot of all rooms to a new file that only its owner can read: everything acknowledged before the call is in it. The
   * file is not synced. Absent: the operator backs up the rooms with the tools of the cluster.
   * @throws CannotOpen when the file can't be written, or there is too little space for it
   */
  backup?(file: string): Promise<void>;
  /** Ends all followers as `lost`, and finishes the writes that were requested before. Later calls throw `Unavailable`. */
  close(): Promise<void>;
}

/** An engine that runs inside this process. */
export type EmbeddedEngine = Engine & Required<Pick<Engine, 'rooms'>>;

/** How long a post's id is remembered. {@link RoomLog} requires at least 120 s, but clients that were offline also repeat posts. */
export const POST_MEMORY_MS = 10 * 60_000;
