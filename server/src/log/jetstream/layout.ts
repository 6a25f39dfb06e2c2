import { bytesOfId, requireId } from '../ids.ts';
import type { Entry, HandshakeAppend, LogPosition, MessageAppend, RoomId } from '../log.ts';
import type { StoredMessage } from './nats.ts';

/**
 * The lowest first sequence of a log's stream, and what each first sequence is a multiple of. A position is the sequence of its entry.
 * Positions below the first sequence of its stream were issued elsewhere before the room was moved here: those entries carry them.
 */
export const FIRST_SEQUENCE = 2 ** 40;

/** The subjects on which all that concerns a room's followers is sent: the streams republish there what they have stored. */
export const liveSubjects = (room: RoomId): string => `gochat.live.${requireId(room)}.*`;
/** The subject that announces that a room was deleted. */
export const dropSubject = (room: RoomId): string => `gochat.live.${requireId(room)}.x`;
export const DROPS = 'gochat.live.*.x';
export const roomOfDrop = (subject: string): RoomId => subject.split('.')[2] ?? '';
/** Of what nodes send each other without storing it. */
export const signalSubject = (room: RoomId): string => `gochat.live.${requireId(room)}.s`;

/** The key of a room's tail (see {@link JetStreamTails}). Other state keys don't begin with NUL. */
export const TAIL_KEY = '\u0000tail';

/** The key of the digest that marks a room as completely moved here. */
export const MOVED_KEY = '\u0000moved';

const MESSAGE = 1;
const HANDSHAKE = 2;
const KNOCK = 3;
const TIME_BYTES = 6;
const ID_BYTES = 16;
const NO_NOTE = Buffer.of();
const MESSAGE_HEAD = 1 + 4 * TIME_BYTES;
const RETIRES = 1;
const NOTED = 2;
const HANDSHAKE_HEAD = 1 + 3 * TIME_BYTES + ID_BYTES + 1 + 4 + 1;

/** What a record stores in addition to its entry. */
interface RecordContext {
  /** The last position of the room that its node knew, 0 if none. If the entry before it in the stream is an earlier one, entries have expired. */
  readonly before: LogPosition;
  /** The position that an embedded engine issued. */
  readonly moved?: LogPosition;
}

export interface MessageRecord extends RecordContext, Pick<MessageAppend, 'kind' | 'note'> {
  readonly at: number;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly body: Uint8Array;
}

export interface HandshakeRecord extends RecordContext, Omit<HandshakeAppend, 'id'> {
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
  /** Present for handshakes only, as is `state`. */
  readonly id?: string;
  readonly state?: Uint8Array;
}

/** A knock has a note, and its length, before its body. */
export function encodeMessage({
  kind,
  at,
  expiresAt,
  before,
  moved = 0,
  note = NO_NOTE,
  body,
}: MessageRecord): Buffer {
  const head = Buffer.alloc(MESSAGE_HEAD);
  head[0] = kind === 'knock' ? KNOCK : MESSAGE;
  [at, expiresAt, before, moved].forEach((value, i) => {
    head.writeUIntBE(value, 1 + i * TIME_BYTES, TIME_BYTES);
  });
  return Buffer.concat(kind === 'knock' ? [head, uint16(note.length), note, body] : [head, body]);
}

export function encodeHandshake({
  at,
  before,
  moved = 0,
  id,
  body,
  access,
  retires,
  note,
  state,
}: HandshakeRecord): Buffer {
  const head = Buffer.alloc(HANDSHAKE_HEAD);
  head[0] = HANDSHAKE;
  [at, before, moved].forEach((value, i) => {
    head.writeUIntBE(value, 1 + i * TIME_BYTES, TIME_BYTES);
  });
  let offset = 1 + 3 * TIME_BYTES;
  offset += bytesOfId(id).copy(head, offset);
  offset = head.writeUInt8((retires ? RETIRES : 0) | (note === undefined ? 0 : NOTED), offset);
  offset = head.writeUInt32BE(state.length, offset);
  head.writeUInt8(access.length, offset);
  const noted = note === undefined ? [] : [uint16(note.length), note];
  return Buffer.concat([head, access, state, ...noted, body]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** @throws Error when another program or a later version wrote the bytes */
export function decodeLogRecord({ seq, data: bytes }: Pick<StoredMessage, 'seq' | 'data'>): LogRecord {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (i: number) => data.readUIntBE(1 + i * TIME_BYTES, TIME_BYTES);
  const isKnock = data[0] === KNOCK;
  if ((data[0] === MESSAGE || isKnock) && data.length >= MESSAGE_HEAD) {
    const content = isKnock ? decodeNoted(data, MESSAGE_HEAD) : { body: data.subarray(MESSAGE_HEAD) };
    const kind = isKnock ? 'knock' : 'message';
    const entry: Entry = { pos: number(3) || seq, kind, at: number(0), ...content };
    return { seq, entry, before: number(2), expiresAt: number(1) };
  }
  if (data[0] === HANDSHAKE && data.length >= HANDSHAKE_HEAD) {
    let offset = 1 + 3 * TIME_BYTES;
    const id = data.toString('base64url', offset, offset + ID_BYTES);
    offset += ID_BYTES;
    const flags = data.readUInt8(offset);
    const retires = (flags & RETIRES) !== 0;
    const stateBytes = data.readUInt32BE(offset + 1);
    const accessBytes = data.readUInt8(offset + 5);
    offset += 6;
    const access = data.subarray(offset, offset + accessBytes);
    const stateEnd = offset + accessBytes + stateBytes;
    const state = data.subarray(offset + accessBytes, stateEnd);
    const content = flags & NOTED ? decodeNoted(data, stateEnd) : { body: data.subarray(stateEnd) };
    const pos = number(2) || seq;
    const entry: Entry = { pos, kind: 'handshake', at: number(0), access, retires, ...content };
    return { seq, entry, before: number(1), expiresAt: 0, id, state };
  }
  throw new Error(`can't read message ${seq} of the log: this version of gochat did not write it`);
}

/** @param offset where the length of the note is, before the note and the body */
function decodeNoted(data: Buffer, offset: number): Required<Pick<Entry, 'note' | 'body'>> {
  const end = offset + 2 + data.readUInt16BE(offset);
  return { note: data.subarray(offset + 2, end), body: data.subarray(end) };
}

export interface StateRecord {
  /** Random per write: after a conflict it shows whether the conflict was with this very write. */
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
