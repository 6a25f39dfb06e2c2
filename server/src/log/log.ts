/** A room's id as in the protocol (22 characters of base64url). */
export type RoomId = string;

/** The position of an entry in a room's log: an integer below 2^53. Positions of a room increase, with gaps. 0 is before the first entry. */
export type LogPosition = number;

/** A page ends with the entry whose body brings the page to this many bytes. */
export const PAGE_BYTES = 1024 * 1024;

export type EntryKind = 'message' | 'handshake' | 'knock';

export interface Entry {
  readonly pos: LogPosition;
  readonly kind: EntryKind;
  /** Milliseconds since 1970, by the clock of the node that appended it. */
  readonly at: number;
  readonly body: Uint8Array;
  /** The access key (32 bytes) that a handshake added. */
  readonly access?: Uint8Array;
  /** Whether a handshake retired every access key added before it. */
  readonly retires?: boolean;
  /** What was recorded with a handshake or a knock for its followers. Opaque to the engine. Absent: nothing. */
  readonly note?: Uint8Array;
}

/** A message, or a knock: the log treats them alike. */
export interface MessageAppend {
  /** Absent: a message. */
  readonly kind?: Exclude<EntryKind, 'handshake'>;
  /** Random per post: it identifies repeats. 22 characters of base64url. */
  readonly id: string;
  /** The position of the last handshake that the sender has processed. */
  readonly base: LogPosition;
  readonly body: Uint8Array;
  /** Of a knock; at most 64 KiB. Absent: nothing. */
  readonly note?: Uint8Array;
  /** After this many seconds the entry expires: it is never read again and may be deleted. Absent: it never expires. */
  readonly ttlSec?: number;
}

export interface HandshakeAppend {
  readonly id: string;
  readonly body: Uint8Array;
  readonly access: Uint8Array;
  readonly retires: boolean;
  /** At most 64 KiB. Absent: nothing. */
  readonly note?: Uint8Array;
  /** The room's state as of this handshake, opaque to the engine. Only the newest of each room is stored. */
  readonly state: Uint8Array;
}

export interface Appended {
  readonly pos: LogPosition;
  readonly at: number;
  /** Whether an append with the same id was acknowledged before. `pos` and `at` are then those of the earlier append. */
  readonly dup: boolean;
}

export interface Head {
  /** The position of the last entry, even if it has expired. */
  readonly pos: LogPosition;
  /** The highest position issued, if later than `pos`: the log was restored to an older state. Absent: `pos`. */
  readonly issued?: LogPosition;
  /** The last handshake's position. */
  readonly handshake: LogPosition;
  /** The access key and state of the last handshake. */
  readonly access: Uint8Array;
  readonly state: Uint8Array;
}

export interface Page {
  readonly entries: readonly Entry[];
  /** Messages at or before this position may have expired. 0: none has. */
  readonly floor: LogPosition;
}

/** Accepts a batch of entries, in order. Must not throw. @returns false when it accepts none of them: the follower ends as `lagged` */
export type Sink = (entries: readonly Entry[]) => boolean;

export interface FollowEnd {
  /** `stopped`: by `stop()`. `lagged`: the sink was full. `lost`: the room was deleted, or the engine closed or failed. */
  readonly reason: 'stopped' | 'lagged' | 'lost';
  /** The last position that the sink accepted. */
  readonly last: LogPosition;
}

export interface Follower {
  stop(): void;
  readonly done: Promise<FollowEnd>;
}

/** The outcome is unknown. Repeat the request with the same id. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** The ordered log of every room. Conflicts are return values: only {@link Unavailable} is thrown. The engine opens and closes it. */
export interface RoomLog {
  /** Appends a message if `base` is the last handshake, atomically. Durable when it resolves. For an unknown room it returns `{ stale: 0 }`. */
  append(room: RoomId, message: MessageAppend): Promise<Appended | { readonly stale: LogPosition }>;
  /**
   * Appends a handshake if the last one is at `after`, atomically; 0 creates the room. Durable when it resolves. The entry, its
   * access key and the state become visible together. A repeat is recognized for 120 s, and while that handshake is the last.
   * @returns the position of the last handshake as `conflict` if it is not `after`
   */
  handshake(
    room: RoomId,
    after: LogPosition,
    entry: HandshakeAppend,
  ): Promise<Appended | { readonly conflict: LogPosition }>;
  /** Linearizable: it includes every append acknowledged before the call. @returns undefined for an unknown room */
  head(room: RoomId): Promise<Head | undefined>;
  /**
   * Reads at most `limit` entries after `after`, in order, up to {@link PAGE_BYTES}, and at least one if there is one. The page may
   * be behind `head`. For an unknown room it is empty.
   */
  read(room: RoomId, after: LogPosition, limit: number): Promise<Page>;
  /** Delivers every entry after `after`, once and in order, then new entries as they are appended. */
  follow(room: RoomId, after: LogPosition, sink: Sink): Follower;
  /**
   * Reads the head and follows the room from there: each entry is in the head or delivered, as with {@link follow}.
   * @param begin is called once, before anything is delivered. What it throws is thrown
   * @returns undefined for an unknown room
   */
  open(room: RoomId, begin: (head: Head) => Sink): Promise<Follower | undefined>;
  /** Deletes the room with its log and its state. */
  drop(room: RoomId): Promise<void>;
}

/** {@link RoomLog.open} for a log whose entries can be read without a request. */
export async function openByHead(
  log: Pick<RoomLog, 'head' | 'follow'>,
  room: RoomId,
  begin: (head: Head) => Sink,
): Promise<Follower | undefined> {
  const head = await log.head(room);
  return head && log.follow(room, head.pos, begin(head));
}

export interface StateValue {
  readonly value: Uint8Array;
  /** Identifies this version of the value. Opaque. */
  readonly revision: string;
}

export interface PutOptions {
  /** Write only if the current version has this revision; `absent`: only if there is no value. */
  readonly revision?: string | 'absent';
  /** After this many seconds the value expires. Absent: it never expires. */
  readonly ttlSec?: number;
}

/** Small values stored per room, apart from its log, each with compare-and-swap. */
export interface RoomState {
  get(room: RoomId, key: string): Promise<StateValue | undefined>;
  /** Durable when it resolves. @returns the new revision, or `conflict` if the current version has another revision */
  put(
    room: RoomId,
    key: string,
    value: Uint8Array,
    options?: PutOptions,
  ): Promise<{ readonly revision: string } | 'conflict'>;
  delete(room: RoomId, key: string, options?: Pick<PutOptions, 'revision'>): Promise<'deleted' | 'conflict'>;
}
