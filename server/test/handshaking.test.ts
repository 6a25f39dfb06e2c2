import { signedCreateBy } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { describe, expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import type { ServerLimits } from '../src/operate/limits.ts';
import { losingAnswers } from './broken-log.ts';
import { entered } from './entered.ts';
import { bytes, KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  commit,
  createFrame,
  enter,
  fetchInfo,
  follow,
  found,
  grantOf,
  handshakeFrame,
  invitationFrame,
  newTicket,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

describe('create', () => {
  test('creates a room once, and a repeat gets the same reply', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const frame = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    const first = await peer.ask<'ack'>(frame);
    expect(first).toMatchObject({ type: 'ack', dup: false });
    expect(await peer.ask(frame)).toEqual({ ...first, dup: true });
    const thief = createFrame(frame.room, new KeyPair(), new KeyPair());
    expect(await peer.ask(thief)).toMatchObject({ code: 'exists' });
  });

  test('is completely covered by the signature of the admin key', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const frame = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    const changed: Partial<UpOf<'create'>>[] = [
      { room: newRoomId() },
      { admin: new KeyPair().public },
      { access: new KeyPair().public },
      { body: sealed('other') },
      { invites: [grantOf(newTicket())] },
    ];
    for (const change of changed) {
      expect(await peer.ask({ ...frame, ...change })).toMatchObject({ code: 'refused' });
    }
  });

  test('is limited by address', async () => {
    const node = await startNode({ limits: { createsPerHour: 2, exemptsLoopback: false } });
    const [peer, other] = [await node.peer(), await node.peer('web')];
    await found(peer);
    await found(other);
    const third = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    const answer = await other.ask<'error'>(third);
    expect(answer).toMatchObject({ code: 'rate-limited' });
    expect(answer.retryAfterMs).toBeGreaterThan(1000);
  });
});

describe('create with a proof of membership in another room', () => {
  async function proving() {
    const node = await startNode();
    const peer = await node.peer();
    const home = await found(peer);
    const by = { room: home.room, key: home.access.at, nonce: bytes(16) };
    return { peer, home, by };
  }
  /** The frame that `by` proves, with a valid proof of its own admin key. */
  const creation = (peer: Peer, by: Omit<NonNullable<UpOf<'create'>['by']>, 'proof'>, keys: KeyPair) => {
    const frame = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    return { ...frame, by: { ...by, proof: keys.sign(signedCreateBy(peer, frame, by)) } };
  };

  test('creates the room if the key is live', async () => {
    const { peer, home, by } = await proving();
    expect(await peer.ask(creation(peer, by, home.access.keys))).toMatchObject({ type: 'ack' });
  });

  test('is refused with another key, a repeated nonce, or a retired key', async () => {
    const { peer, home, by } = await proving();
    expect(await peer.ask(creation(peer, by, new KeyPair()))).toMatchObject({ code: 'refused' });
    expect(await peer.ask(creation(peer, by, home.access.keys))).toMatchObject({ code: 'refused' });
    const elsewhere = { ...by, nonce: bytes(16), room: newRoomId() };
    expect(await peer.ask(creation(peer, elsewhere, home.access.keys))).toMatchObject({ code: 'no-room' });
    await commit(peer, home.room, {
      after: home.access.at,
      by: home.access,
      order: { keys: home.admin, retire: true },
    });
    const late = { ...by, nonce: bytes(16) };
    expect(await peer.ask(creation(peer, late, home.access.keys))).toMatchObject({ code: 'retired' });
  });
});

describe('where members may create rooms', () => {
  const TOKEN = bytes(16);
  async function membersOnly(limits: Partial<ServerLimits> = {}) {
    const clock = { now: 1_790_000_000_000 };
    const now = () => clock.now;
    const engine = openMemory({ now });
    const node = await startNode({ createToken: TOKEN, membersCreate: true, limits, now, engine });
    const peer = await node.peer();
    const [room, admin, keys] = [newRoomId(), new KeyPair(), new KeyPair()];
    const frame = createFrame(room, admin, keys);
    expect(await peer.ask(frame)).toMatchObject({ code: 'token' });
    const ack = await peer.ask<'ack'>({ ...frame, token: TOKEN });
    const home = { room, admin, access: { at: ack.seq, keys } };
    /** A room that a member of the home creates. @param signer who proves it */
    const creation = (from: Peer, signer = keys) => {
      const by = { room, key: home.access.at, nonce: bytes(16) };
      const wanted = createFrame(newRoomId(), new KeyPair(), new KeyPair());
      return { ...wanted, by: { ...by, proof: signer.sign(signedCreateBy(from, wanted, by)) } };
    };
    return { clock, node, peer, home, creation };
  }

  test('a live access key of another room is enough, and nothing less', async () => {
    const { peer, home, creation } = await membersOnly();
    expect(await peer.ask(creation(peer))).toMatchObject({ type: 'ack' });
    expect(await peer.ask({ ...creation(peer), token: bytes(16) })).toMatchObject({ type: 'ack' });
    expect(await peer.ask(creation(peer, new KeyPair()))).toMatchObject({ code: 'refused' });
    const order = { keys: home.admin, retire: true as const };
    await commit(peer, home.room, { after: home.access.at, by: home.access, order });
    expect(await peer.ask(creation(peer))).toMatchObject({ code: 'retired' });
  });

  test('each room has a number in a day, beside those with the token; a repeat takes none', async () => {
    const { clock, node, peer, home, creation } = await membersOnly({ createsPerRoom: 2 });
    const first = creation(peer);
    expect(await peer.ask(first)).toMatchObject({ type: 'ack', dup: false });
    const by = { room: first.by.room, key: first.by.key, nonce: bytes(16) };
    const proof = home.access.keys.sign(signedCreateBy(peer, first, by));
    expect(await peer.ask({ ...first, by: { ...by, proof } })).toMatchObject({ type: 'ack', dup: true });
    clock.now += 3_600_000;
    expect(await peer.ask(creation(peer))).toMatchObject({ type: 'ack' });
    const third = await peer.ask<'error'>(creation(peer));
    expect(third).toMatchObject({ code: 'rate-limited', retryAfterMs: 23 * 3_600_000 });
    expect(await peer.ask({ ...creation(peer), token: TOKEN })).toMatchObject({ type: 'ack' });
    clock.now += 23 * 3_600_000;
    const later = await node.peer();
    expect(await later.ask(creation(later))).toMatchObject({ type: 'ack' });
  });

  test('elsewhere it is not enough', async () => {
    const node = await startNode({ createToken: TOKEN });
    const peer = await node.peer();
    const [room, keys] = [newRoomId(), new KeyPair()];
    const ack = await peer.ask<'ack'>({ ...createFrame(room, new KeyPair(), keys), token: TOKEN });
    const by = { room, key: ack.seq, nonce: bytes(16) };
    const wanted = createFrame(newRoomId(), new KeyPair(), new KeyPair());
    const proof = keys.sign(signedCreateBy(peer, wanted, by));
    expect(await peer.ask({ ...wanted, by: { ...by, proof } })).toMatchObject({ code: 'token' });
  });
});

test('requests of features that this server lacks are answered, and the connection goes on', async () => {
  const { peer, room } = await entered();
  const id = newId();
  expect(await peer.ask({ type: 'wake', id, room })).toMatchObject({ code: 'not-offered' });
  await peer.barrier();
});

describe('a commit', () => {
  test('is appended only after the handshake that it names', async () => {
    const { peer, room, access } = await entered();
    const frames = Array.from({ length: 20 }, () => handshakeFrame(room, { after: access.at, by: access }));
    const answers = await Promise.all(frames.map((frame) => peer.ask<'ack' | 'error'>(frame)));
    const won = answers.filter((answer) => answer.type === 'ack');
    expect(won).toHaveLength(1);
    const at = won[0]?.type === 'ack' ? won[0].seq : undefined;
    for (const lost of answers.filter((answer) => answer.type === 'error')) {
      expect(lost).toMatchObject({ code: 'conflict', handshake: at });
    }
  });

  test('that names a future handshake conflicts', async () => {
    const { peer, room, access } = await entered();
    const ahead = `${Number(access.at) + 1}` as typeof access.at;
    const frame = handshakeFrame(room, { after: ahead, by: access });
    expect(await peer.ask(frame)).toMatchObject({ code: 'conflict', handshake: access.at });
  });

  test('needs no enter, and its key is valid immediately', async () => {
    const { node, room, access } = await entered();
    const other = await node.peer('web');
    const next = await commit(other, room, { after: access.at, by: access });
    expect(await enter(other, room, next)).toMatchObject({ type: 'entered', handshake: next.at });
  });

  test('with another key, or changed after signing, is refused', async () => {
    const { peer, room, access } = await entered();
    const frame = handshakeFrame(room, { after: access.at, by: access });
    const wrong = handshakeFrame(room, { after: access.at, by: { at: access.at, keys: new KeyPair() } });
    for (const bad of [
      wrong,
      { ...frame, body: sealed('other') },
      { ...frame, access: new KeyPair().public },
    ]) {
      expect(await peer.ask(bad)).toMatchObject({ code: 'refused' });
    }
  });

  test('gets the first ack when repeated, even if it retired the key that signed it', async () => {
    const { node, peer, room, admin, access } = await entered();
    const keys = new KeyPair();
    const frame = handshakeFrame(room, {
      after: access.at,
      by: access,
      next: keys,
      order: { keys: admin, retire: true },
    });
    const first = await peer.ask<'ack'>(frame);
    const other = await node.peer();
    expect(await other.ask(frame)).toEqual({ ...first, dup: true });
    await commit(other, room, { after: first.seq, by: { at: first.seq, keys } });
    expect(await other.ask(frame)).toEqual({ ...first, dup: true });
  });

  test('whose reply was lost gets it by repeating', async () => {
    const engine = losingAnswers();
    const node = await startNode({ engine });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    const frame = handshakeFrame(room, { after: access.at, by: access });
    engine.breakAnswers();
    expect(await peer.ask(frame)).toMatchObject({ code: 'unavailable' });
    engine.repair();
    expect(await peer.ask(frame)).toMatchObject({ type: 'ack', dup: true });
  });
});

describe('the invites of a commit', () => {
  test('known ones get a new wrapped key, new ones are added, unlisted ones lose theirs', async () => {
    const [kept, omitted, added] = [newTicket(), newTicket(), newTicket()];
    const expires = Date.now() + 60_000;
    const { peer, room, access } = await entered([grantOf(kept, { uses: 3, expires }), grantOf(omitted)]);
    const impostor = newTicket();
    const again = {
      invite: kept.invite,
      wrapped: sealed('again'),
      join: impostor.keys.public,
      uses: 9999,
      expires: expires + 60_000,
    };
    await commit(peer, room, { after: access.at, by: access, invites: [again, grantOf(added, { uses: 1 })] });
    expect((await fetchInfo(peer, room)).invites).toEqual([
      { invite: kept.invite, wrapped: sealed('again'), expires, uses: 3 },
      { invite: omitted.invite },
      { invite: added.invite, wrapped: grantOf(added).wrapped, uses: 1 },
    ]);
  });

  test('an omitted one gets no GroupInfo until somebody wraps the key for it again', async () => {
    const ticket = newTicket();
    const { node, peer, room, access } = await entered([grantOf(ticket)]);
    const joiner = await node.peer();
    const next = await commit(peer, room, { after: access.at, by: access });
    expect(await joiner.ask(invitationFrame(joiner, room, ticket))).toMatchObject({
      code: 'no-wrap',
      retryAfterMs: 60_000,
    });
    const invites = [{ invite: ticket.invite, wrapped: sealed('again') }];
    await peer.ask(refreshFrame(room, next, next.at, invites));
    expect(await joiner.ask(invitationFrame(joiner, room, ticket))).toMatchObject({
      wrapped: sealed('again'),
    });
    const last = await commit(peer, room, { after: next.at, by: next });
    await commit(peer, room, { after: last.at, by: last, invites });
    expect(await joiner.ask(invitationFrame(joiner, room, ticket))).toMatchObject({ type: 'groupinfo' });
  });

  test('one that nobody wraps the key for ends after seven days, however often the GroupInfo is replaced', async () => {
    let now = 1_790_000_000_000;
    const node = await startNode({ now: () => now });
    const first = await node.peer();
    const ticket = newTicket();
    const { room, access } = await found(first, [grantOf(ticket)]);
    const day = 24 * 3600 * 1000;
    let last = await commit(first, room, { after: access.at, by: access });
    for (const elapsed of [6.9, 0.2]) {
      now += elapsed * day;
      // The server may have ended the earlier connections: they were silent for days.
      const peer = await node.peer();
      await follow(peer, room, access);
      const live = elapsed > 1 ? [{ invite: ticket.invite }] : [];
      expect((await fetchInfo(peer, room)).invites).toEqual(live);
      await peer.ask(refreshFrame(room, last, last.at));
      last = await commit(peer, room, { after: last.at, by: last });
      expect((await fetchInfo(peer, room)).invites).toEqual(live);
    }
  });

  test('a seventeenth is refused', async () => {
    const invites = Array.from({ length: 16 }, () => grantOf(newTicket()));
    const { peer, room, admin, access } = await entered(invites);
    const wish = { after: access.at, by: access, invites: [grantOf(newTicket())] };
    expect(await peer.ask(handshakeFrame(room, wish))).toMatchObject({ code: 'full' });
    await commit(peer, room, { ...wish, order: { keys: admin } });
  });

  test('a new one must expire within the limit and be listed once', async () => {
    const { peer, room, access } = await entered();
    const ticket = newTicket();
    for (const invites of [
      [grantOf(ticket), grantOf(ticket)],
      [grantOf(ticket, { expires: Date.now() + 400 * 24 * 3600 * 1000 })],
    ]) {
      const frame = handshakeFrame(room, { after: access.at, by: access, invites });
      expect(await peer.ask(frame)).toMatchObject({ code: 'invalid' });
    }
  });

  test('one that has ended, or has no join key, is not added', async () => {
    const { peer, room, access } = await entered();
    const ended = { invite: newTicket().invite, wrapped: sealed('w') };
    await commit(peer, room, { after: access.at, by: access, invites: [ended] });
    expect((await fetchInfo(peer, room)).invites).toEqual([]);
  });
});
