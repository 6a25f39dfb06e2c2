import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchBrowserWakes } from '../src/profile/browser-wakes.ts';
import { watchWakes } from '../src/profile/node-wakes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('in Node.js a sleep of the machine and a change of its addresses are noticed', async () => {
  let [skew, addresses, wakes] = [0, '10.0.0.2', 0];
  const watch = watchWakes({ now: () => Date.now() + skew, addresses: () => addresses });
  const stop = watch(() => {
    wakes += 1;
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(wakes).toBe(0);
  // Timers stop while the machine sleeps, the clock does not.
  skew += 90_000;
  await vi.advanceTimersByTimeAsync(2000);
  expect(wakes).toBe(1);
  addresses = '192.168.7.3';
  await vi.advanceTimersByTimeAsync(2000);
  expect(wakes).toBe(2);
  // A clock that is set back is no sleep.
  skew -= 3600_000;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(wakes).toBe(2);
  stop();
  addresses = '';
  await vi.advanceTimersByTimeAsync(60_000);
  expect(wakes).toBe(2);
});

test('in a browser a new network, a shown page and a continued page are noticed', () => {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('document', document);
  let wakes = 0;
  const stop = watchBrowserWakes(() => {
    wakes += 1;
  });
  const count = (act: () => void) => {
    const before = wakes;
    act();
    return wakes - before;
  };
  expect(count(() => page.dispatchEvent(new Event('online')))).toBe(1);
  expect(count(() => page.dispatchEvent(new Event('pageshow')))).toBe(1);
  expect(count(() => document.dispatchEvent(new Event('resume')))).toBe(1);
  expect(count(() => document.dispatchEvent(new Event('visibilitychange')))).toBe(1);
  document.visibilityState = 'hidden';
  expect(count(() => document.dispatchEvent(new Event('visibilitychange')))).toBe(0);
  stop();
  expect(count(() => page.dispatchEvent(new Event('online')))).toBe(0);
});
