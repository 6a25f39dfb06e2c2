import type { Down, DownOf } from '@gochat/protocol/down';
import type { Position, RequestId, RoomId } from '@gochat/protocol/fields';
import {
  signedCreate,
  signedEnter,
  signedHandshake,
  signedInvitation,
  signedJoin,
  signedKnock,
  signedOrder,
  signedRefresh,
  signedVoice,
} from '@gochat/protocol/signed';
import type { InviteGrant, Order, UpOf } from '@gochat/protocol/up';
import { bytes, KeyPair, newId, newInviteId, newRoomId, sealed } from './keys.ts';
import type { Peer } from './peer.ts';

const START = '0' as Position;

/** An access key with the position of the handshake that added it. */
export interface Access {
  readonly at: Position;
  readonly keys: KeyPair;
}

/** An invite's private key, as its link contains it. */
export interface Ticket {
  readonly invite: InviteGrant['invite'];
  readonly keys: KeyPair;
}

export function newTicket(): Ticket {
  return { invite: newInviteId(), keys: new KeyPair() };
}

/** A ticket as a handshake first lists it. */
export function grantOf(
  ticket: Ticket,
  more: Pick<InviteGrant, 'uses' | 'expires' | 'knock'> = {},
): InviteGrant {
  return {
    invite: ticket.invite,
    wrapped: sealed(`wrapped ${ticket.invite}`),
    join: ticket.keys.public,
    ...more,
  };
}

export interface Founded {
  readonly room: RoomId;
  readonly admin: KeyPair;
  readonly access: Access;
}

export type Unproved<T> = Omit<T, 'proof'>;

export function createFrame(
  room: RoomId,
  admin: KeyPair,
  access: KeyPair,
  invites: InviteGrant[] = [],
  more: Partial<Pick<UpOf<'create'>, 'id' | 'keepers' | 'rules'>> = {},
): UpOf<'create'> {
  const unsigned: Unproved<UpOf<'create'>> = {
    type: 'create',
    id: newId(),
    room,
    body: sealed('founding'),
    access: access.public,
    admin: admin.public,
    groupInfo: sealed('group info 0'),
    member: sealed('member 0'),
    invites,
    ...more,
  };
  return { ...unsigned, proof: admin.sign(signedCreate(unsigned)) };
}

export async function found(
  peer: Peer,
  invites: InviteGrant[] = [],
  more: Pick<UpOf<'create'>, 'keepers' | 'rules'> = {},
): Promise<Founded> {
  const [room, admin, keys] = [newRoomId(), new KeyPair(), new KeyPair()];
  const ack = await peer.ask<'ack'>(createFrame(room, admin, keys, invites, more));
  if (ack.type !== 'ack') throw new Error(`not created: ${JSON.stringify(ack)}`);
  return { room, admin, access: { at: ack.seq, keys } };
}

/** @param voice the voice key that the client says it has */
export function enterFrame(
  peer: Peer,
  room: RoomId,
  access: Access,
  since: Position = START,
  voice?: KeyPair,
): UpOf<'enter'> {
  const unsigned: Unproved<UpOf<'enter'>> = {
    type: 'enter',
    id: newId(),
    room,
    key: access.at,
    since,
    nonce: bytes(16),
  };
  return {
    ...unsigned,
    proof: access.keys.sign(signedEnter(peer, unsigned)),
    ...(voice && { voice: voice.sign(signedVoice(peer, unsigned)) }),
  };
}

export function enter(
  peer: Peer,
  room: RoomId,
  access: Access,
  since: Position = START,
  voice?: KeyPair,
): Promise<DownOf<'entered' | 'error'>> {
  return peer.ask<'entered' | 'error'>(enterFrame(peer, room, access, since, voice));
}

/** Enters and waits for the end of the backlog. */
export async function follow(
  peer: Peer,
  room: RoomId,
  access: Access,
  since: Position = START,
  voice?: KeyPair,
): Promise<void> {
  const live = peer.coming((frame) => frame.type === 'live' && frame.room === room);
  await enter(peer, room, access, since, voice);
  await live;
}

export function postFrame(room: RoomId, base: Position, text: string, id = newId()): UpOf<'post'> {
  return { type: 'post', id, room, base, body: sealed(text) };
}

export function post(
  peer: Peer,
  room: RoomId,
  base: Position,
  text: string,
): Promise<DownOf<'ack' | 'error'>> {
  return peer.ask<'ack' | 'error'>(postFrame(room, base, text));
}

export interface HandshakeWish {
  readonly after: Position;
  readonly by: Access;
  readonly next?: KeyPair;
  readonly invites?: InviteGrant[];
  readonly body?: string;
  readonly id?: RequestId;
  /** `keys` signs it. */
  readonly order?: { readonly keys: KeyPair } & Omit<Order, 'key' | 'proof'>;
}

export function handshakeFrame(room: RoomId, wish: HandshakeWish): UpOf<'handshake'> {
  const unsigned = {
    type: 'handshake' as const,
    id: wish.id ?? newId(),
    room,
    after: wish.after,
    key: wish.by.at,
    body: sealed(wish.body ?? `commit after ${wish.after}`),
    access: (wish.next ?? new KeyPair()).public,
    groupInfo: sealed(`group info after ${wish.after}`),
    member: sealed(`member after ${wish.after}`),
    invites: wish.invites ?? [],
  };
  const signed = { ...unsigned, proof: wish.by.keys.sign(signedHandshake(unsigned)) };
  if (wish.order === undefined) return signed;
  const { keys, ...ordered } = wish.order;
  const order = { key: keys.public, ...ordered };
  return { ...signed, order: { ...order, proof: keys.sign(signedOrder(unsigned, order)) } };
}

/** Commits and returns the next access key. */
export async function commit(peer: Peer, room: RoomId, wish: Omit<HandshakeWish, 'next'>): Promise<Access> {
  const keys = new KeyPair();
  const answer: Down = await peer.ask(handshakeFrame(room, { ...wish, next: keys }));
  if (answer.type !== 'ack') throw new Error(`not committed: ${JSON.stringify(answer)}`);
  return { at: answer.seq, keys };
}

export function invitationFrame(peer: Peer, room: RoomId, ticket: Ticket): UpOf<'invitation'> {
  const unsigned: Unproved<UpOf<'invitation'>> = {
    type: 'invitation',
    id: newId(),
    room,
    invite: ticket.invite,
    nonce: bytes(16),
  };
  return { ...unsigned, proof: ticket.keys.sign(signedInvitation(peer, unsigned)) };
}

export function knockFrame(
  peer: Peer,
  room: RoomId,
  ticket: Ticket,
  text = 'let me in',
  id = newId(),
): UpOf<'knock'> {
  const unsigned: Unproved<UpOf<'knock'>> = {
    type: 'knock',
    id,
    room,
    invite: ticket.invite,
    body: sealed(text),
    nonce: bytes(16),
  };
  return { ...unsigned, proof: ticket.keys.sign(signedKnock(peer, unsigned)) };
}

export function joinFrame(
  peer: Peer,
  room: RoomId,
  ticket: Ticket,
  info: DownOf<'groupinfo'>,
  access: KeyPair,
  more: Partial<Unproved<UpOf<'join'>>> = {},
): UpOf<'join'> {
  const unsigned: Unproved<UpOf<'join'>> = {
    type: 'join',
    id: newId(),
    room,
    invite: ticket.invite,
    after: info.handshake,
    body: sealed('join'),
    access: access.public,
    groupInfo: sealed(`group info after ${info.handshake}`),
    member: sealed(`member after ${info.handshake}`),
    invites: info.invites.map(({ invite }) => ({ invite, wrapped: sealed(`rewrapped ${invite}`) })),
    nonce: bytes(16),
    ...more,
  };
  return { ...unsigned, proof: ticket.keys.sign(signedJoin(peer, unsigned)) };
}

export function refreshFrame(
  room: RoomId,
  by: Access,
  after: Position,
  invites: InviteGrant[] = [],
  id = newId(),
): UpOf<'refresh'> {
  const unsigned: Unproved<UpOf<'refresh'>> = {
    type: 'refresh',
    id,
    room,
    after,
    key: by.at,
    groupInfo: sealed('refreshed group info'),
    member: sealed('refreshed member'),
    invites,
  };
  return { ...unsigned, proof: by.keys.sign(signedRefresh(unsigned)) };
}

export function fetchInfo(peer: Peer, room: RoomId): Promise<DownOf<'groupinfo'>> {
  return peer.ask<'groupinfo'>({ type: 'fetch', id: newId(), room });
}
