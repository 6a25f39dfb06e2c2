/**
 * How long a test waits for a fact that must come, in milliseconds. It is long enough for a machine on which other programs
 * keep all cores busy. The limit of a whole test, in `vitest.config.ts`, is longer.
 */
export const WAIT_MS = 60_000;
