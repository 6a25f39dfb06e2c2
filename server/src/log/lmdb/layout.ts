import type { Entry, Head, LogPosition } from '../log.ts';

/*
 * The records on disk. Numbers are big-endian, so that keys sort by position or time.
 *
 *   rooms    room 16                            -> last position 8, last handshake 8, floor 8, lowest next position 8 (0: any), bytes stored 8
 *   heads    room 16                            -> id 16, at 6, access length 1, access, state
 *   entries  room 16, position 8                -> flags 1, at 6, [expires at 6], [access length 1, access], [note length 2, note], body
 *   posts    at 6, room 16, id 16               -> position 8
 *   state    room 16, key                       -> revision 6, expires at 6 (0: never), value
 *   expiry   expires at 6, kind 1, room 16, ... -> nothing; the key ends with the record's key in its own tree
 *   meta     'schema' | 'revision' | 'drop' room 16 | 'source ' name (where the rooms were moved from)
 */

const HANDSHAKE = 1;
const RETIRES = 2;
const EXPIRES = 4;
const NOTED = 8;
const KNOCK = 16;
const NOTE_LENGTH_BYTES = 2;
const TIME_BYTES = 6;
const LATEST = 2 ** 48 - 1;
const ROOM_BYTES = 16;
const NOTHING = Buffer.alloc(0);

export const NO_VALUE = NOTHING;

const AFTER_ALL = Buffer.alloc(ROOM_BYTES + 1, 0xff);

/** The end of the range of keys with this prefix. */
export const endOf = (prefix: Uint8Array): Buffer => Buffer.concat([prefix, AFTER_ALL]);

export interface RoomMeta {
  readonly pos: LogPosition;
  readonly handshake: LogPosition;
  readonly floor: LogPosition;
  /** Bytes of the bodies of its stored messages. */
  readonly storedBytes: number;
  /** New entries get no lower position than this. Absent once an entry has a later one. */
  readonly lowestNext?: LogPosition;
}

export interface HeadRecord extends Pick<Head, 'access' | 'state'> {
  readonly id: Uint8Array;
  readonly at: number;
}

export interface EntryRecord {
  readonly entry: Entry;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
}

export interface StateRecord {
  readonly revision: number;
  /** Milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly value: Uint8Array;
}

export type Expiring = 'message' | 'state';

const EXPIRING: readonly Expiring[] = ['message', 'state'];

function writePosition(target: Buffer, pos: LogPosition, offset: number): void {
  target.writeUInt32BE(Math.floor(pos / 2 ** 32), offset);
  target.writeUInt32BE(pos % 2 ** 32, offset + 4);
}

export function readPosition(source: Buffer, offset: number): LogPosition {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function entryKey(room: Buffer, pos: LogPosition): Buffer {
  const key = Buffer.allocUnsafe(ROOM_BYTES + 8);
  key.set(room);
  writePosition(key, pos, ROOM_BYTES);
  return key;
}

export const positionOfKey = (key: Uint8Array): LogPosition => readPosition(asBuffer(key), ROOM_BYTES);

/** @param at milliseconds since 1970 */
export function postKey(at: number, room: string, id: string): Buffer {
  const key = Buffer.alloc(TIME_BYTES + 2 * ROOM_BYTES);
  key.writeUIntBE(at, 0, TIME_BYTES);
  key.write(room, TIME_BYTES, 'base64url');
  key.write(id, TIME_BYTES + ROOM_BYTES, 'base64url');
  return key;
}

export function decodePostKey(key: Buffer): { at: number; room: string; id: string } {
  const idAt = TIME_BYTES + ROOM_BYTES;
  return {
    at: asBuffer(key).readUIntBE(0, TIME_BYTES),
    room: asBuffer(key).toString('base64url', TIME_BYTES, idAt),
    id: asBuffer(key).toString('base64url', idAt),
  };
}

export function writtenPosition(pos: LogPosition): Buffer {
  const record = Buffer.allocUnsafe(8);
  writePosition(record, pos, 0);
  return record;
}

export const stateKey = (room: Buffer, key: string): Buffer => Buffer.concat([room, Buffer.from(key)]);

/** @param key the record's key in its own tree, which begins with the room */
export function expiryKey(expiresAt: number, kind: Expiring, key: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(TIME_BYTES + 1 + key.length);
  whole.writeUIntBE(expiresAt, 0, TIME_BYTES);
  whole[TIME_BYTES] = EXPIRING.indexOf(kind);
  whole.set(key, TIME_BYTES + 1);
  return whole;
}

export function decodeExpiryKey(whole: Uint8Array): { kind: Expiring; key: Buffer } {
  const kind = EXPIRING[whole[TIME_BYTES] ?? -1];
  if (!kind) throw new RangeError(`unknown kind of expiry: ${whole[TIME_BYTES]}`);
  return { kind, key: asBuffer(whole.subarray(TIME_BYTES + 1)) };
}

/** The end of the range of keys that begin with a time up to and including this one. */
export function endOfTime(time: number): Buffer {
  const end = Buffer.allocUnsafe(TIME_BYTES);
  end.writeUIntBE(Math.min(Math.max(0, Math.floor(time) + 1), LATEST), 0, TIME_BYTES);
  return end;
}

export function expiryTime(at: number, ttlSec: number | undefined): number {
  return ttlSec === undefined ? 0 : Math.min(Math.ceil(at + ttlSec * 1000), LATEST);
}

export const roomOf = (key: Uint8Array): Buffer => asBuffer(key.subarray(0, ROOM_BYTES));

export function encodeRoom({ pos, handshake, floor, storedBytes, lowestNext = 0 }: RoomMeta): Buffer {
  const record = Buffer.allocUnsafe(40);
  const members = [pos, handshake, floor, lowestNext > pos ? lowestNext : 0, storedBytes];
  for (const [i, member] of members.entries()) writePosition(record, member, 8 * i);
  return record;
}

export function decodeRoom(record: Buffer): RoomMeta {
  const lowestNext = record.length < 32 ? 0 : readPosition(record, 24);
  return {
    pos: readPosition(record, 0),
    handshake: readPosition(record, 8),
    floor: readPosition(record, 16),
    // Version 1 of the store had no such member.
    storedBytes: record.length < 40 ? 0 : readPosition(record, 32),
    ...(lowestNext === 0 ? {} : { lowestNext }),
  };
}

export function encodeHead({ id, at, access, state }: HeadRecord): Buffer {
  const fixed = Buffer.allocUnsafe(23);
  fixed.set(id);
  fixed.writeUIntBE(at, 16, TIME_BYTES);
  fixed.writeUInt8(access.length, 22);
  return Buffer.concat([fixed, access, state]);
}

export function decodeHead(record: Buffer): HeadRecord {
  const stateAt = 23 + record.readUInt8(22);
  return {
    id: record.subarray(0, 16),
    at: record.readUIntBE(16, TIME_BYTES),
    access: record.subarray(23, stateAt),
    state: record.subarray(stateAt),
  };
}

export function encodeEntry({ entry, expiresAt }: EntryRecord): Buffer {
  const { kind, at, access, retires, note, body } = entry;
  const expires = expiresAt === 0 ? 0 : TIME_BYTES;
  const keyed = kind === 'handshake' ? 1 + (access?.length ?? 0) : 0;
  const noted = note === undefined ? 0 : NOTE_LENGTH_BYTES + note.length;
  const record = Buffer.allocUnsafe(1 + TIME_BYTES + expires + keyed + noted + body.length);
  record[0] =
    (kind === 'handshake' ? HANDSHAKE : 0) |
    (kind === 'knock' ? KNOCK : 0) |
    (retires ? RETIRES : 0) |
    (expires ? EXPIRES : 0) |
    (noted ? NOTED : 0);
  let offset = record.writeUIntBE(at, 1, TIME_BYTES);
  if (expires) offset = record.writeUIntBE(expiresAt, offset, TIME_BYTES);
  if (keyed) {
    offset = record.writeUInt8(keyed - 1, offset);
    record.set(access ?? NOTHING, offset);
    offset += keyed - 1;
  }
  if (note !== undefined) {
    offset = record.writeUInt16BE(note.length, offset);
    record.set(note, offset);
    offset += note.length;
  }
  record.set(body, offset);
  return record;
}

export function decodeEntry(pos: LogPosition, record: Buffer): EntryRecord {
  const flags = record.readUInt8(0);
  const at = record.readUIntBE(1, TIME_BYTES);
  let offset = 1 + TIME_BYTES;
  let expiresAt = 0;
  if (flags & EXPIRES) {
    expiresAt = record.readUIntBE(offset, TIME_BYTES);
    offset += TIME_BYTES;
  }
  if (!(flags & HANDSHAKE)) {
    const kind = flags & KNOCK ? 'knock' : 'message';
    return { entry: { pos, kind, at, ...decodeEnd(record, offset, flags) }, expiresAt };
  }
  const accessEnd = offset + 1 + record.readUInt8(offset);
  const access = record.subarray(offset + 1, accessEnd);
  const retires = (flags & RETIRES) !== 0;
  const entry: Entry = {
    ...{ pos, kind: 'handshake', at, access, retires },
    ...decodeEnd(record, accessEnd, flags),
  };
  return { entry, expiresAt };
}

/** The last members of an entry: its note, if it has one, and its body. */
function decodeEnd(record: Buffer, offset: number, flags: number): Pick<Entry, 'note' | 'body'> {
  if (!(flags & NOTED)) return { body: record.subarray(offset) };
  const noteAt = offset + NOTE_LENGTH_BYTES;
  const noteEnd = noteAt + record.readUInt16BE(offset);
  return { note: record.subarray(noteAt, noteEnd), body: record.subarray(noteEnd) };
}

export function encodeState({ revision, expiresAt, value }: StateRecord): Buffer {
  const fixed = Buffer.allocUnsafe(2 * TIME_BYTES);
  fixed.writeUIntBE(expiresAt, fixed.writeUIntBE(revision, 0, TIME_BYTES), TIME_BYTES);
  return Buffer.concat([fixed, value]);
}

export function decodeState(record: Buffer): StateRecord {
  return {
    revision: record.readUIntBE(0, TIME_BYTES),
    expiresAt: record.readUIntBE(TIME_BYTES, TIME_BYTES),
    value: record.subarray(2 * TIME_BYTES),
  };
}
