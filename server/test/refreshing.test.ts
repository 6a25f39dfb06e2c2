import { describe, expect, test } from 'vitest';
import { entered } from './entered.ts';
import { newId, sealed } from './keys.ts';
import { commit, fetchInfo, found, grantOf, newTicket, refreshFrame } from './member.ts';
import { startNode } from './node.ts';

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

  test('of somebody who was removed uses up nothing of the rate in the room', async () => {
    const node = await startNode({ limits: { roomRefreshesPerMinute: 1 } });
    const peer = await node.peer();
    const { room, admin, access } = await found(peer);
    const order = { keys: admin, retire: true } as const;
    const next = await commit(peer, room, { after: access.at, by: access, order });
    for (const after of [access.at, next.at, next.at])
      expect(await peer.ask(refreshFrame(room, access, after))).toMatchObject({ type: 'error' });
    expect(await peer.ask(refreshFrame(room, next, next.at))).toMatchObject({ type: 'ack' });
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
