import { createIdentity } from '@gochat/crypto/identity';
import { encodeBytes } from '@gochat/protocol/encoding';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Context } from '../../src/devices/context.ts';
import type { DevicesEnv } from '../../src/devices/devices-parts.ts';
import { keyOf } from '../../src/devices/kept.ts';
import { KeptStore } from '../../src/devices/kept-store.ts';
import { Posting } from '../../src/devices/posting.ts';
import { platform } from '../../src/profile/platform.ts';
import type { RoomSession } from '../../src/room/room-session.ts';
import { Timers } from '../../src/schedule/timers.ts';
import { Device, TestLog } from '../device.ts';

const LIMIT_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @returns how long after the last post of a device the next one came, when it had something to post all the time */
async function apart(more: Partial<DevicesEnv> = {}): Promise<readonly number[]> {
  const env = { ...platform, now: () => Date.now(), ...more };
  const { room } = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const laptop = encodeBytes(env.random(32));
  const store = new KeptStore(laptop, { asked: { [room.id]: room.expired } });
  const posts: number[] = [];
  const label = () => {
    store.set('device', laptop, { label: `label ${posts.length}`, since: 0 }, env.now());
    posting.changed(keyOf('device', laptop));
  };
  const queue = async () => {
    posts.push(Date.now());
    label();
  };
  const session = { room, meta: {}, isLive: true, queued: 0, queue } as unknown as RoomSession;
  const context = { store, self: [session], parts: { env } } as unknown as Context;
  const posting = new Posting(context, {
    timers: new Timers(),
    nudge: () => void posting.update(),
    isOverheard: () => false,
  });
  label();
  await posting.update();
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  return posts.slice(1).map((at, i) => at - (posts[i] ?? 0));
}

test('a device posts what it keeps once in ten seconds', async () => {
  const all = await apart();
  expect(all.length).toBeGreaterThan(3);
  for (const ms of all) {
    expect(ms).toBeGreaterThanOrEqual(10_000);
    expect(ms).toBeLessThan(10_100);
  }
});

test('an environment can have it post more often', async () => {
  const all = await apart({ postsApartMs: 500 });
  for (const ms of all) expect(ms).toBeLessThan(600);
  expect(all.length).toBeGreaterThan(80);
});
