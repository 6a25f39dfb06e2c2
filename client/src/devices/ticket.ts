import { fingerprintOf } from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import type { Room } from '@gochat/crypto/room';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { nonce, roomId } from '@gochat/protocol/fields';
import * as v from 'valibot';
import { linkAddress } from '../net/address.ts';
import type { RoomMeta } from '../room/room-meta.ts';

/** How a device of a person comes into a room in which another one is: by the room's own invite. */
export const ticket = v.object({
  room: roomId,
  /** As {@link serverOf} spells it. */
  server: v.pipe(v.string(), v.maxLength(200)),
  name: v.pipe(v.string(), v.maxLength(256)),
  /** The display name of the person there. */
  as: v.pipe(v.string(), v.maxLength(256)),
  /** The fingerprint of the founder's identity key. */
  founder: nonce,
  /** The secret of the room's own invite. */
  own: nonce,
});
export type Ticket = v.InferOutput<typeof ticket>;

/** @returns a room's server, spelled in the same way on all devices: one may know it by another scheme */
export function serverOf({ server }: Pick<RoomMeta, 'server'>): string {
  return linkAddress(server);
}

/** @returns the ticket of a room as this device knows it; undefined without its own invite's secret */
export function ticketOf(room: Room, meta: RoomMeta, as: string): Ticket | undefined {
  if (room.own === undefined) return undefined;
  const founder = encodeBytes(fingerprintOf(room.context.founder));
  const { id, name } = meta;
  return { room: id, server: serverOf(meta), name, as, founder, own: encodeBytes(room.own) };
}

/** @param identity the public identity key of this person, by whose other device the ticket was made. @returns the link that has the same in it */
export function linkOf({ room, server, founder, own }: Ticket, identity: Uint8Array): string {
  return formatLink({
    address: server,
    room,
    secret: decodeBytes(own),
    founder: decodeBytes(founder),
    inviter: fingerprintOf(identity),
  });
}
