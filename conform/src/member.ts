import type { DownOf } from '@gochat/protocol/down';
import { type InviteId, type Position, type RequestId, type RoomId, START } from '@gochat/protocol/fields';
import * as signed from '@gochat/protocol/signed';
import type { InviteGrant, Order, UpOf } from '@gochat/protocol/up';
import type { Connection } from './connection.ts';
import { KeyPair, random } from './key-pair.ts';

/** An access key, by the position of the handshake that added it. */
export interface Access {
  readonly at: Position;
  readonly keys: KeyPair;
}

/** An invite with its join key. */
export interface Ticket {
  readonly invite: InviteId;
  readonly keys: KeyPair;
}

export function newTicket(): Ticket {
  return { invite: random<InviteId>(), keys: new KeyPair() };
}

/** A ticket as a list of invites first names it. */
export function grantOf(
  { invite, keys }: Ticket,
  more: Pick<InviteGrant, 'uses' | 'expires' | 'knock'> = {},
): InviteGrant {
  return { invite, wrapped: random(80), join: keys.public, ...more };
}

/** What `create`, `handshake`, `join` and `refresh` upload. */
function uploads() {
  return { groupInfo: random(600), member: random(72) };
}

export function createFrame(
  admin: KeyPair,
  access: KeyPair,
  more: Partial<Omit<UpOf<'create'>, 'type' | 'proof' | 'admin' | 'access'>> = {},
): UpOf<'create'> {
  const unsigned = {
    type: 'create' as const,
    ...{ id: random<RequestId>(), room: random<RoomId>(), body: random(100) },
    ...{ access: access.public, admin: admin.public, ...uploads(), invites: [], ...more },
  };
  return { ...unsigned, proof: admin.sign(signed.signedCreate(unsigned)) };
}

export function enterFrame(
  { origin, nonce: welcome }: Connection,
  room: RoomId,
  access: Access,
  since: Position = START,
  voice?: KeyPair,
): UpOf<'enter'> {
  const unsigned = {
    type: 'enter' as const,
    id: random<RequestId>(),
    room,
    key: access.at,
    since,
    nonce: random(),
  };
  const dialled = { origin, nonce: welcome };
  return {
    ...unsigned,
    proof: access.keys.sign(signed.signedEnter(dialled, unsigned)),
    ...(voice && { voice: voice.sign(signed.signedVoice(dialled, unsigned)) }),
  };
}

export function postFrame(room: RoomId, base: Position, id = random<RequestId>(), bytes = 200): UpOf<'post'> {
  return { type: 'post', id, room, base, body: random(bytes) };
}

/** What a handshake does beside adding an access key. */
export interface HandshakeWish {
  readonly next?: KeyPair;
  readonly invites?: InviteGrant[];
  /** `keys` signs it. */
  readonly order?: { readonly keys: KeyPair } & Omit<Order, 'key' | 'proof'>;
}

export function handshakeFrame(
  room: RoomId,
  after: Position,
  by: Access,
  wish: HandshakeWish = {},
): UpOf<'handshake'> {
  const { next = new KeyPair(), invites = [], order: wanted } = wish;
  const unsigned = {
    type: 'handshake' as const,
    ...{ id: random<RequestId>(), room, after, key: by.at, body: random(300) },
    ...{ access: next.public, ...uploads(), invites },
  };
  const frame = { ...unsigned, proof: by.keys.sign(signed.signedHandshake(unsigned)) };
  if (wanted === undefined) return frame;
  const { keys, ...parts } = wanted;
  const order = { key: keys.public, ...parts };
  return { ...frame, order: { ...order, proof: keys.sign(signed.signedOrder(unsigned, order)) } };
}

export function invitationFrame(
  { origin, nonce: welcome }: Connection,
  room: RoomId,
  by: Ticket,
): UpOf<'invitation'> {
  const unsigned = {
    type: 'invitation' as const,
    ...{ id: random<RequestId>(), room, invite: by.invite, nonce: random() },
  };
  return { ...unsigned, proof: by.keys.sign(signed.signedInvitation({ origin, nonce: welcome }, unsigned)) };
}

export function knockFrame(
  { origin, nonce: welcome }: Connection,
  room: RoomId,
  by: Ticket,
  id = random<RequestId>(),
): UpOf<'knock'> {
  const unsigned = {
    type: 'knock' as const,
    ...{ id, room, invite: by.invite, body: random(100), nonce: random() },
  };
  return { ...unsigned, proof: by.keys.sign(signed.signedKnock({ origin, nonce: welcome }, unsigned)) };
}

export function joinFrame(
  { origin, nonce: welcome }: Connection,
  by: Ticket,
  info: DownOf<'groupinfo'>,
  next: KeyPair,
  more: Partial<Pick<UpOf<'join'>, 'id' | 'invites'>> = {},
): UpOf<'join'> {
  const unsigned = {
    type: 'join' as const,
    ...{
      id: random<RequestId>(),
      room: info.room,
      invite: by.invite,
      after: info.handshake,
      body: random(300),
    },
    ...{ access: next.public, ...uploads(), nonce: random() },
    invites: info.invites.map(({ invite }) => ({ invite, wrapped: random(80) })),
    ...more,
  };
  return { ...unsigned, proof: by.keys.sign(signed.signedJoin({ origin, nonce: welcome }, unsigned)) };
}

export function refreshFrame(
  room: RoomId,
  after: Position,
  by: Access,
  invites: InviteGrant[] = [],
): UpOf<'refresh'> {
  const unsigned = {
    type: 'refresh' as const,
    ...{ id: random<RequestId>(), room, after, key: by.at, ...uploads(), invites },
  };
  return { ...unsigned, proof: by.keys.sign(signed.signedRefresh(unsigned)) };
}
