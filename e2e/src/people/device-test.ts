import { test as base } from 'vitest';
import { DeviceWorld } from './devices.ts';

/** A test with a world of its own. Those of a file can run at once, unless their devices are many: they wait for most of their time. */
export const test = base
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern what a fixture needs
  .extend('world', ({}, { onCleanup }) => {
    const world = new DeviceWorld();
    onCleanup(() => world.close());
    return world;
  });
