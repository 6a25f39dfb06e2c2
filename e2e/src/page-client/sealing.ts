import { ascii, base64url, concat, fromBase64url, pad, tuple, u64, unpad } from './encoding.ts';
import type { Epoch } from './epoch.ts';
import { deriveKeyPair, hpkeOpen, hpkeSeal } from './hpke.ts';
import type { InviteSecret } from './link.ts';
import type { Group, Member } from './mls.ts';
import { encodeList } from './packs.ts';
import { ed25519, hkdf, type KeyPair, open, random, seal } from './primitives.ts';
import { isVoid, type RoomState } from './room-state.ts';
import type { Down, InviteItem } from './wire.ts';

/** docs/protocol.md, “Bodies” and “What joiners are given”: what is sealed, and to whom. */

export interface Upload {
  readonly access: string;
  readonly groupInfo: string;
  readonly member: string;
  readonly invites: readonly InviteItem[];
}

const sealed = (kind: string, room: string) => tuple(`gochat/seal/${kind}/2`, ascii(room));

export function sealBody(kind: 'message' | 'handshake', room: string, key: Uint8Array, padded: Uint8Array) {
  return base64url(concat(Uint8Array.of(1), seal(key, sealed(kind, room), padded)));
}

/** @throws if the body isn't one of a member, or can't be opened */
export function openBody(kind: 'message' | 'handshake', room: string, key: Uint8Array, body: Uint8Array) {
  if (body[0] !== 1) throw new Error('not a body of a member');
  return unpad(open(key, sealed(kind, room), body.slice(1)));
}

export function sealJoin(room: string, joinKey: Uint8Array, message: Uint8Array): string {
  return base64url(concat(Uint8Array.of(2), hpkeSeal(joinKey, sealed('join', room), pad(message))));
}

export const openJoin = (room: string, joinKey: KeyPair, body: Uint8Array): Uint8Array =>
  unpad(hpkeOpen(joinKey, sealed('join', room), body.slice(1)));

function wrap(k: Uint8Array, room: string, invite: string, wrapKey: Uint8Array): string {
  const ephemeral = deriveKeyPair(hkdf(k, tuple('gochat/wrap-ephemeral/2', ascii(invite))));
  return base64url(hpkeSeal(wrapKey, tuple('gochat/wrap/2', ascii(room), ascii(invite)), k, ephemeral));
}

/** What members show to whoever has an invite that needs approval: “What knockers are given”. */
function wrapDoor(
  k: Uint8Array,
  room: string,
  invite: string,
  wrapKey: Uint8Array,
  state: RoomState,
): string {
  const own = state.invites.find((one) => one.own);
  const name = new TextEncoder().encode(state.name);
  const rest = new Uint8Array(128 - name.length);
  const key = own ? fromBase64url(own.wrap) : new Uint8Array(32);
  const shown = concat(key, Uint8Array.of(name.length), name, rest);
  const ephemeral = deriveKeyPair(hkdf(k, tuple('gochat/door-ephemeral/2', ascii(invite))));
  return base64url(hpkeSeal(wrapKey, tuple('gochat/door/2', ascii(room), ascii(invite)), shown, ephemeral));
}

/** @returns what the handshake that begins this epoch uploads for joiners, with a new key for the GroupInfo */
export async function upload(
  room: string,
  { group, keys, state, joinsClosed, sealedAdminKey, packs }: Epoch,
): Promise<Upload> {
  const k = random(32);
  const usable = joinsClosed ? [] : state.invites.filter((invite) => !isVoid(state, invite));
  const groupInfo = await group.groupInfo(keys.join.publicKey, sealedAdminKey, encodeList(packs));
  return {
    access: base64url(keys.access.publicKey),
    groupInfo: base64url(seal(k, sealed('groupinfo', room), pad(groupInfo))),
    member: base64url(seal(keys.groupinfo, tuple('gochat/member-wrap/1', ascii(room)), k)),
    invites: usable.map(({ id, wrap: key, knock }) => ({
      invite: id,
      wrapped: knock
        ? wrapDoor(k, room, id, fromBase64url(key), state)
        : wrap(k, room, id, fromBase64url(key)),
    })),
  };
}

/** @returns the encoded GroupInfo of a reply to `invitation` */
export function openGroupInfo(room: string, { id, wrap: wrapKey }: InviteSecret, reply: Down): Uint8Array {
  const info = tuple('gochat/wrap/2', ascii(room), ascii(id));
  const k = hpkeOpen(wrapKey, info, fromBase64url(reply.wrapped));
  return unpad(open(k, sealed('groupinfo', room), fromBase64url(reply.groupInfo)));
}

const ADMIN_KEY_ITEM = 32 + 80;
const adminKeyInfo = (room: string, epoch: bigint) => tuple('gochat/admin-key/2', ascii(room), u64(epoch));

/** @returns the value of an item of type 1, which hands the private half of the admin key to these leaves */
export function sealAdminKey(room: string, group: Group, to: readonly Member[], key: KeyPair): Uint8Array {
  const info = adminKeyInfo(room, group.epoch);
  return concat(
    ...to.flatMap(({ signatureKey, encryptionKey }) => [
      signatureKey,
      hpkeSeal(encryptionKey, info, key.privateKey),
    ]),
  );
}

/** @returns the admin key, or `null` if this client's leaf isn't given it */
export function openAdminKey(room: string, group: Group, item: Uint8Array): KeyPair | null {
  const own = group.members.find(({ leaf }) => leaf === group.ownLeaf);
  if (!own) return null;
  const mine = base64url(own.signatureKey);
  for (let at = 0; at < item.length; at += ADMIN_KEY_ITEM) {
    if (base64url(item.slice(at, at + 32)) !== mine) continue;
    const box = item.slice(at + 32, at + ADMIN_KEY_ITEM);
    return ed25519(hpkeOpen(group.ownEncryptionKey, adminKeyInfo(room, group.epoch), box));
  }
  return null;
}
