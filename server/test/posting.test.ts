import type { Position } from '@gochat/protocol/fields';
import { describe, expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { failingAppends, losingAnswers, trailing } from './broken-log.ts';
import { bytes, newId, opened } from './keys.ts';
import { commit, enter, follow, found, post, postFrame } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

const texts = (peer: Peer) =>
  peer.of('entry').flatMap((entry) => (entry.kind === 'message' ? [opened(entry.body)] : []));
const lastSeq = (peer: Peer) => peer.of('entry').at(-1)?.seq;

test('only a connection that has entered may post', async () => {
  const node = await startNode();
  const peer = await node.peer();
  const { room, access } = await found(peer);
  expect(await post(peer, room, access.at, 'x')).toMatchObject({ code: 'not-entered' });
});

test('a repeated id gets the first ack and is stored and sent once', async () => {
  const node = await startNode();
  const [ada, bob] = [await node.peer(), await node.peer()];
  const { room, access } = await found(ada);
  for (const peer of [ada, bob]) await follow(peer, room, access, access.at);
  const frame = postFrame(room, access.at, 'once');
  const first = await ada.ask<'ack'>(frame);
  const later = await commit(ada, room, { after: access.at, by: access });
  for (const peer of [ada, bob]) {
    expect(await peer.ask(frame)).toEqual({ ...first, dup: true });
  }
  await bob.barrier();
  expect(bob.of('entry').map((entry) => entry.seq)).toEqual([first.seq, later.at]);
  expect(JSON.stringify(bob.of('entry'))).not.toContain(frame.id);
});

test('an old base, or one that is not a handshake, is stale, and the error names the last handshake', async () => {
  const node = await startNode();
  const peer = await node.peer();
  const { room, access } = await found(peer);
  await follow(peer, room, access);
  const next = await commit(peer, room, { after: access.at, by: access });
  for (const base of [access.at, '0', '999999'] as Position[]) {
    expect(await post(peer, room, base, 'x')).toMatchObject({ code: 'stale', handshake: next.at });
  }
  expect(await post(peer, room, next.at, 'x')).toMatchObject({ type: 'ack' });
});

test('posts in flight are stored in the order sent, even across a handshake', async () => {
  const node = await startNode({ limits: { requestsInFlight: 8 } });
  const [ada, bob] = [await node.peer(), await node.peer('web')];
  const { room, access } = await found(ada);
  for (const peer of [ada, bob]) await follow(peer, room, access);
  const sent: string[] = [];
  for (let i = 0; i < 500; i += 1) {
    sent.push(`n${i}`);
    bob.send(postFrame(room, access.at, `n${i}`));
  }
  await bob.next(
    (frame) => frame.type === 'entry' && frame.kind === 'message' && opened(frame.body) === 'n499',
  );
  expect(texts(bob)).toEqual(sent);
  await bob.barrier();
  const acks = bob.of('ack').map((ack) => Number(ack.seq));
  expect(acks).toEqual([...acks].sort((a, b) => a - b));
  expect(acks).toHaveLength(500);
});

test('an unknown outcome is reported as unavailable, and a repeat settles it', async () => {
  const engine = losingAnswers();
  const node = await startNode({ engine });
  const peer = await node.peer();
  const { room, access } = await found(peer);
  await follow(peer, room, access);
  engine.breakAnswers();
  const frame = postFrame(room, access.at, 'was it?');
  expect(await peer.ask(frame)).toMatchObject({ code: 'unavailable', retryAfterMs: 1000 });
  engine.repair();
  expect(await peer.ask(frame)).toMatchObject({ type: 'ack', dup: true, seq: lastSeq(peer) });
});

test('posts over the rate are refused with the time to wait', async () => {
  const node = await startNode({ limits: { postsPerSecond: 1, postsBurst: 2 } });
  const peer = await node.peer();
  const { room, access } = await found(peer);
  await follow(peer, room, access);
  const answers: unknown[] = [];
  for (let i = 0; i < 3; i += 1) answers.push(await post(peer, room, access.at, 'x'));
  expect(answers).toMatchObject([{ type: 'ack' }, { type: 'ack' }, { code: 'rate-limited' }]);
  expect(answers[2]).toMatchObject({ retryAfterMs: expect.any(Number) });
});

describe('no post overtakes one that must be repeated', () => {
  /** Posts these repeatedly, in order, until all are acknowledged. */
  async function persist(peer: Peer, frames: ReturnType<typeof postFrame>[]): Promise<string[]> {
    const codes: string[] = [];
    for (let left = frames; left.length > 0; ) {
      const answers = await Promise.all(left.map((frame) => peer.ask<'ack' | 'error'>(frame)));
      codes.push(...answers.flatMap((answer) => (answer.type === 'error' ? [answer.code] : [])));
      left = left.filter((_, i) => answers[i]?.type === 'error');
    }
    return codes;
  }
  const frames = (room: Parameters<typeof postFrame>[0], base: Position) =>
    Array.from({ length: 6 }, (_, i) => postFrame(room, base, `n${i}`));
  const inOrder = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];

  test('because the log was down', async () => {
    const engine = failingAppends();
    const node = await startNode({ engine });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    const all = frames(room, access.at);
    engine.fail(1);
    const answers: unknown[] = [];
    for (const frame of all) answers.push(await peer.ask<'ack' | 'error'>(frame));
    expect(answers).toMatchObject(all.map(() => ({ code: 'unavailable' })));
    const [first] = all;
    if (first !== undefined) expect(await peer.ask(first)).toMatchObject({ type: 'ack' });
    // New posts arrive while others wait to be repeated, and one of those is refused again.
    const fresh = postFrame(room, access.at, 'n6');
    expect(await peer.ask(fresh)).toMatchObject({ code: 'unavailable' });
    engine.fail(1);
    expect(await persist(peer, [...all.slice(1), fresh].reverse())).toContain('unavailable');
    await peer.barrier();
    expect(texts(peer)).toEqual([...inOrder, 'n6']);
  });

  test('because the rate was exceeded', async () => {
    const node = await startNode({ limits: { postsPerSecond: 200, postsBurst: 2 } });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    expect(await persist(peer, frames(room, access.at))).toContain('rate-limited');
    await peer.barrier();
    expect(texts(peer)).toEqual(inOrder);
  });

  test('until it is encrypted again after a handshake', async () => {
    const engine = failingAppends();
    const node = await startNode({ engine });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    engine.fail(1);
    expect(await post(peer, room, access.at, 'old')).toMatchObject({ code: 'unavailable' });
    expect(await post(peer, room, access.at, 'next')).toMatchObject({ code: 'unavailable' });
    const next = await commit(peer, room, { after: access.at, by: access });
    expect(await post(peer, room, next.at, 'sealed again')).toMatchObject({ type: 'ack' });
  });
});

describe('with a second node on the same log', () => {
  async function twoNodes() {
    const engine = openMemory();
    const behind = trailing(engine);
    const [first, second] = [await startNode({ engine }), await startNode({ engine: behind })];
    const [ada, eve] = [await first.peer(), await second.peer()];
    const founded = await found(ada);
    for (const peer of [ada, eve]) await follow(peer, founded.room, founded.access, founded.access.at);
    return { ...founded, ada, eve, second, behind };
  }

  test('a post at one node reaches the other', async () => {
    const { ada, eve, room, access } = await twoNodes();
    await post(ada, room, access.at, 'from one');
    await post(eve, room, access.at, 'from two');
    await ada.next((frame) => frame.type === 'entry' && opened(frame.body) === 'from two');
    expect(texts(ada)).toEqual(['from one', 'from two']);
    expect(texts(eve)).toEqual(texts(ada));
  });

  test('a removal that this node has not received yet already applies', async () => {
    const { ada, eve, room, admin, access, behind } = await twoNodes();
    behind.hold();
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    expect(await post(eve, room, next.at, 'smuggled')).toMatchObject({ code: 'retired' });
    expect(await post(eve, room, access.at, 'too late')).toMatchObject({ code: 'stale', handshake: next.at });
    // A guess at the position of the removal.
    expect(await post(eve, room, `${Number(next.at) + 1}` as Position, 'guessed')).toMatchObject({
      code: 'stale',
    });
    behind.release();
    await eve.next((frame) => frame.type === 'retired');
    await ada.barrier();
    expect(texts(ada)).toEqual([]);
  });

  test('a member ahead of this node may post and enter', async () => {
    const { ada, eve, room, access, second, behind } = await twoNodes();
    behind.hold();
    const next = await commit(ada, room, { after: access.at, by: access });
    expect(await post(eve, room, next.at, 'ahead')).toMatchObject({ type: 'ack' });
    const bob = await second.peer();
    await follow(bob, room, next, next.at);
    expect(texts(bob)).toEqual(['ahead']);
    behind.release();
    await post(ada, room, next.at, 'and on');
    await bob.next((frame) => frame.type === 'entry' && opened(frame.body) === 'and on');
    await eve.next((frame) => frame.type === 'entry' && opened(frame.body) === 'and on');
    expect(texts(bob)).toEqual(['ahead', 'and on']);
    expect(texts(eve)).toEqual(['ahead', 'and on']);
  });

  test('a removed member who enters at a lagging node gets nothing after the removal', async () => {
    const { ada, room, admin, access, second, behind } = await twoNodes();
    behind.hold();
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    await ada.next((frame) => frame.type === 'retired');
    await follow(ada, room, next, next.at);
    await post(ada, room, next.at, 'secret');
    const eve = await second.peer();
    for (const since of [access.at, next.at]) {
      eve.forget();
      const stop = eve.next((frame) => frame.type === 'retired');
      await enter(eve, room, access, since);
      await stop;
    }
    expect(texts(eve)).toEqual([]);
  });
});

describe('a signal', () => {
  test('reaches the other live subscriptions and is not stored', async () => {
    const node = await startNode();
    const [ada, bob, eve, late] = [
      await node.peer(),
      await node.peer('web'),
      await node.peer(),
      await node.peer(),
    ];
    const { room, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access);
    const body = bytes(40);
    ada.send({ type: 'signal', room, body });
    expect(await bob.next((frame) => frame.type === 'signal')).toEqual({ type: 'signal', room, body });
    bob.send({ type: 'signal', room, body: bytes(3) });
    ada.send({ type: 'signal', room, body: bytes(3) });
    await ada.next((frame) => frame.type === 'signal');
    await follow(late, room, access);
    for (const peer of [ada, eve, late]) await peer.barrier();
    expect([ada.of('signal').length, eve.of('signal').length, late.of('signal').length]).toEqual([1, 0, 0]);
    eve.send({ type: 'signal', room, body });
    expect(await eve.next((frame) => frame.type === 'error')).toMatchObject({ code: 'not-entered', room });
  });

  test('over the rate is dropped', async () => {
    const node = await startNode({ limits: { signalsPerSecond: 0.001, signalsBurst: 3 } });
    const [ada, bob] = [await node.peer(), await node.peer()];
    const { room, access } = await found(ada);
    for (const peer of [ada, bob]) await follow(peer, room, access);
    for (let i = 0; i < 20; i += 1) ada.send({ type: 'signal', room, body: bytes(3) });
    await ada.barrier();
    await bob.barrier();
    expect(bob.of('signal')).toHaveLength(3);
    expect(ada.of('error')).toEqual([]);
  });
});

describe('reading a page', () => {
  test('returns the entries after a position and whether there are more', async () => {
    const node = await startNode();
    const peer = await node.peer();
    const { room, access } = await found(peer);
    expect(await peer.ask({ type: 'read', id: newId(), room, after: access.at, limit: 2 })).toMatchObject({
      code: 'not-entered',
    });
    await follow(peer, room, access);
    for (const text of ['a', 'b', 'c']) await post(peer, room, access.at, text);
    const first = await peer.ask<'page'>({ type: 'read', id: newId(), room, after: access.at, limit: 2 });
    const after = first.entries.at(-1)?.seq ?? access.at;
    const rest = await peer.ask<'page'>({ type: 'read', id: newId(), room, after, limit: 2 });
    expect(first.entries.map((entry) => opened(entry.body))).toEqual(['a', 'b']);
    expect(rest.entries.map((entry) => opened(entry.body))).toEqual(['c']);
    expect([first.more, rest.more]).toEqual([true, false]);
  });

  test('is bounded in bytes', async () => {
    const node = await startNode({ limits: { pageBytes: 1000 } });
    const peer = await node.peer();
    const { room, access } = await found(peer);
    await follow(peer, room, access);
    for (const text of ['a', 'b', 'c']) await post(peer, room, access.at, text.repeat(600));
    const page = await peer.ask<'page'>({ type: 'read', id: newId(), room, after: access.at, limit: 9 });
    expect(page).toMatchObject({ entries: [{ kind: 'message' }], more: true });
  });

  test('never goes past the handshake that retired the key', async () => {
    const engine = openMemory();
    const behind = trailing(engine);
    const [first, second] = [await startNode({ engine }), await startNode({ engine: behind })];
    const [ada, eve] = [await first.peer(), await second.peer()];
    const { room, admin, access } = await found(ada);
    for (const peer of [ada, eve]) await follow(peer, room, access);
    behind.hold();
    const next = await commit(ada, room, {
      after: access.at,
      by: access,
      order: { keys: admin, retire: true },
    });
    await ada.next((frame) => frame.type === 'retired');
    await follow(ada, room, next, next.at);
    await post(ada, room, next.at, 'secret');
    const page = await eve.ask<'page'>({ type: 'read', id: newId(), room, after: access.at, limit: 9 });
    expect(page.entries.map((entry) => entry.seq)).toEqual([next.at]);
    expect(page.more).toBe(false);
    expect(await eve.ask({ type: 'read', id: newId(), room, after: next.at, limit: 9 })).toMatchObject({
      code: 'retired',
    });
    expect(await eve.ask({ type: 'fetch', id: newId(), room })).toMatchObject({ code: 'retired' });
  });
});
