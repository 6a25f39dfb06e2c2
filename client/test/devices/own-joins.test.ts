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

/** A device that is in no room, and whose joins all fail because others come in all the time. */
function device() {
  const who = createIdentity(platform);
  const env = { ...platform, now: () => Date.now() };
  const store = new KeptStore('phone', {});
  const tries: number[] = [];
  const fails = async () => {
    tries.push(Date.now());
    throw new ChatError({ reason: 'join-crowded' });
  };
  const jobs: Jobs = new Jobs({ env, timers: new Timers(), nudge: () => joins.update() });
  const parts = { env, who, joinsOf: () => ({ take: fails }) };
  const joins = new OwnJoins({ parts, store, jobs, self: [], rooms: [] } as unknown as Context, () => false);
  const own = () => encodeBytes(env.random(16));
  const [room, founder] = [own(), encodeBytes(fingerprintOf(identityKeyOf(who)))];
  const known = { room, server: 'http://127.0.0.1:4040', name: 'kitchen', as: 'ana', founder };
  /** Another device has posted a ticket. */
  const learns = () => {
    store.set('ticket', room, { ...known, own: own() }, env.now());
    joins.update();
  };
  return { learns, joins, tries };
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
