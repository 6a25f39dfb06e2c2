/** A room's id as the protocol writes it (22 characters of base64url). */
export type RoomId = string;

/** A place in a room's log: a whole number below 2^53, strictly increasing in a room, with gaps; 0 stands before the first entry. */
export type LogPosition = number;

/** A page of the log ends with the entry that brings the bodies in it to so many bytes. */
export const PAGE_BYTES = 1024 * 1024;

export type EntryKind = 'message' | 'handshake';

export interface Entry {
  readonly pos: LogPosition;
  readonly kind: EntryKind;
  /** Milliseconds since 1970, by the clock of the node that appended it. */
  readonly at: number;
  readonly body: Uint8Array;
  /** Of a handshake: the access key (32 bytes) that it added. */
  readonly access?: Uint8Array;
  /** Of a handshake: whether it retired every access key that was added before it. */
  readonly retires?: boolean;
}

export interface MessageAppend {
  /** Random per post; a repeat is found by it. 22 characters of base64url. */
  readonly id: string;
  /** The last handshake that the sender has processed. */
  readonly base: LogPosition;
  readonly body: Uint8Array;
  /** After this many seconds the entry may vanish, and is never read any more. Absent: kept. */
  readonly ttlSec?: number;
}

export interface HandshakeAppend {
  readonly id: string;
  readonly body: Uint8Array;
  readonly access: Uint8Array;
  readonly retires: boolean;
  /** The room's state as of this handshake, opaque to the engine; of each room only the newest is kept. */
  readonly state: Uint8Array;
}

export interface Appended {
  readonly pos: LogPosition;
  readonly at: number;
  /** True when an append with the same id had been acknowledged before; `pos` and `at` are then that one's. */
  readonly dup: boolean;
}

export interface Head {
  /** The last entry's position (also of one that has expired since). */
  readonly pos: LogPosition;
  /** Positions up to here were given out once, though nothing stands there now: the log was put back to an older state. Absent: up to `pos`. */
  readonly given?: LogPosition;
  /** The last handshake's position. */
  readonly handshake: LogPosition;
  /** Its access key and state. */
  readonly access: Uint8Array;
  readonly state: Uint8Array;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Messages at or before this position may have expired. 0 when nothing has. */
  readonly floor: LogPosition;
}

/** Takes a batch in order, all or none; returns false when it has not taken it, which ends the follower as `lagged`. Must not throw. */
export type Sink = (entries: readonly Entry[]) => boolean;

export interface FollowEnd {
  /** `stopped`: by `stop()`. `lagged`: the sink was full. `lost`: the room was dropped or the engine went away. */
  readonly reason: 'stopped' | 'lagged' | 'lost';
  /** The last position that the sink took. */
  readonly last: LogPosition;
}

export interface Follower {
  stop(): void;
  readonly done: Promise<FollowEnd>;
}

/** The outcome is unknown; repeat with the same id. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** The ordered log of every room. Conflict is a value; only {@link Unavailable} is thrown. Opening and closing belong to the engine. */
export interface RoomLog {
  /** Appends a message, atomically with `base` being the last handshake. Durable when it resolves. An absent room is `{ stale: 0 }`. */
  append(room: RoomId, message: MessageAppend): Promise<Appended | { readonly stale: LogPosition }>;
  /**
   * Appends a handshake when the last one stands at `after`; 0 makes the room. Durable when it resolves; the entry, its access
   * key and the state become visible together. A repeated id is found while that handshake is the newest, and for 120 s.
   */
  handshake(
    room: RoomId,
    after: LogPosition,
    entry: HandshakeAppend,
  ): Promise<Appended | { readonly conflict: LogPosition }>;
  /** Linearizable: at least as new as every append acknowledged before the call. */
  head(room: RoomId): Promise<Head | undefined>;
  /**
   * At most `limit` entries behind `after`, in order, up to {@link PAGE_BYTES}, but one if there is one; may trail `head`.
   * An absent room is an empty page.
   */
  read(room: RoomId, after: LogPosition, limit: number): Promise<Page>;
  /** Everything behind `after`, once and in order, then what is appended from now on. */
  follow(room: RoomId, after: LogPosition, sink: Sink): Follower;
  /** Removes the room and all that belongs to it, the per-room state too. */
  drop(room: RoomId): Promise<void>;
}

export interface StateValue {
  readonly value: Uint8Array;
  /** Names this version of the value; opaque. */
  readonly revision: string;
}

export interface PutOptions {
  /** Only when the present version has this revision; `absent` only when there is none. */
  readonly revision?: string | 'absent';
  /** After this many seconds the value is gone. */
  readonly ttlSec?: number;
}

/** Small values kept per room, apart from its log, each with compare-and-swap. */
export interface RoomState {
  get(room: RoomId, key: string): Promise<StateValue | undefined>;
  /** Durable when it resolves. @returns the new revision, or what stands in the way. */
  put(
    room: RoomId,
    key: string,
    value: Uint8Array,
    options?: PutOptions,
  ): Promise<{ readonly revision: string } | 'conflict'>;
  delete(room: RoomId, key: string, options?: Pick<PutOptions, 'revision'>): Promise<'deleted' | 'conflict'>;
}
