import type { DownOf } from '@gochat/protocol/down';
import type { RequestId, RoomId } from '@gochat/protocol/fields';
import type { LogPosition, RoomLog } from '../log/log.ts';
import type { Refusal } from '../session/refusal.ts';
import { encodeNote, type HandshakeNote } from './handshake-note.ts';
import type { HandshakeRates } from './handshake-rates.ts';
import { positionText } from './positions.ts';

/** What `create`, `handshake` and `join` have in common. `body` and `access` are base64url. */
export interface HandshakeRequest {
  readonly id: RequestId;
  readonly room: RoomId;
  readonly body: string;
  readonly access: string;
}

export interface HandshakeTerms {
  /** The position that the last handshake must have; 0 creates the room. */
  readonly after: LogPosition;
  /** The room's record as of this handshake, encoded. */
  readonly state: Uint8Array;
  readonly retires: boolean;
  readonly note?: HandshakeNote;
  /** Makes the refusal when the last handshake has another position: the one it is called with. */
  readonly lost: (handshake: LogPosition) => Refusal;
}

/** As {@link appendHandshake}, for a handshake without an order: it counts for the room's rate. */
export async function countedAppend(
  { log, handshakes }: { readonly log: RoomLog; readonly handshakes: HandshakeRates },
  frame: HandshakeRequest,
  terms: HandshakeTerms,
): Promise<DownOf<'ack'>> {
  const ack = await appendHandshake(log, frame, terms);
  if (!ack.dup) handshakes.appended(frame.room);
  return ack;
}

/** Appends a handshake to the room's log. @throws Refusal that `lost` makes */
export async function appendHandshake(
  log: RoomLog,
  frame: HandshakeRequest,
  { after, state, retires, note = {}, lost }: HandshakeTerms,
): Promise<DownOf<'ack'>> {
  const noted = encodeNote(note);
  const result = await log.handshake(frame.room, after, {
    id: frame.id,
    body: Buffer.from(frame.body, 'base64url'),
    access: Buffer.from(frame.access, 'base64url'),
    retires,
    ...(noted === undefined ? {} : { note: noted }),
    state,
  });
  if ('conflict' in result) throw lost(result.conflict);
  return { type: 'ack', id: frame.id, seq: positionText(result.pos), at: result.at, dup: result.dup };
}
