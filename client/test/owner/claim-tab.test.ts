import 'fake-indexeddb/auto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteDB } from 'idb';
import { expect, onTestFinished, test } from 'vitest';
import { claimTab, type TabClaimOptions, type TabOwner } from '../../src/profile/claim-tab.ts';
import { CallFailed, OwnerGone } from '../../src/profile/guest.ts';
import type { Visitor } from '../../src/profile/host.ts';
import { OWNER_LIMITS } from '../../src/profile/limits.ts';
import { holdLock } from '../../src/profile/lock.ts';
import { OWNER_PROTOCOL } from '../../src/profile/messages.ts';
import { Fenced, type Guest } from '../../src/profile/roles.ts';
import { systemClock } from '../../src/schedule/clock.ts';
import { ProfileDatabase } from '../../src/store/indexed-db.ts';
import { FakeLocks } from './fake-locks.ts';

let count = 0;
const key = Uint8Array.of(1);
const failure = (code: string) => expect.objectContaining({ constructor: CallFailed, code });

/** One browser with a profile of its own. */
function browser() {
  const name = `profile-${++count}`;
  const locks = new FakeLocks();
  const claim = (options: TabClaimOptions = {}) => claimTab(name, { locks, ...options });
  return {
    name,
    locks,
    claim,
    async owner(options?: TabClaimOptions): Promise<TabOwner> {
      const claimed = await claim(options);
      if (claimed.role !== 'owner') throw new Error('another tab holds the profile');
      onTestFinished(() => claimed.release());
      return claimed;
    },
    async guest(options?: TabClaimOptions): Promise<Guest> {
      const claimed = await claim(options);
      if (claimed.role !== 'guest') throw new Error('no tab holds the profile');
      onTestFinished(() => claimed.close());
      return claimed;
    },
  };
}

/** A tab that holds the profile, greets who knocks, and then is stopped by the browser. */
async function stoppedOwner(name: string, locks: FakeLocks, greets: boolean) {
  const token = 'stopped';
  const database = await ProfileDatabase.open(name);
  const lock = await holdLock(locks, `${name}/owner`);
  await database.setOwner(token);
  const street = new BroadcastChannel(name);
  const links: BroadcastChannel[] = [];
  street.onmessage = ({ data }: { data: { type: string; link: string } }) => {
    if (!greets || data.type !== 'knock') return;
    const link = new BroadcastChannel(`${name}/visit/${data.link}`);
    links.push(link);
    link.postMessage({
      type: 'line',
      text: JSON.stringify({ type: 'greeting', protocol: OWNER_PROTOCOL, token }),
    });
  };
  onTestFinished(() => {
    for (const channel of [street, ...links]) channel.close();
    database.close();
  });
  return {
    lock,
    store: database.records(token),
    stop() {
      street.onmessage = null;
    },
  };
}

test('of tabs that claim a profile at once, one owns it and answers the others', async () => {
  const { claim } = browser();
  const claimed = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const tab = await claim();
      if (tab.role === 'owner') tab.serve(async (method) => `owner of ${method}`);
      return tab;
    }),
  );
  expect(claimed.map(({ role }) => role).sort()).toEqual(['guest', 'guest', 'guest', 'guest', 'owner']);
  for (const tab of claimed) if (tab.role === 'guest') expect(await tab.call('x', 1)).toBe('owner of x');
  for (const tab of claimed) await (tab.role === 'guest' ? tab.close() : tab.release());
});

test('guests of an owner that leaves see it, and one of them follows and has what was written', async () => {
  const { owner, guest, claim } = browser();
  const first = await owner();
  first.serve(() => new Promise(() => undefined));
  const guests = await Promise.all([guest(), guest(), guest()]);
  const unanswered = guests.map((tab) => expect(tab.call('wait', null)).rejects.toThrow(OwnerGone));
  await first.store.write([{ key, value: key }]);
  await first.release();
  await Promise.all(guests.map(({ closed }) => closed));
  await Promise.all(unanswered);
  const next = await Promise.all(
    guests.map(async () => {
      const tab = await claim();
      if (tab.role === 'owner') tab.serve(async () => 'new');
      return tab;
    }),
  );
  const owners = next.filter((tab) => tab.role === 'owner');
  expect(owners).toHaveLength(1);
  expect(await owners[0]?.store.get(key)).toEqual(key);
  for (const tab of next) if (tab.role === 'guest') expect(await tab.call('x', null)).toBe('new');
  for (const tab of next) await (tab.role === 'guest' ? tab.close() : tab.release());
});

test('a frozen tab loses the profile, and can’t write when it continues', async () => {
  const { name, locks, owner, guest } = browser();
  const stopped = await stoppedOwner(name, locks, false);
  await stopped.store.write([{ key, value: Uint8Array.of(1) }]);
  const next = await owner({ patienceMs: 50 });
  await stopped.lock.stolen;
  await next.store.write([{ key, value: Uint8Array.of(2) }]);
  await expect(stopped.store.write([{ key, value: Uint8Array.of(3) }])).rejects.toThrow(Fenced);
  expect(await next.store.get(key)).toEqual(Uint8Array.of(2));
  next.serve(async () => 'here');
  expect(await (await guest()).call('x', null)).toBe('here');
});

test('a tab that has waited long for a frozen owner goes to the tab that took over', async () => {
  const { name, locks, owner, claim } = browser();
  await stoppedOwner(name, locks, false);
  let looks = 0;
  const late = claim({
    patienceMs: 50,
    clock: {
      // The time that it grants the owner is over after the first look.
      now: () => (looks++ === 0 ? 0 : 1000),
      after: (ms, job) => (ms === OWNER_LIMITS.retryMs ? systemClock.after(ms, job) : () => undefined),
    },
  });
  await owner({ patienceMs: 50 });
  const claimed = await late;
  expect(claimed.role).toBe('guest');
  if (claimed.role === 'guest') await claimed.close();
});

test('a guest notices that the owner was stopped, and takes its place', async () => {
  const { name, locks, owner, guest } = browser();
  const stopped = await stoppedOwner(name, locks, true);
  const visitor = await guest();
  stopped.stop();
  const unanswered = expect(visitor.call('x', null)).rejects.toThrow(OwnerGone);
  await visitor.closed;
  await unanswered;
  await owner({ patienceMs: 50 });
});

test('an owner that is passed over learns it by its lock, and by its writes', async () => {
  const { name, locks, owner } = browser();
  const first = await owner();
  const database = await ProfileDatabase.open(name);
  await database.setOwner('another');
  await expect(first.store.write([{ key, value: key }])).rejects.toThrow(Fenced);
  await first.lost;
  await first.release();
  expect(await database.owner()).toBe('another');
  database.close();
  const second = await owner();
  const thief = await holdLock(locks, `${name}/owner`, { steal: true });
  await second.lost;
  thief.release();
});

test('guests of an owner that lost the profile go to the next owner', async () => {
  const { name, locks, guest } = browser();
  const stopped = await stoppedOwner(name, locks, true);
  const visitor = await guest();
  stopped.stop();
  const street = new BroadcastChannel(name);
  street.postMessage({ type: 'owner', token: 'next' });
  await visitor.closed;
  street.close();
});

test('an owner whose data is cleared is notified', async () => {
  const { name, owner } = browser();
  const first = await owner();
  await deleteDB(name);
  await first.lost;
});

test('calls made before the owner serves are answered when it does, and errors come as they are', async () => {
  const { owner, guest } = browser();
  const tab = await owner();
  const visitor = await guest();
  const answers = Promise.all([visitor.call('a', 1), visitor.call('b', { c: [2] })]);
  tab.serve(async (method, params) => {
    if (method === 'bad') throw Object.assign(new RangeError('too far'), { code: 'far' });
    return { method, params };
  });
  expect(await answers).toEqual([
    { method: 'a', params: 1 },
    { method: 'b', params: { c: [2] } },
  ]);
  await expect(visitor.call('bad', null)).rejects.toEqual(failure('far'));
});

test('too large calls and answers, and values that are not JSON, are refused on both sides', async () => {
  const { owner, guest } = browser();
  const loop: { self?: unknown } = {};
  loop.self = loop;
  (await owner()).serve(async (_method, params) => (params === 'loop' ? loop : 'x'.repeat(Number(params))));
  const visitor = await guest();
  expect(await visitor.call('text', 3_000_000)).toHaveLength(3_000_000);
  await expect(visitor.call('text', OWNER_LIMITS.messageBytes)).rejects.toEqual(failure('unfit'));
  await expect(visitor.call('x', 'loop')).rejects.toEqual(failure('unfit'));
  await expect(visitor.call('x', loop)).rejects.toEqual(failure('unfit'));
  expect(await visitor.call('text', 2)).toBe('xx');
});

test('events reach listeners in order, and the owner notices a tab that was closed', async () => {
  const { owner, guest } = browser();
  let from: Visitor | undefined;
  (await owner()).serve(async (_method, _params, visitor) => {
    from = visitor;
    return visitor.emit('first', { n: 1 }) && visitor.emit('second', null);
  });
  const visitor = await guest();
  const events: unknown[] = [];
  visitor.onEvent((event, data) => events.push([event, data]));
  expect(await visitor.call('subscribe', null)).toBe(true);
  expect(events).toEqual([
    ['first', { n: 1 }],
    ['second', null],
  ]);
  const left = from && once(from.left, 'abort');
  visitor.close();
  await left;
  expect(from?.emit('third', null)).toBe(false);
  await expect(visitor.call('x', null)).rejects.toThrow(OwnerGone);
});

test('a tab that the browser ends without a word is noticed', async () => {
  const { name, locks, owner } = browser();
  let from: Visitor | undefined;
  (await owner()).serve(async (_method, _params, visitor) => {
    from = visitor;
    return null;
  });
  // As a tab does it that is then killed: its channel says nothing, its lock is freed.
  const presence = await holdLock(locks, `${name}/visit/killed`);
  const link = new BroadcastChannel(`${name}/visit/killed`);
  const street = new BroadcastChannel(name);
  street.postMessage({ type: 'knock', link: 'killed' });
  link.postMessage({ type: 'line', text: '{"type":"call","id":1,"method":"x"}' });
  while (from === undefined) {
    await delay(5);
    link.postMessage({ type: 'line', text: '{"type":"call","id":1,"method":"x"}' });
  }
  presence.release();
  await once(from.left, 'abort');
  for (const channel of [link, street]) channel.close();
});

test('a tab that takes nothing is cut off; one that takes all may be sent any amount', async () => {
  const { name, locks, owner, guest } = browser();
  const visitors = new Map<string, Visitor>();
  (await owner()).serve(async (method, _params, visitor) => void visitors.set(method, visitor));
  await holdLock(locks, `${name}/visit/deaf`);
  const deaf = new BroadcastChannel(`${name}/visit/deaf`);
  const street = new BroadcastChannel(name);
  street.postMessage({ type: 'knock', link: 'deaf' });
  while (!visitors.has('deaf')) {
    deaf.postMessage({ type: 'line', text: '{"type":"call","id":1,"method":"deaf"}' });
    await delay(5);
  }
  const megabyte = 'x'.repeat(1 << 20);
  let sent = 0;
  while (visitors.get('deaf')?.emit('x', megabyte)) sent += 1;
  expect(sent).toBeLessThanOrEqual(OWNER_LIMITS.queuedBytes / (1 << 20));
  for (const channel of [deaf, street]) channel.close();

  const visitor = await guest();
  let got = 0;
  visitor.onEvent(() => {
    got += 1;
  });
  await visitor.call('reader', null);
  for (let round = 1; round <= 6; round += 1) {
    for (let n = 0; n < 10; n += 1) expect(visitors.get('reader')?.emit('x', megabyte)).toBe(true);
    while (got < round * 10) await delay(5);
  }
});

test('a malformed message ends only its sender’s link', async () => {
  const { name, locks, owner, guest } = browser();
  (await owner()).serve(async (method) => method);
  const visitor = await guest();
  const street = new BroadcastChannel(name);
  for (const [n, noise] of [
    'text',
    null,
    { type: 'line', text: 'no json' },
    { type: 'line', text: '{}' },
  ].entries()) {
    await holdLock(locks, `${name}/visit/noisy-${n}`);
    const link = new BroadcastChannel(`${name}/visit/noisy-${n}`);
    const ended = new Promise<void>((resolve) => {
      link.onmessage = ({ data }: { data: { type: string } }) => {
        if (data.type === 'line') link.postMessage(noise);
        if (data.type === 'bye') resolve();
      };
    });
    street.postMessage({ type: 'knock', link: `noisy-${n}` });
    street.postMessage(noise);
    await ended;
    link.close();
  }
  street.close();
  expect(await visitor.call('fine', null)).toBe('fine');
});
