import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Followers } from '../../src/log/followers.ts';
import type { Entry, LogPosition } from '../../src/log/log.ts';
import { newId } from './room.ts';

const entries = (...positions: LogPosition[]): Entry[] =>
  positions.map((pos) => ({ pos, kind: 'message', at: 0, body: Buffer.of() }));

test('an entry that was read in a page before it was published is delivered once', async () => {
  const followers = new Followers();
  const room = newId();
  const pages = [entries(1, 3), entries(4)];
  const got: LogPosition[] = [];
  const follower = followers.follow(
    room,
    0,
    (batch) => {
      got.push(...batch.map(({ pos }) => pos));
      return true;
    },
    () => pages.shift() ?? [],
  );
  // Published while the follower reads: a later page contains it.
  followers.publish(room, entries(3));
  while (got.length < 3) await setImmediate();
  await setImmediate();
  followers.publish(room, entries(4));
  followers.publish(room, entries(3, 4, 7, 8));
  followers.publish(room, entries(9));
  expect(got).toEqual([1, 3, 4, 7, 8, 9]);
  follower.stop();
  followers.publish(room, entries(10));
  expect(await follower.done).toEqual({ reason: 'stopped', last: 9 });
  expect(got).not.toContain(10);
});

test('a follower that can not read its pages ends without affecting others', async () => {
  const followers = new Followers();
  const room = newId();
  const failing = followers.follow(
    room,
    0,
    () => true,
    () => {
      throw new Error('the disk is gone');
    },
  );
  const other = followers.follow(
    room,
    5,
    () => true,
    () => [],
  );
  await expect(failing.done).rejects.toThrow('the disk is gone');
  followers.lose(room);
  expect(await other.done).toEqual({ reason: 'lost', last: 5 });
});
