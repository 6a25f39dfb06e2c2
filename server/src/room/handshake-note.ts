import type { InviteId } from '@gochat/protocol/fields';
import type { Rules } from '@gochat/protocol/rules';
import type { Entry } from '../log/log.ts';

/** What followers have to know of a handshake or a knock. The log stores it with the entry, outside the sealed body. */
export interface HandshakeNote {
  /** The invite that a join or a knock used. */
  readonly invite?: InviteId;
  /** The room's rules from this handshake on, if it changes them. */
  readonly rules?: Rules;
  /** Present: the handshake ends the room. */
  readonly closes?: true;
}

const NOTHING: HandshakeNote = {};

/** Many subscriptions look at the same entry. */
const notes = new WeakMap<Entry, HandshakeNote>();

/** @returns undefined when there is nothing to store */
export function encodeNote(note: HandshakeNote): Uint8Array | undefined {
  return Object.keys(note).length === 0 ? undefined : Buffer.from(JSON.stringify(note));
}

export function noteOf(entry: Entry): HandshakeNote {
  if (entry.note === undefined) return NOTHING;
  const known = notes.get(entry);
  if (known !== undefined) return known;
  const note = JSON.parse(Buffer.from(entry.note).toString()) as HandshakeNote;
  notes.set(entry, note);
  return note;
}
