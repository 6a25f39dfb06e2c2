import type { DownOf } from '@gochat/protocol/down';
import { describe, expect, test } from 'vitest';
import { entered } from './entered.ts';
import { KeyPair, sealed } from './keys.ts';
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
  const limits = { handshakesBurst: 3, handshakesPerSecond: 2 };

  test('are limited by room, and go on after the wait', async () => {
    const node = await startNode({ limits });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    let last = access;
    let frame = handshakeFrame(room, { after: last.at, by: last });
    let refused: DownOf<'error'> | undefined;
    let done = 0;
    while (refused === undefined) {
      const keys = new KeyPair();
      frame = handshakeFrame(room, { after: last.at, by: last, next: keys });
      const answer = await peer.ask<'ack' | 'error'>(frame);
      if (answer.type === 'error') refused = answer;
      else [last, done] = [{ at: answer.seq, keys }, done + 1];
    }
    expect(done).toBeGreaterThanOrEqual(3);
    expect(refused).toMatchObject({ code: 'rate-limited' });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(500);
    const other = await found(peer);
    await commit(peer, other.room, { after: other.access.at, by: other.access });
    await expect.poll(async () => (await peer.ask(frame)).type).toBe('ack');
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
