import { expect, test } from 'vitest';
import { entered } from './entered.ts';
import { KeyPair } from './keys.ts';
import {
  commit,
  follow,
  found,
  grantOf,
  handshakeFrame,
  invitationFrame,
  joinFrame,
  newTicket,
  postFrame,
} from './member.ts';

test('an id is known in its room, over all types of change and all connections', async () => {
  const ticket = newTicket();
  const { node, peer, room, access } = await entered([grantOf(ticket)]);
  const frame = postFrame(room, access.at, 'a post');
  const { seq } = await peer.ask<'ack'>(frame);
  const other = await node.peer();
  const handshake = handshakeFrame(room, { after: access.at, by: access, id: frame.id });
  expect(await other.ask(handshake)).toMatchObject({ type: 'ack', seq, dup: true });
  const info = await other.ask<'groupinfo'>(invitationFrame(other, room, ticket));
  const join = joinFrame(other, room, ticket, info, new KeyPair(), { id: frame.id });
  expect(await other.ask(join)).toMatchObject({ type: 'ack', seq, dup: true });
  expect((await other.ask<'groupinfo'>(invitationFrame(other, room, ticket))).handshake).toBe(access.at);
});

test('an id of one room is unknown in another', async () => {
  const { peer, room, access } = await entered();
  const frame = postFrame(room, access.at, 'a post');
  await peer.ask(frame);
  const second = await found(peer);
  await follow(peer, second.room, second.access);
  const there = postFrame(second.room, second.access.at, 'a post', frame.id);
  expect(await peer.ask(there)).toMatchObject({ type: 'ack', dup: false });
});

test('a post that was acknowledged and is repeated after a retirement is acknowledged again by a newer key only', async () => {
  const { node, peer, room, admin, access } = await entered();
  const frame = postFrame(room, access.at, 'a post');
  const { seq } = await peer.ask<'ack'>(frame);
  const retired = peer.coming((down) => down.type === 'retired');
  const other = await node.peer();
  const next = await commit(other, room, {
    after: access.at,
    by: access,
    order: { keys: admin, retire: true },
  });
  await retired;
  expect(await peer.ask(frame)).toMatchObject({ code: 'retired' });
  await follow(peer, room, next, next.at);
  expect(await peer.ask(frame)).toMatchObject({ type: 'ack', seq, dup: true });
});

test('live comes once after each entered, and each enter delivers its own entries', async () => {
  const { peer, room, access } = await entered();
  peer.forget();
  await follow(peer, room, access);
  await follow(peer, room, access, access.at);
  await peer.barrier();
  const later = peer.frames.slice(peer.frames.findLastIndex((frame) => frame.type === 'entered') - 3);
  expect(later.map(({ type }) => type)).toEqual(['entered', 'entry', 'live', 'entered', 'live', 'pong']);
});
