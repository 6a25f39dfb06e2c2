import { setTimeout as delay } from 'node:timers/promises';
import { claimProfile } from '../../src/profile/claim.ts';
import type { Guest, Owner } from '../../src/profile/roles.ts';
import type { Order, Report } from './claimant.ts';

/** A process that claims profiles on request. */
let held: Owner | Guest | undefined;

async function claim(dir: string, at: number): Promise<Report> {
  await delay(Math.max(0, at - Date.now() - 5));
  while (Date.now() < at);
  held = await claimProfile(dir);
  if (held.role === 'guest') return { role: 'guest', answer: await held.call('pid', null) };
  held.serve(async (method) => (method === 'wait' ? new Promise(() => undefined) : process.pid));
  return { role: 'owner', answer: process.pid };
}

async function obey(order: Order): Promise<Report> {
  switch (order.do) {
    case 'claim':
      return claim(order.dir, order.at ?? 0);
    case 'write':
      if (held?.role === 'owner')
        await held.store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(order.value) }]);
      return {};
    case 'lost':
      if (held?.role === 'owner') await held.lost;
      return {};
    case 'give-up':
      if (held?.role === 'owner') await held.release();
      else held?.close();
      return {};
    case 'hurry':
      // Writes and claims are in the middle when this process dies.
      for (let n = 0; held?.role === 'owner'; n += 1) {
        await held.store.write([{ key: Uint8Array.of(2), value: Uint8Array.of(n) }]);
        process.send?.({ wrote: n } satisfies Report);
      }
      return {};
    case 'end-in-write':
      return endInWrite(order.how);
  }
}

/** Ends while a thread of LMDB writes, and needs nothing of this one any more. */
async function endInWrite(how: 'exit' | 'throw'): Promise<never> {
  if (held?.role !== 'owner') throw new Error('not the owner');
  void held.store.write([{ key: Uint8Array.of(1), value: Uint8Array.of(9) }]);
  // The write has begun when this is called.
  await new Promise((resolve) => setImmediate(resolve));
  // Time for the other thread; this one must not answer it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  if (how === 'exit') process.exit(7);
  process.nextTick(() => {
    throw new Error('a bug of the script');
  });
  return new Promise(() => undefined);
}

process.on('message', (order: Order) => {
  obey(order).then(
    (report) => process.send?.(report),
    (error: Error) => process.send?.({ error: error.name } satisfies Report),
  );
});
process.on('disconnect', () => process.exit());
process.send?.({});
