import { signedCreateBy } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { describe, expect, test } from 'vitest';
import { losingAnswers } from './broken-log.ts';
import { bytes, KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  commit,
  createFrame,
  enter,
  enterFrame,
  fetchInfo,
  follow,
  found,
  grantOf,
  handshakeFrame,
  invitationFrame,
  newTicket,
  post,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

async function entered(invites = [] as Parameters<typeof found>[1]) {
  const node = await startNode();
  const peer = await node.peer();
  const founded = await found(peer, invites);
  await follow(peer, founded.room, founded.access);
  return { node, peer, ...founded };
}

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

test('requests of features that this server lacks are answered, and the connection goes on', async () => {
  const { peer, room } = await entered();
  const id = newId();
  const knock = { room, invite: newTicket().invite, body: sealed('let me in'), nonce: bytes(16) };
  expect(await peer.ask({ type: 'knock', id, ...knock, proof: bytes(64) })).toMatchObject({
    code: 'not-offered',
  });
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

describe('an order', () => {
  test('is refused with a key that is not an admin key', async () => {
    const { peer, room, access } = await entered();
    for (const order of [{ keys: new KeyPair() }, { keys: access.keys, retire: true as const }]) {
      expect(await peer.ask(handshakeFrame(room, { after: access.at, by: access, order }))).toMatchObject({
        code: 'refused',
      });
    }
  });

  test("can't be moved to another request", async () => {
    const { peer, room, admin, access } = await entered();
    const one = handshakeFrame(room, { after: access.at, by: access, order: { keys: admin, retire: true } });
    const other = handshakeFrame(room, { after: access.at, by: access });
    expect(one.order).toBeDefined();
    if (one.order === undefined) return;
    expect(await peer.ask({ ...other, order: one.order })).toMatchObject({ code: 'refused' });
    const { retire: _, ...softened } = one.order;
    expect(await peer.ask({ ...one, order: softened })).toMatchObject({ code: 'refused' });
  });

  test('ends the invites that it leaves out, and keeps those that it lists', async () => {
    const [kept, left] = [newTicket(), newTicket()];
    const { peer, room, admin, access } = await entered([grantOf(kept), grantOf(left)]);
    const invites = [{ invite: kept.invite, wrapped: sealed('again') }];
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      invites,
      order: { keys: admin, retire: true },
    });
    await follow(peer, room, next);
    expect((await fetchInfo(peer, room)).invites).toEqual(invites);
    await commit(peer, room, { after: next.at, by: next, order: { keys: admin } });
    expect((await fetchInfo(peer, room)).invites).toEqual([]);
  });

  test('of the keepers key may retire keys and end invites, and nothing else', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const keepers = new KeyPair();
    const { room, access } = await found(peer, [grantOf(newTicket())], { keepers: keepers.public });
    const wish = { after: access.at, by: access };
    for (const beyond of [
      { admins: [keepers.public] },
      { keepers: new KeyPair().public },
      { rules: { quietMs: 0 } },
      { close: true as const },
    ]) {
      const frame = handshakeFrame(room, { ...wish, order: { keys: keepers, retire: true, ...beyond } });
      expect(await peer.ask(frame)).toMatchObject({ code: 'refused' });
    }
    const next = await commit(peer, room, { ...wish, order: { keys: keepers, retire: true } });
    await follow(peer, room, next);
    expect((await fetchInfo(peer, room)).invites).toEqual([]);
    expect(await enter(peer, room, access)).toMatchObject({ handshake: next.at });
  });

  test('of an admin replaces the keepers key', async () => {
    const { peer, room, admin, access } = await entered();
    const [first, second] = [new KeyPair(), new KeyPair()];
    let at = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, keepers: first.public },
    });
    at = await commit(peer, room, { after: at.at, by: at, order: { keys: first, retire: true } });
    at = await commit(peer, room, {
      after: at.at,
      by: at,
      order: { keys: admin, keepers: second.public },
    });
    const wish = { after: at.at, by: at };
    expect(
      await peer.ask(handshakeFrame(room, { ...wish, order: { keys: first, retire: true } })),
    ).toMatchObject({ code: 'refused' });
    await commit(peer, room, { ...wish, order: { keys: second, retire: true } });
  });

  test("sets the room's rules, which the reply to enter contains", async () => {
    const node = await startNode();
    const peer = await node.peer();
    const rules = { voice: new KeyPair().public, quietBytes: 4137, quietMs: 10_000 };
    const { room, admin, access } = await found(peer, [], { rules });
    expect(await enter(peer, room, access)).toMatchObject({ rules });
    const other = { retainMs: 3_600_000 };
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, rules: other },
    });
    expect((await enter(peer, room, access)) as { rules?: unknown }).toMatchObject({ rules: other });
    const last = await commit(peer, room, { after: next.at, by: next });
    const late = await node.peer();
    expect(((await enter(late, room, last)) as { rules?: unknown }).rules).toEqual(other);
    const removed = { after: last.at, by: last, order: { keys: admin, retire: true as const } };
    await commit(peer, room, removed);
    expect(await enter(late, room, last)).not.toHaveProperty('rules');
  });

  test('is refused with a key of small order', async () => {
    const { peer, room, admin, access } = await entered();
    const order = { keys: admin, keepers: new KeyPair().public };
    const small = { ...order, keepers: `AQ${'A'.repeat(41)}` };
    const good = handshakeFrame(room, { after: access.at, by: access, order });
    expect(await peer.ask(good)).toMatchObject({ type: 'ack' });
    peer.send(handshakeFrame(room, { after: access.at, by: access, order: small }));
    expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({ code: 'malformed' });
  });
});

describe('a room that an admin closes', () => {
  async function closed() {
    const ticket = newTicket();
    const made = await entered([grantOf(ticket)]);
    const { peer, room, admin, access } = made;
    const frame = handshakeFrame(room, { after: access.at, by: access, order: { keys: admin, close: true } });
    peer.forget();
    const ack = await peer.ask<'ack'>(frame);
    return { ...made, ticket, frame, ack };
  }

  test('delivers its last handshake, and then ends delivery', async () => {
    const { peer, room, ack } = await closed();
    expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({ room, code: 'closed' });
    expect(peer.of('entry').map((entry) => entry.seq)).toContain(ack.seq);
    expect(await post(peer, room, ack.seq, 'too late')).toMatchObject({ code: 'not-entered' });
  });

  test('answers every later request with closed, except a repeat of the one that closed it', async () => {
    const { node, room, access, ticket, frame, ack } = await closed();
    const peer = await node.peer();
    const requests = [
      enterFrame(peer, room, access),
      handshakeFrame(room, { after: access.at, by: access }),
      handshakeFrame(room, { after: ack.seq, by: access }),
      refreshFrame(room, access, ack.seq),
      invitationFrame(peer, room, ticket),
    ];
    for (const request of requests)
      expect([request.type, await peer.ask(request)]).toMatchObject([request.type, { code: 'closed' }]);
    expect(await peer.ask(frame)).toEqual({ ...ack, dup: true });
    const again = createFrame(room, new KeyPair(), new KeyPair());
    expect(await peer.ask(again)).toMatchObject({ code: 'exists' });
  });
});

describe('handshakes without an order', () => {
  const limits = { handshakesBurst: 3, handshakesPerSecond: 10 };

  test('are limited by room, and go on after the wait', async () => {
    const node = await startNode({ limits });
    const peer = await node.peer();
    const founded = await found(peer);
    const { room } = founded;
    let { access } = founded;
    for (let i = 0; i < 3; i += 1) access = await commit(peer, room, { after: access.at, by: access });
    const frame = handshakeFrame(room, { after: access.at, by: access });
    const refused = await peer.ask<'error'>(frame);
    expect(refused).toMatchObject({ code: 'rate-limited' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(100);
    const other = await found(peer);
    await commit(peer, other.room, { after: other.access.at, by: other.access });
    while ((await peer.ask(frame)).type !== 'ack') await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('do not keep out a removal, however many there are', async () => {
    const node = await startNode({ limits: { ...limits, handshakesPerSecond: 0.001 } });
    const [peer, mallory] = [await node.peer(), await node.peer()];
    const { room, admin, access } = await found(peer);
    let last = access;
    for (;;) {
      const keys = new KeyPair();
      const garbage = handshakeFrame(room, { after: last.at, by: access, next: keys });
      const answer = await mallory.ask<'ack' | 'error'>(garbage);
      if (answer.type === 'error') break;
      last = { at: answer.seq, keys };
    }
    const removal = { after: last.at, by: last, order: { keys: admin, retire: true as const } };
    const next = await commit(peer, room, removal);
    await commit(peer, room, { after: next.at, by: next, order: { keys: admin } });
  });

  test('that conflict count for nothing', async () => {
    const node = await startNode({ limits: { handshakesBurst: 2, handshakesPerSecond: 0.001 } });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    const next = await commit(peer, room, { after: access.at, by: access });
    for (let i = 0; i < 5; i += 1)
      expect(await peer.ask(handshakeFrame(room, { after: access.at, by: access }))).toMatchObject({
        code: 'conflict',
      });
    await commit(peer, room, { after: next.at, by: next });
  });
});

describe('who may remove', () => {
  test('no member is removed without an admin', async () => {
    const { node, peer, room, access } = await entered();
    const next = await commit(peer, room, { after: access.at, by: access });
    const other = await node.peer();
    await follow(other, room, access);
    expect(await post(other, room, next.at, 'here')).toMatchObject({ type: 'ack' });
    expect(other.of('retired')).toEqual([]);
  });

  test('replaces the admins', async () => {
    const { peer, room, admin, access } = await entered();
    const heir = new KeyPair();
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, admins: [heir.public] },
    });
    const wish = { after: next.at, by: next };
    expect(
      await peer.ask(handshakeFrame(room, { ...wish, order: { keys: admin, retire: true } })),
    ).toMatchObject({ code: 'refused' });
    await commit(peer, room, { ...wish, order: { keys: heir, retire: true } });
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

describe('fetch', () => {
  test('returns the GroupInfo of the last handshake to members', async () => {
    const ticket = newTicket();
    const { node, peer, room, access } = await entered([grantOf(ticket)]);
    expect(await fetchInfo(peer, room)).toEqual({
      type: 'groupinfo',
      id: expect.any(String),
      room,
      handshake: access.at,
      groupInfo: sealed('group info 0'),
      member: sealed('member 0'),
      invites: [{ invite: ticket.invite, wrapped: grantOf(ticket).wrapped }],
    });
    const stranger = await node.peer();
    expect(await stranger.ask({ type: 'fetch', id: newId(), room })).toMatchObject({ code: 'not-entered' });
  });
});

describe('refresh', () => {
  test('replaces the GroupInfo of the last handshake until the next one', async () => {
    const [kept, omitted, foreign] = [newTicket(), newTicket(), newTicket()];
    const { peer, room, access } = await entered([grantOf(kept, { uses: 2 }), grantOf(omitted)]);
    const listed = [grantOf(kept, { uses: 999 }), grantOf(foreign)];
    const ack = await peer.ask(refreshFrame(room, access, access.at, listed));
    expect(ack).toMatchObject({ type: 'ack', seq: access.at, dup: false });
    expect(await fetchInfo(peer, room)).toMatchObject({
      handshake: access.at,
      groupInfo: sealed('refreshed group info'),
      member: sealed('refreshed member'),
      invites: [{ invite: kept.invite, wrapped: grantOf(kept).wrapped, uses: 2 }, { invite: omitted.invite }],
    });
    const next = await commit(peer, room, { after: access.at, by: access });
    expect(await fetchInfo(peer, room)).toMatchObject({
      handshake: next.at,
      groupInfo: sealed(`group info after ${access.at}`),
    });
    expect(await peer.ask(refreshFrame(room, access, access.at))).toMatchObject({
      code: 'conflict',
      handshake: next.at,
    });
  });

  test('gets the first ack when repeated, and a later one replaces it', async () => {
    const { peer, room, access } = await entered();
    const frame = refreshFrame(room, access, access.at);
    const first = await peer.ask<'ack'>(frame);
    expect(await peer.ask(frame)).toEqual({ ...first, dup: true });
    expect(await peer.ask(refreshFrame(room, access, access.at))).toMatchObject({ type: 'ack', dup: false });
  });

  test('is announced to the followers', async () => {
    const { node, peer, room, access } = await entered();
    const other = await node.peer('web');
    const asked = await other.ask(refreshFrame(room, access, access.at));
    expect(asked).toMatchObject({ type: 'ack' });
    expect(await peer.next((frame) => frame.type === 'refreshed')).toEqual({
      type: 'refreshed',
      room,
      handshake: access.at,
    });
    await other.barrier();
    expect(other.of('refreshed')).toEqual([]);
  });

  test('is limited by address and by room', async () => {
    const strict = await startNode({ limits: { refreshesPerMinute: 2, exemptsLoopback: false } });
    const roomy = await startNode({ limits: { roomRefreshesPerMinute: 2 } });
    for (const node of [strict, roomy]) {
      const peer = await node.peer();
      const { room, access } = await found(peer);
      const answers: unknown[] = [];
      for (let i = 0; i < 3; i += 1) answers.push(await peer.ask(refreshFrame(room, access, access.at)));
      expect(answers).toMatchObject([{ type: 'ack' }, { type: 'ack' }, { code: 'rate-limited' }]);
    }
  });

  test('is answered when many arrive at once', async () => {
    const { peer, room, access } = await entered();
    const frames = Array.from({ length: 10 }, () => refreshFrame(room, access, access.at));
    const answers = await Promise.all(frames.map((frame) => peer.ask<'ack' | 'error'>(frame)));
    expect(answers.filter((answer) => answer.type === 'ack').length).toBeGreaterThan(0);
    for (const answer of answers) if (answer.type === 'error') expect(answer.code).toBe('conflict');
  });

  test('needs a key that is not retired', async () => {
    const { peer, room, admin, access } = await entered();
    const next = await commit(peer, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    expect(await peer.ask(refreshFrame(room, access, next.at))).toMatchObject({ code: 'retired' });
    expect(await peer.ask(refreshFrame(room, { at: next.at, keys: access.keys }, next.at))).toMatchObject({
      code: 'refused',
    });
    expect(await peer.ask(refreshFrame(room, next, next.at))).toMatchObject({ type: 'ack' });
  });
});
