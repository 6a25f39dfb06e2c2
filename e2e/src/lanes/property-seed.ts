import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { PROPERTY_SEED } from './seed.ts';

// A setup file of the lanes. It loads fast-check only for files that use it, because loading takes time.
const { testPath } = expect.getState();
if (testPath !== undefined && readFileSync(testPath, 'utf8').includes("'fast-check'")) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: PROPERTY_SEED });
}
