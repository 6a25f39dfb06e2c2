import type { UpOf } from '@gochat/protocol/up';
import { describe, expect, test } from 'vitest';
import { losingAnswers } from './broken-log.ts';
import { KeyPair, newId, newRoomId, sealed } from './keys.ts';
import {
  commit,
  createFrame,
  enter,
  fetchInfo,
  follow,
  found,
  grantOf,
  handshakeFrame,
  newTicket,
  post,
  refreshFrame,
} from './member.ts';
import { startNode } from './node.ts';

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
      admin: { keys: admin, retire: true },
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

describe('what an admin signs', () => {
  test('is refused with a key that is not an admin key', async () => {
    const { peer, room, access } = await entered();
    for (const admin of [
      { keys: new KeyPair(), retire: false },
      { keys: access.keys, retire: true },
    ]) {
      expect(await peer.ask(handshakeFrame(room, { after: access.at, by: access, admin }))).toMatchObject({
        code: 'refused',
      });
    }
  });

  test("can't be moved to another request", async () => {
    const { peer, room, admin, access } = await entered();
    const one = handshakeFrame(room, { after: access.at, by: access, admin: { keys: admin, retire: true } });
    const other = handshakeFrame(room, { after: access.at, by: access });
    expect(one.admin).toBeDefined();
    if (one.admin === undefined) return;
    expect(await peer.ask({ ...other, admin: one.admin })).toMatchObject({ code: 'refused' });
    const softened = { ...one, admin: { ...one.admin, retire: false } };
    expect(await peer.ask(softened)).toMatchObject({ code: 'refused' });
  });

  test('a removal must list no invite', async () => {
    const ticket = newTicket();
    const { peer, room, admin, access } = await entered([grantOf(ticket)]);
    const keep = { after: access.at, by: access, invites: [{ invite: ticket.invite, wrapped: sealed('w') }] };
    const frame = handshakeFrame(room, { ...keep, admin: { keys: admin, retire: true } });
    expect(await peer.ask(frame)).toMatchObject({ code: 'invalid' });
    await commit(peer, room, { after: access.at, by: access, admin: { keys: admin, retire: true } });
  });

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
      admin: { keys: admin, retire: false, admins: [heir.public] },
    });
    const wish = { after: next.at, by: next };
    expect(
      await peer.ask(handshakeFrame(room, { ...wish, admin: { keys: admin, retire: true } })),
    ).toMatchObject({ code: 'refused' });
    await commit(peer, room, { ...wish, admin: { keys: heir, retire: true } });
  });
});

describe('the invites of a commit', () => {
  test('known ones get a new wrapped key, new ones are added, unlisted ones end', async () => {
    const [kept, dropped, added] = [newTicket(), newTicket(), newTicket()];
    const expires = Date.now() + 60_000;
    const { peer, room, access } = await entered([grantOf(kept, { uses: 3, expires }), grantOf(dropped)]);
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
      { invite: kept.invite, expires, uses: 3 },
      { invite: added.invite, uses: 1 },
    ]);
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
      invites: [{ invite: ticket.invite }],
    });
    const stranger = await node.peer();
    expect(await stranger.ask({ type: 'fetch', id: newId(), room })).toMatchObject({ code: 'not-entered' });
  });
});

describe('refresh', () => {
  test('replaces the GroupInfo of the last handshake until the next one', async () => {
    const [kept, dropped, foreign] = [newTicket(), newTicket(), newTicket()];
    const { peer, room, access } = await entered([grantOf(kept, { uses: 2 }), grantOf(dropped)]);
    const listed = [grantOf(kept, { uses: 999 }), grantOf(foreign)];
    const ack = await peer.ask(refreshFrame(room, access, access.at, listed));
    expect(ack).toMatchObject({ type: 'ack', seq: access.at, dup: false });
    expect(await fetchInfo(peer, room)).toMatchObject({
      handshake: access.at,
      groupInfo: sealed('refreshed group info'),
      member: sealed('refreshed member'),
      invites: [{ invite: kept.invite, uses: 2 }],
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
      admin: { keys: admin, retire: true },
    });
    expect(await peer.ask(refreshFrame(room, access, next.at))).toMatchObject({ code: 'retired' });
    expect(await peer.ask(refreshFrame(room, { at: next.at, keys: access.keys }, next.at))).toMatchObject({
      code: 'refused',
    });
    expect(await peer.ask(refreshFrame(room, next, next.at))).toMatchObject({ type: 'ack' });
  });
});
