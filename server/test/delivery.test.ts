import { expect, test } from 'vitest';
import { losingFollowers } from './broken-log.ts';
import { opened } from './keys.ts';
import { LogLines } from './log-lines.ts';
import { enter, follow, found, post, postFrame } from './member.ts';
import { startNode } from './node.ts';

test('a post reaches every follower and its sender in order, at the position of its ack', async () => {
  const node = await startNode();
  const [ada, bob] = [await node.peer(), await node.peer('web')];
  const { room, access } = await found(ada);
  await follow(ada, room, access);
  await follow(bob, room, access, access.at);
  const ack = await post(ada, room, access.at, 'hello');
  expect(ack).toMatchObject({ type: 'ack', dup: false });
  for (const peer of [ada, bob]) {
    const got = await peer.next((frame) => frame.type === 'entry' && frame.kind === 'message');
    expect(got).toMatchObject({ type: 'entry', room, kind: 'message', seq: 'seq' in ack ? ack.seq : '' });
    expect('body' in got && opened(got.body)).toBe('hello');
  }
  expect(ada.of('entry').map((entry) => entry.kind)).toEqual(['handshake', 'message']);
  expect(bob.of('entry').map((entry) => entry.kind)).toEqual(['message']);
  expect(await enter(bob, room, access, access.at)).toMatchObject({
    type: 'entered',
    handshake: access.at,
    floor: '0',
    last: 'seq' in ack ? ack.seq : '',
  });
});

test('a log that was lost is followed again without a gap', async () => {
  const engine = losingFollowers();
  const node = await startNode({ engine, limits: { retryMs: 5 } });
  const peer = await node.peer();
  const { room, access } = await found(peer);
  await follow(peer, room, access, access.at);
  await post(peer, room, access.at, 'before');
  engine.lose();
  await post(peer, room, access.at, 'meanwhile');
  await post(peer, room, access.at, 'meanwhile too');
  engine.repair();
  await post(peer, room, access.at, 'after');
  await peer.next((frame) => frame.type === 'entry' && opened(frame.body) === 'after');
  expect(peer.of('entry').map((entry) => opened(entry.body))).toEqual([
    'before',
    'meanwhile',
    'meanwhile too',
    'after',
  ]);
});

test('a room whose log can not be read ends with an error for its followers only', async () => {
  const engine = losingFollowers();
  const log = new LogLines();
  const node = await startNode({ engine, logger: log.logger, limits: { retryMs: 5 } });
  const [ada, bob, eve] = [await node.peer(), await node.peer('web'), await node.peer()];
  const { room, access } = await found(ada);
  for (const peer of [ada, bob]) await follow(peer, room, access, access.at);
  engine.fail(new Error('what is there was written by a later version'));
  for (const peer of [ada, bob])
    expect(await peer.next((frame) => frame.type === 'error')).toMatchObject({
      code: 'internal',
      room,
      retryAfterMs: 5_000,
    });
  expect(JSON.stringify(log.lines)).toContain('what is there was written by a later version');
  await eve.barrier();
  // It may be readable again later, here or at another node.
  for (const peer of [ada, bob]) await follow(peer, room, access, access.at);
  await post(ada, room, access.at, 'after');
  await bob.next((frame) => frame.type === 'entry' && opened(frame.body) === 'after');
});

test('more entries at once than the queue holds are all delivered', async () => {
  const node = await startNode({ limits: { pendingBytes: 1000 } });
  const [ada, bob] = [await node.peer(), await node.peer('web')];
  const { room, access } = await found(ada);
  for (const peer of [ada, bob]) await follow(peer, room, access, access.at);
  for (let i = 0; i < 200; i += 1) ada.send(postFrame(room, access.at, `${i}`.padEnd(300)));
  await bob.next(() => bob.of('entry').length === 200);
  await ada.next(() => ada.of('entry').length === 200);
  expect(bob.of('entry')).toEqual(ada.of('entry'));
  expect(bob.of('entry').map((entry) => Number(opened(entry.body)))).toEqual(
    Array.from({ length: 200 }, (_, i) => i),
  );
});
