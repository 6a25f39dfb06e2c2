import { base64url, fromBase64url } from './encoding.ts';
import { deriveKeyPair } from './hpke.ts';
import { ed25519, hkdf, type KeyPair } from './primitives.ts';

/** docs/protocol.md, “What a link holds”. */

export interface InviteSecret {
  readonly id: string;
  readonly join: KeyPair;
  readonly wrap: KeyPair;
}

export interface Link {
  readonly host: string;
  readonly port: number;
  /** `origin` of `hello`. */
  readonly origin: string;
  readonly room: string;
  readonly secret: Uint8Array;
  readonly founder: string;
  readonly inviter: string;
}

export function inviteOf(secret: Uint8Array): InviteSecret {
  return {
    id: base64url(hkdf(secret, 'gochat/invite/id/1', 16)),
    join: ed25519(hkdf(secret, 'gochat/invite/join/1')),
    wrap: deriveKeyPair(hkdf(secret, 'gochat/invite/wrap/1')),
  };
}

export function readLink(link: string): Link {
  const url = new URL(link);
  const [room, secret, founder, inviter = founder] = url.hash.replace(/^#\/join\//, '').split('.');
  if (room === undefined || secret === undefined || founder === undefined || inviter === undefined) {
    throw new Error('not a link');
  }
  return {
    host: url.hostname,
    port: Number(url.port),
    origin: url.host,
    room,
    secret: fromBase64url(secret),
    founder,
    inviter,
  };
}
