import { bytesOfId, requireId, requireKey } from '../ids.ts';
import type { Entry, EntryKind, HandshakeAppend, LogPosition, RoomId } from '../log.ts';
import type { Stored } from './nats.ts';

/** All entries of all rooms; what one room's subjects hold is its log. */
export const LOG_STREAM = 'GOCHAT_LOG';
/** The values kept per room. */
export const STATE_STREAM = 'GOCHAT_STATE';
/** Counters that hold across nodes; in memory. */
export const COUNT_STREAM = 'GOCHAT_COUNTS';

/**
 * The first sequence of the log's stream. A position is its entry's sequence; below this lie those that an embedded engine gave
 * before the room was moved here, and its entries carry them.
 */
export const FIRST_SEQUENCE = 2 ** 40;

const KINDS: Readonly<Record<EntryKind, string>> = { message: 'm', handshake: 'c' };

export const logSubject = (room: RoomId, kind: EntryKind): string =>
  `gochat.log.${requireId(room)}.${KINDS[kind]}`;
export const logSubjects = (room: RoomId): string => `gochat.log.${requireId(room)}.*`;
export const liveSubjects = (room: RoomId): string => `gochat.live.${requireId(room)}.*`;
/** Tells of a room that was dropped. */
export const dropSubject = (room: RoomId): string => `gochat.live.${requireId(room)}.x`;
export const DROPS = 'gochat.live.*.x';
export const roomOfDrop = (subject: string): RoomId => subject.split('.')[2] ?? '';
export const signalSubject = (room: RoomId): string => `gochat.signal.${requireId(room)}`;
export const stateSubject = (room: RoomId, key: string): string =>
  `gochat.state.${requireId(room)}.${Buffer.from(requireKey(key)).toString('base64url')}`;
export const stateSubjects = (room: RoomId): string => `gochat.state.${requireId(room)}.*`;

/** The key under which a room's `tail` stands: no key of the port's callers, who use words. */
export const TAIL_KEY = '\u0000tail';

/** The key under which it stands that a room was moved here whole, and as of when. */
export const MOVED_KEY = '\u0000moved';

const MESSAGE = 1;
const HANDSHAKE = 2;
const TIME_BYTES = 6;
const ID_BYTES = 16;
const MESSAGE_HEAD = 1 + 4 * TIME_BYTES;
const HANDSHAKE_HEAD = 1 + 3 * TIME_BYTES + ID_BYTES + 1 + 4 + 1;

/** What an entry carries that isn't the port's. */
interface Stamp {
  /** The last position of the room that its node knew, 0 if none: where that is missing in front of it, something has expired. */
  readonly before: LogPosition;
  /** The position that an embedded engine gave it. */
  readonly moved?: LogPosition;
}

export interface MessageRecord extends Stamp {
  readonly at: number;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly body: Uint8Array;
}

export interface HandshakeRecord extends Stamp, Omit<HandshakeAppend, 'id'> {
  readonly at: number;
  readonly id: string;
}

/** An entry as it was read from the stream. */
export interface LogRecord {
  readonly seq: number;
  readonly entry: Entry;
  readonly before: LogPosition;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** Of a handshake. */
  readonly id?: string;
  readonly state?: Uint8Array;
}

export function encodeMessage({ at, expiresAt, before, moved = 0, body }: MessageRecord): Buffer {
  const head = Buffer.alloc(MESSAGE_HEAD);
  head[0] = MESSAGE;
  [at, expiresAt, before, moved].forEach((value, i) => {
    head.writeUIntBE(value, 1 + i * TIME_BYTES, TIME_BYTES);
  });
  return Buffer.concat([head, body]);
}

export function encodeHandshake({
  at,
  before,
  moved = 0,
  id,
  body,
  access,
  retires,
  state,
}: HandshakeRecord): Buffer {
  const head = Buffer.alloc(HANDSHAKE_HEAD);
  head[0] = HANDSHAKE;
  [at, before, moved].forEach((value, i) => {
    head.writeUIntBE(value, 1 + i * TIME_BYTES, TIME_BYTES);
  });
  let offset = 1 + 3 * TIME_BYTES;
  offset += bytesOfId(id).copy(head, offset);
  offset = head.writeUInt8(retires ? 1 : 0, offset);
  offset = head.writeUInt32BE(state.length, offset);
  head.writeUInt8(access.length, offset);
  return Buffer.concat([head, access, state, body]);
}

/** @throws Error when the bytes are none of ours: somebody else writes to the stream, or a later version does. */
export function decodeLogRecord({ seq, data: bytes }: Pick<Stored, 'seq' | 'data'>): LogRecord {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (i: number) => data.readUIntBE(1 + i * TIME_BYTES, TIME_BYTES);
  if (data[0] === MESSAGE && data.length >= MESSAGE_HEAD) {
    const body = data.subarray(MESSAGE_HEAD);
    const entry: Entry = { pos: number(3) || seq, kind: 'message', at: number(0), body };
    return { seq, entry, before: number(2), expiresAt: number(1) };
  }
  if (data[0] === HANDSHAKE && data.length >= HANDSHAKE_HEAD) {
    let offset = 1 + 3 * TIME_BYTES;
    const id = data.toString('base64url', offset, offset + ID_BYTES);
    offset += ID_BYTES;
    const retires = data.readUInt8(offset) === 1;
    const stateBytes = data.readUInt32BE(offset + 1);
    const accessBytes = data.readUInt8(offset + 5);
    offset += 6;
    const access = data.subarray(offset, offset + accessBytes);
    const state = data.subarray(offset + accessBytes, offset + accessBytes + stateBytes);
    const body = data.subarray(offset + accessBytes + stateBytes);
    const entry: Entry = { pos: number(2) || seq, kind: 'handshake', at: number(0), body, access, retires };
    return { seq, entry, before: number(1), expiresAt: 0, id, state };
  }
  throw new Error(`what stands at ${seq} of ${LOG_STREAM} was not written by this version of gochat`);
}

export interface StateRecord {
  /** Names the write: who is told of a conflict finds out whether it was with itself. */
  readonly write: string;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** Absent: deleted. */
  readonly value?: Uint8Array;
}

export function encodeState({ write, expiresAt, value }: StateRecord): Buffer {
  const head = Buffer.alloc(1 + TIME_BYTES);
  head[0] = value === undefined ? 0 : 1;
  head.writeUIntBE(expiresAt, 1, TIME_BYTES);
  return Buffer.concat([head, bytesOfId(write), value ?? Buffer.of()]);
}

export function decodeState(bytes: Uint8Array): StateRecord {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 1 + TIME_BYTES + ID_BYTES;
  const write = data.toString('base64url', 1 + TIME_BYTES, start);
  const expiresAt = data.readUIntBE(1, TIME_BYTES);
  return data[0] === 1 ? { write, expiresAt, value: data.subarray(start) } : { write, expiresAt };
}
