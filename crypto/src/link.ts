import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { type RoomId, roomId } from '@gochat/protocol/fields';
import * as v from 'valibot';

/** An invite link. Everything except the address is in the URL fragment, which browsers don't send to servers. */
export interface InviteLink {
  /** `http://host:port` or `https://host:port`, without a path. */
  readonly address: string;
  readonly room: RoomId;
  /** The invite secret, 16 bytes. */
  readonly secret: Uint8Array;
  /** A 16-byte hash of the founder's identity key. */
  readonly founder: Uint8Array;
}

/** The text is not an invite link. The error doesn't contain the text, because the text may contain the secret. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** `fragment`: the part after `#` is missing or has the wrong form. `damaged`: a value in it is invalid. */
  readonly code: 'form' | 'scheme' | 'user' | 'fragment' | 'damaged';
  constructor(code: LinkError['code']) {
    super(code);
    this.code = code;
  }
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
    // The cause is left out, because it contains the text.
    throw new LinkError('form');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new LinkError('scheme');
  if (url.username !== '' || url.password !== '') throw new LinkError('user');
  const match = /^#\/join\/([^.]+)\.([^.]+)\.([^.]+)$/.exec(url.hash);
  const [, room, secret, founder] = match ?? [];
  if (room === undefined || secret === undefined || founder === undefined) {
    throw new LinkError('fragment');
  }
  const id = v.safeParse(roomId, room);
  if (!id.success) throw new LinkError('damaged');
  return { address: url.origin, room: id.output, secret: bytes16(secret), founder: bytes16(founder) };
}

function bytes16(text: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = decodeBytes(text);
  } catch {
    throw new LinkError('damaged');
  }
  if (bytes.length !== 16) throw new LinkError('damaged');
  return bytes;
}
