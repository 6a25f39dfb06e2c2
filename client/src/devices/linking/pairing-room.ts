import type { DeviceContent } from '@gochat/crypto/content';
import { invitesOf, type Member, membersOf, pairingDigits, type Room } from '@gochat/crypto/room';
import { encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import type { Received } from '../../room/received.ts';
import type { RoomSession } from '../../room/room-session.ts';
import { fromJson, type RecordChange, type Records } from '../../store/records.ts';

/** The members of a pairing room beside this device. */
export function othersIn(room: Room): readonly Member[] {
  return membersOf(room).filter(({ self }) => !self);
}

/** Whether an invite lets another device in. */
export function isOpen(room: Room): boolean {
  return invitesOf(room).length > 0;
}

/**
 * The digits of an epoch that counts: the founder and one other device are in, and the founder has ended the invite after that device
 * had come. So whoever isn't in the same epoch as the founder, such as who is kept apart by the server, or has come second, has none.
 */
export function digitsOf({ room, isLive }: RoomSession): string | undefined {
  const members = membersOf(room);
  const isPair = members.length === 2 && members.filter((m) => isFounder(room, m.identity)).length === 1;
  const isShut = !isOpen(room) && !room.joinsClosed;
  return isLive && room.status === 'active' && isPair && isShut ? pairingDigits(room) : undefined;
}

/** What the other device has sent, oldest first. */
export async function receivedIn<K extends DeviceContent['kind']>(
  records: Records,
  room: RoomId,
  kind: K,
): Promise<readonly (Received & { readonly content: Extract<DeviceContent, { kind: K }> })[]> {
  const rows = (await records.list('received', room)).map((row) => fromJson<Received>(row));
  return rows.filter((row): row is Received & { content: Extract<DeviceContent, { kind: K }> } => {
    return row.content.kind === kind;
  });
}

/** Drops all that the other device has sent. */
export async function dropReceived(records: Records, room: RoomId): Promise<RecordChange[]> {
  const rows = (await records.list('received', room)).map((row) => fromJson<Received>(row));
  return rows.map(({ seq }) => ({ place: { of: 'received', room, at: Number(seq) }, value: undefined }));
}

/** Whether this is the identity key of the room's founder, whom the link names. */
export function isFounder({ context }: Room, identity: string): boolean {
  return encodeBytes(context.founder) === identity;
}
