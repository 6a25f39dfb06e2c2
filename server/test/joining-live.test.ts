import type { Position } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { openMemory } from '../src/log/memory/open.ts';
import { gated, trailing } from './broken-log.ts';
import { opened } from './keys.ts';
import { commit, enterFrame, follow, found, post } from './member.ts';
import { startNode } from './node.ts';
import type { Peer } from './peer.ts';

const texts = (peer: Peer) =>
  peer.of('entry').map((entry) => (entry.kind === 'message' ? opened(entry.body) : 'H'));

/** Ada at one node, and bob at another, which is reading his second page of backlog (after the founding and a). */
async function midway() {
  const engine = openMemory();
  const slow = gated(engine);
  const limits = { backlogEntries: 2 };
  const [first, second] = [await startNode({ engine }), await startNode({ engine: slow, limits })];
  const [ada, bob, warm] = [await first.peer(), await second.peer(), await second.peer('web')];
  const { room, admin, access } = await found(ada);
  await follow(ada, room, access);
  for (const text of ['a', 'b']) await post(ada, room, access.at, text);
  // The second node caches its access key from here on.
  await follow(warm, room, access);
  slow.reads.shut();
  bob.send(enterFrame(bob, room, access));
  await slow.reads.reached();
  slow.reads.passWaiting();
  await bob.next((frame) => frame.type === 'entered');
  await slow.reads.reached();
  expect(texts(bob)).toEqual(['H', 'a']);
  return { ada, bob, warm, slow, room, admin, access };
}

test('entries appended while the backlog is read are delivered once', async () => {
  const { ada, bob, warm, slow, room, access } = await midway();
  for (const text of ['c', 'd', 'e']) await post(ada, room, access.at, text);
  await warm.next((frame) => frame.type === 'entry' && opened(frame.body) === 'e');
  slow.reads.open();
  await bob.next((frame) => frame.type === 'live');
  await post(ada, room, access.at, 'f');
  await bob.next((frame) => frame.type === 'entry' && opened(frame.body) === 'f');
  expect(texts(bob)).toEqual(['H', 'a', 'b', 'c', 'd', 'e', 'f']);
});

test('a removal while the backlog is read stops delivery, posts and pages immediately', async () => {
  const { ada, bob, warm, slow, room, admin, access } = await midway();
  await post(ada, room, access.at, 'c');
  const wish = { after: access.at, by: access, order: { keys: admin, retire: true as const } };
  const next = await commit(ada, room, wish);
  await ada.next((frame) => frame.type === 'retired');
  await follow(ada, room, next, next.at);
  await post(ada, room, next.at, 'secret');
  await warm.next((frame) => frame.type === 'retired');
  expect(await post(bob, room, next.at, 'smuggled')).toMatchObject({ code: 'retired' });
  slow.reads.open();
  expect(await bob.next((frame) => frame.type === 'retired')).toMatchObject({ seq: next.at });
  await bob.barrier();
  expect(texts(bob)).toEqual(['H', 'a', 'b', 'c', 'H']);
  expect(bob.of('live')).toEqual([]);
});

test('entering again, or leaving, stops a backlog that is being read', async () => {
  const { bob, slow, room, access } = await midway();
  const exit = bob.ask({ type: 'exit', id: 'out' as never, room });
  expect(await exit).toMatchObject({ type: 'exited' });
  slow.reads.open();
  await bob.barrier();
  await bob.barrier();
  expect(texts(bob)).toEqual(['H', 'a']);
  await follow(bob, room, access, access.at);
  expect(texts(bob)).toEqual(['H', 'a', 'a', 'b']);
});

test('a post that names a future removal does not wait for it', async () => {
  const engine = openMemory();
  const slow = gated(engine);
  const [first, second] = [await startNode({ engine }), await startNode({ engine: trailing(slow) })];
  const [ada, eve] = [await first.peer(), await second.peer()];
  const { room, admin, access } = await found(ada);
  for (const peer of [ada, eve]) await follow(peer, room, access, access.at);
  const removal = { after: access.at, by: access, order: { keys: admin, retire: true as const } };
  slow.appends.shut();
  // This engine puts the first handshake at position 1, and the next entry at 3.
  const answer = post(eve, room, '3' as Position, 'smuggled');
  await eve.barrier();
  const next = await commit(ada, room, removal);
  expect(next.at).toBe('3');
  slow.appends.open();
  expect(await answer).toMatchObject({ code: 'stale', handshake: access.at });
  await ada.barrier();
  expect(texts(ada)).toEqual(['H']);
});
