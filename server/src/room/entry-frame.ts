import type { Entry as EntryFrame } from '@gochat/protocol/down';
import type { RoomId } from '@gochat/protocol/fields';
import type { Entry } from '../log/log.ts';
import type { Transport } from '../net/link.ts';
import { textHead } from '../net/web-frame.ts';
import { noteOf } from './handshake-note.ts';
import { positionText } from './positions.ts';

/** The members that an entry has in `entry` and `page` frames. */
export function storedFields(entry: Entry): Omit<EntryFrame, 'type' | 'room'> {
  const { buffer, byteOffset, byteLength } = entry.body;
  const { invite } = noteOf(entry);
  return {
    seq: positionText(entry.pos),
    kind: entry.kind,
    at: entry.at,
    body: Buffer.from(buffer, byteOffset, byteLength).toString('base64url'),
    ...(invite !== undefined && { invite }),
  };
}

/** Encodes an `entry` frame as `encodeFrame` would, but faster: it is the most frequent frame, and no member needs escaping. */
export function encodeEntry(room: RoomId, entry: Entry): string {
  const { seq, kind, at, body, invite } = storedFields(entry);
  const used = invite === undefined ? '' : `,"invite":"${invite}"`;
  return `{"type":"entry","room":"${room}","seq":"${seq}","kind":"${kind}","at":${at},"body":"${body}"${used}}`;
}

/** Joins encoded frames into one buffer for a transport. @param frames ASCII only */
export function packFrames(transport: Transport, frames: readonly string[]): Buffer {
  return transport === 'line' ? packLines(frames) : packMessages(frames);
}

function packLines(frames: readonly string[]): Buffer {
  return Buffer.from(`${frames.join('\n')}\n`, 'latin1');
}

function packMessages(frames: readonly string[]): Buffer {
  const heads = frames.map((frame) => textHead(frame.length));
  const packed = Buffer.allocUnsafe(
    frames.reduce((sum, frame, i) => sum + frame.length + (heads[i]?.length ?? 0), 0),
  );
  let at = 0;
  for (const [i, frame] of frames.entries()) {
    at += heads[i]?.copy(packed, at) ?? 0;
    at += packed.write(frame, at, 'latin1');
  }
  return packed;
}
