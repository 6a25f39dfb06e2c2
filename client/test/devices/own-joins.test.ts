import { createIdentity, fingerprintOf, identityKeyOf } from '@gochat/crypto/identity';
import { encodeBytes } from '@gochat/protocol/encoding';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChatError } from '../../src/api/chat-error.ts';
import type { Context } from '../../src/devices/context.ts';
import { Jobs } from '../../src/devices/jobs.ts';
import { KeptStore } from '../../src/devices/kept-store.ts';
import { OwnJoins } from '../../src/devices/own-joins.ts';
import { platform } from '../../src/profile/platform.ts';
import { Timers } from '../../src/schedule/timers.ts';

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A device that is in no room. @param fails what each of its joins ends with: by default, others come in all the time */
function device(
  fails: () => Promise<never> = async () => Promise.reject(new ChatError({ reason: 'join-crowded' })),
) {
  const who = createIdentity(platform);
  const env = { ...platform, now: () => Date.now() };
  const store = new KeptStore('phone', {});
  const tries: number[] = [];
  const take = () => {
    tries.push(Date.now());
    return fails();
  };
  const jobs: Jobs = new Jobs({ env, timers: new Timers(), nudge: () => joins.update() });
  const parts = { env, who, joinsOf: () => ({ take }) };
  const joins = new OwnJoins({ parts, store, jobs, self: [], rooms: [] } as unknown as Context, () => false);
  const own = () => encodeBytes(env.random(16));
  const [room, founder] = [own(), encodeBytes(fingerprintOf(identityKeyOf(who)))];
  const known = { room, server: 'http://127.0.0.1:4040', name: 'kitchen', as: 'ana', founder };
  /** Another device has posted a ticket. */
  const learns = () => {
    store.set('ticket', room, { ...known, own: own() }, env.now());
    joins.update();
  };
  /** Another device has posted the same ticket again. */
  const renewed = () => {
    store.renew(`ticket ${room}`, env.now());
    joins.update();
  };
  return { learns, renewed, joins, tries };
}

/** Joins that end when the test says so. */
function endings() {
  const ends: ((reason: 'invite-dead' | 'join-crowded') => void)[] = [];
  const fails = () =>
    new Promise<never>((_, reject) => {
      ends.push((reason) => reject(new ChatError({ reason })));
    });
  return { ends, fails };
}

test('a room that could not be joined for long is tried at once when there is a new ticket of it', async () => {
  const { learns, joins, tries } = device();
  learns();
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  // The pauses have grown long.
  const before = tries.length;
  expect((tries.at(-1) ?? 0) - (tries.at(-2) ?? 0)).toBeGreaterThan(MINUTE_MS);
  joins.update();
  expect(tries).toHaveLength(before);
  learns();
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before + 1);
  // And after that with short pauses again.
  await vi.advanceTimersByTimeAsync(5000);
  expect(tries.length).toBeGreaterThanOrEqual(before + 3);
});

test.each(['invite-dead', 'join-crowded'] as const)(
  'a ticket that comes while an earlier one is tried is tried at once when that ends with %s',
  async (reason) => {
    const { ends, fails } = endings();
    const { learns, tries } = device(fails);
    learns();
    await vi.advanceTimersByTimeAsync(0);
    learns();
    expect(tries).toHaveLength(1);
    ends[0]?.(reason);
    await vi.advanceTimersByTimeAsync(0);
    expect(tries).toHaveLength(2);
  },
);

test('a ticket by which nobody comes in is tried once, and once more when it is posted again', async () => {
  const { ends, fails } = endings();
  const { learns, renewed, joins, tries } = device(fails);
  learns();
  ends[0]?.('invite-dead');
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  joins.update();
  expect(tries).toHaveLength(1);
  renewed();
  ends[1]?.('invite-dead');
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  expect(tries).toHaveLength(2);
});

test('a ticket that is posted again is tried at once, however long it has rested', async () => {
  const { learns, renewed, tries } = device();
  learns();
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  const before = tries.length;
  renewed();
  await vi.advanceTimersByTimeAsync(0);
  expect(tries).toHaveLength(before + 1);
});
