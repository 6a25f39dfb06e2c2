import { expect, test } from 'vitest';
import { opened } from './keys.ts';
import { enter, follow, found, post } from './member.ts';
import { startNode } from './node.ts';

test('a post reaches every follower, its sender too, in order and behind its ack position', async () => {
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
  });
});
