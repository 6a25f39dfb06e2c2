import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { type RoomId, roomId } from '@gochat/protocol/fields';
import * as v from 'valibot';

/** An invitation as people pass it on. Everything but the address stands in the fragment, which no browser sends. */
export interface InviteLink {
  /** `http://host:port` or `https://host:port`, without a path. */
  readonly address: string;
  readonly room: RoomId;
  /** 128 bits that redeem the invite. */
  readonly secret: Uint8Array;
  /** 128 bits that stand for the founder's identity key. */
  readonly founder: Uint8Array;
}

/** The text is no invite link; the message says why, and never repeats it (it may hold the secret). */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

export function formatLink(link: InviteLink): string {
  return `${link.address}/#/join/${link.room}.${encodeBytes(link.secret)}.${encodeBytes(link.founder)}`;
}

/** @throws LinkError */
export function parseLink(text: string): InviteLink {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    // Without its cause, which holds the text.
    throw new LinkError('an invite link looks like http://HOST:PORT/#/join/ROOM.SECRET.FINGERPRINT');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new LinkError('an invite link begins with http:// or https://');
  if (url.username !== '' || url.password !== '')
    throw new LinkError('an invite link has no user name in its address');
  const match = /^#\/join\/([^.]+)\.([^.]+)\.([^.]+)$/.exec(url.hash);
  const [, room, secret, founder] = match ?? [];
  if (room === undefined || secret === undefined || founder === undefined) {
    throw new LinkError('the part behind # is cut off or damaged: copy the whole link again');
  }
  const id = v.safeParse(roomId, room);
  if (!id.success) throw new LinkError('the room in the link is damaged: copy the whole link again');
  return { address: url.origin, room: id.output, secret: bytes16(secret), founder: bytes16(founder) };
}

function bytes16(text: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = decodeBytes(text);
  } catch {
    throw new LinkError('the link is damaged: copy the whole link again');
  }
  if (bytes.length !== 16) throw new LinkError('the link is cut off: copy the whole link again');
  return bytes;
}
