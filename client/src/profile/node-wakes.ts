import { networkInterfaces } from 'node:os';
import type { WatchWakes } from '../schedule/wake.ts';

const CHECK_MS = 2_000;
/** A timer that is later than this by the clock was held up by a sleep of the machine. */
const SLEPT_MS = 10_000;

/** What is looked at; tests pass their own. */
export interface Machine {
  now(): number;
  /** The machine's own addresses, in any form. */
  addresses(): string;
}

const machine: Machine = {
  now: Date.now,
  addresses: () =>
    JSON.stringify(Object.values(networkInterfaces()).map((list) => list?.map(({ address }) => address))),
};

/** The machine continues after a sleep, or its addresses have changed. */
export function watchWakes({ now, addresses }: Machine = machine): WatchWakes {
  return (listener) => {
    let last = { at: now(), addresses: addresses() };
    const timer = setInterval(() => {
      const present = { at: now(), addresses: addresses() };
      const slept = present.at - last.at > CHECK_MS + SLEPT_MS;
      const moved = present.addresses !== last.addresses;
      last = present;
      if (slept || moved) listener();
    }, CHECK_MS);
    timer.unref();
    return () => clearInterval(timer);
  };
}
