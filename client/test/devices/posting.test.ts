import type { Content } from '@gochat/crypto/content';
import { createIdentity } from '@gochat/crypto/identity';
import { encodeBytes } from '@gochat/protocol/encoding';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Context } from '../../src/devices/context.ts';
import type { DevicesEnv } from '../../src/devices/devices-parts.ts';
import { keyOf } from '../../src/devices/kept.ts';
import { KeptStore } from '../../src/devices/kept-store.ts';
import { Posting } from '../../src/devices/posting.ts';
import { platform } from '../../src/profile/platform.ts';
import type { Received } from '../../src/room/received.ts';
import type { RoomSession } from '../../src/room/room-session.ts';
import { Timers } from '../../src/schedule/timers.ts';
import { fromJson } from '../../src/store/records.ts';
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

test('what is read on one device is posted within eleven seconds, whenever it was: so others that are online agree in fifteen', async () => {
  const env = { ...platform, now: () => Date.now() };
  const { room } = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const store = new KeptStore('laptop', { asked: { [room.id]: room.expired } });
  const meta = { server: 'http://127.0.0.1:4040' };
  const key = keyOf('read', room.id);
  const isRead: number[] = [];
  const delays: number[] = [];
  const queue = async (messages: readonly { readonly content: Content }[]) => {
    const [entry] = messages.flatMap(({ content }) => (content.kind === 'keep' ? content.set : []));
    // Of several marks, the last one is posted.
    expect(entry).toMatchObject({ key, value: String(isRead.length + delays.length) });
    for (const at of isRead.splice(0)) delays.push(Date.now() - at);
  };
  const session = { room, meta, isLive: true, queued: 0, queue } as unknown as RoomSession;
  const parts = { env, rooms: { meta: () => meta } };
  const context = { store, self: [session], parts } as unknown as Context;
  const posting = new Posting(context, {
    timers: new Timers(),
    nudge: () => void posting.update(),
    isOverheard: () => false,
  });
  const steps = [0, 1, 700, 11_000, 30, 9_000, 2_000, 60_000, 5_000, 5_000, 5_000, 5_000, 100, 10_999];
  for (const ms of steps) {
    await vi.advanceTimersByTimeAsync(ms);
    isRead.push(Date.now());
    store.set('read', room.id, String(isRead.length + delays.length), env.now());
    posting.changed(key);
    await posting.update();
  }
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  expect(delays).toHaveLength(steps.length);
  expect(Math.max(...delays)).toBeLessThan(11_100);
});

test('a device that asks for everything is answered, also when the other one was started again meanwhile', async () => {
  const env = { ...platform, now: () => Date.now() };
  const { room } = await Device.founds(new TestLog(), createIdentity(platform), 'ana');
  const [laptop, phone] = [encodeBytes(env.random(32)), encodeBytes(env.random(32))];
  const posts: Content[] = [];
  const queue = async (messages: readonly { readonly content: Content }[]) => {
    posts.push(...messages.map(({ content }) => content));
  };
  const session = { room, meta: {}, isLive: true, queued: 0, queue } as unknown as RoomSession;
  const starts = (store: KeptStore) => {
    const timers = new Timers();
    const context = { store, self: [session], parts: { env } } as unknown as Context;
    const nudge = () => void posting.update();
    const posting: Posting = new Posting(context, { timers, nudge, isOverheard: () => false });
    return { posting, ends: () => timers.clear() };
  };
  const before = new KeptStore(laptop, { asked: { [room.id]: room.expired } });
  before.set('device', laptop, { label: 'Laptop', since: 0 }, env.now());
  const first = starts(before);
  const ask = { content: { kind: 'keep', set: [], ask: true }, device: phone, at: env.now() };
  first.posting.heard(session, ask as unknown as Received, [], false);
  const { value } = before.change();
  first.ends();

  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  const after = new KeptStore(laptop, fromJson(value ?? new Uint8Array()));
  await starts(after).posting.update();
  await vi.advanceTimersByTimeAsync(LIMIT_MS);
  const key = keyOf('device', laptop);
  expect(posts).toMatchObject([{ kind: 'keep', set: [{ key }] }]);
  expect([...after.owed]).toEqual([]);
});
