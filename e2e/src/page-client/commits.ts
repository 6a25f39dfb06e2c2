import { base64url, concat, pad, u32 } from './encoding.ts';
import { type Epoch, epochOf } from './epoch.ts';
import type { Device } from './identity.ts';
import { inviteOf } from './link.ts';
import { ed25519, type KeyPair } from './primitives.ts';
import { encodeRoomState, isActingAdmin, type RoomState } from './room-state.ts';
import { sealAdminKey, sealBody, type Upload, upload } from './sealing.ts';
import { inviteLines, newId, proof, type Up } from './wire.ts';

/** docs/protocol.md, “Commits” and “Orders”: the handshakes that a member makes. */

/** The types of the items in the data of a commit. */
export const ITEM = { adminKey: 1, ownSecret: 4, retired: 7, sealedAdminKey: 8 } as const;

type Items = ReadonlyMap<number, Uint8Array>;

/** A handshake that was sent, until the log delivers it or another one. */
export interface OwnHandshake {
  readonly frame: Up & { readonly id: string; readonly body: string };
  readonly next: Epoch;
  readonly items: Items;
  /** The admin key after it. */
  readonly adminKey: KeyPair | null;
  readonly ownSecret: Uint8Array | null;
  readonly change: 'heal' | 'state';
}

/** What a member needs of itself to make a handshake. */
export interface Author {
  readonly room: string;
  readonly device: Device;
  readonly epoch: Epoch;
  readonly base: string;
  /** The position that names the access key, and the key. */
  readonly key: string;
  readonly access: KeyPair;
  readonly adminKey: KeyPair | null;
  readonly ownSecret: Uint8Array | null;
}

const encodeItems = (items: Items) =>
  concat(...[...items].flatMap(([type, value]) => [Uint8Array.of(type), u32(value.length), value]));

interface Order {
  readonly retire?: true;
  readonly admins?: readonly string[];
}

/** A `heal` with a new signature key. If `retire`, an admin orders it, and replaces the admin key. */
export async function makeHeal(author: Author, retire: boolean): Promise<OwnHandshake> {
  const { room, device, epoch, adminKey } = author;
  const items = new Map<number, Uint8Array>();
  let [order, nextKey]: [Order | null, KeyPair | null] = [null, adminKey];
  if (retire) {
    nextKey = ed25519();
    const { group, state } = epoch;
    const others = group.members.filter(
      (member) => member.leaf !== group.ownLeaf && isActingAdmin(state, member),
    );
    if (others.length > 0) items.set(ITEM.adminKey, sealAdminKey(room, group, others, nextKey));
    items.set(ITEM.retired, new Uint8Array());
    // This client seals it for no further device.
    items.set(ITEM.sealedAdminKey, new Uint8Array());
    order = { retire: true, admins: [base64url(nextKey.publicKey)] };
  }
  const [message, group] = await epoch.group.commit(device, encodeItems(items));
  const sealedAdminKey = retire ? null : epoch.sealedAdminKey;
  const next = await epochOf(room, group, epoch.state, epoch.joinsClosed, sealedAdminKey, epoch.packs);
  const uploaded = await upload(room, next);
  const frame = handshake(author, message, uploaded, order);
  return { frame, next, items, adminKey: nextKey, ownSecret: author.ownSecret, change: 'heal' };
}

/** A `state` with another topic, by an admin, which also replaces the own invite by that of this epoch. */
export async function makeTopic(author: Author, topic: string): Promise<OwnHandshake> {
  const { room, device, epoch, adminKey } = author;
  const secret = epoch.keys.own;
  const invite = inviteOf(secret);
  const own = {
    id: invite.id,
    join: base64url(invite.join.publicKey),
    wrap: base64url(invite.wrap.publicKey),
    epoch: Number(epoch.group.epoch),
    by: base64url(device.identity.publicKey),
    own: true,
  } as const;
  const kept = epoch.state.invites.filter((known) => !known.own);
  const { lastRemoveEpoch, ...rest } = epoch.state;
  const state: RoomState = {
    ...rest,
    topic,
    invites: [...kept, own],
    ...(lastRemoveEpoch === undefined ? {} : { lastRemoveEpoch }),
  };
  const [message, group] = await epoch.group.commit(device, new Uint8Array(), encodeRoomState(state));
  const next = await epochOf(room, group, state, false, null, epoch.packs);
  const { invites, ...uploaded } = await upload(room, next);
  const listed = invites.map((item) => (item.invite === own.id ? { ...item, join: own.join } : item));
  const frame = handshake(author, message, { ...uploaded, invites: listed }, {});
  return { frame, next, items: new Map(), adminKey, ownSecret: secret, change: 'state' };
}

function handshake(
  author: Author,
  message: Uint8Array,
  uploaded: Upload,
  order: Order | null,
): OwnHandshake['frame'] {
  const { room, base, key, access: accessKey, adminKey, epoch } = author;
  const id = newId();
  const body = sealBody('handshake', room, epoch.keys.handshake, pad(message));
  const { access, groupInfo, member, invites } = uploaded;
  const lines = [id, room, base, key, body, access, groupInfo, member, ...inviteLines(invites)];
  const frame = {
    type: 'handshake',
    id,
    room,
    after: base,
    key,
    body,
    access,
    groupInfo,
    member,
    invites,
    proof: proof(accessKey, 'gochat/handshake/2', ...lines),
  };
  if (!order) return frame;
  if (!adminKey) throw new Error('an order without the admin key');
  const orderKey = base64url(adminKey.publicKey);
  const ordered = [orderKey, String(order.retire ?? '-'), order.admins?.join(' ') ?? '-', '-', '-', '-'];
  return {
    ...frame,
    order: { key: orderKey, ...order, proof: proof(adminKey, 'gochat/order/2', ...ordered, ...lines) },
  };
}
