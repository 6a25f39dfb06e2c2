import type { RoomId, RoomLog, RoomState } from './log.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** Counters for a while, one for all nodes. */
export interface Counters {
  /** Counts one more under this name, which is forgotten after two hours. @returns the count now @throws Unavailable */
  add(name: string): Promise<number>;
}

/** Carries what is not kept from node to node, as well as it can. */
export interface Signals {
  send(room: RoomId, body: Uint8Array): void;
  /** Calls back with what other nodes send. @returns what ends it */
  listen(room: RoomId, heard: (body: Uint8Array) => void): () => void;
}

/** The log of one node, or of all that share it. */
export interface Engine {
  readonly log: RoomLog;
  readonly state: RoomState;
  /** Absent: no other node shares the log. */
  readonly counts?: Counters;
  readonly signals?: Signals;
  /**
   * Deletes the messages and state values that have expired, and the oldest messages above the engine's quotas, and forgets the ids of old posts, a bounded number per transaction.
   * Expired ones are never read in any case; this frees their space. The owner calls it now and then.
   * @returns how many messages went
   */
  sweep(): Promise<number>;
  /** Whether writes are taken: not while the engine is away, nor once it has failed for good or is closed. */
  writable(): boolean;
  /** How many rooms there are. Absent: counting them costs too much. */
  rooms?(): number;
  /** Followers end as `lost`; writes that were asked for before are finished; later calls throw `Unavailable`. */
  close(): Promise<void>;
}

/** An engine that lives in this process alone. */
export type EmbeddedEngine = Engine & Required<Pick<Engine, 'rooms'>>;

/** How long a post's id is remembered: the port asks for 120 s at least; a client that was offline for a while repeats too. */
export const POST_MEMORY_MS = 10 * 60_000;
