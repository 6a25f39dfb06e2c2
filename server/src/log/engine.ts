import type { RoomLog, RoomState } from './log.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** An engine that lives in this process. */
export interface Engine {
  readonly log: RoomLog;
  readonly state: RoomState;
  /**
   * Deletes the messages and state values that have expired, and the oldest messages above the engine's quotas, and forgets the ids of old posts, a bounded number per transaction.
   * Expired ones are never read in any case; this frees their space. The owner calls it now and then.
   * @returns how many messages went
   */
  sweep(): Promise<number>;
  /** Whether writes are taken: not once the store has failed for good, or is closed. */
  writable(): boolean;
  /** How many rooms there are. */
  rooms(): number;
  /** Followers end as `lost`; writes that were asked for before are finished; later calls throw `Unavailable`. */
  close(): Promise<void>;
}

/** How long a post's id is remembered: the port asks for 120 s at least; a client that was offline for a while repeats too. */
export const POST_MEMORY_MS = 10 * 60_000;
