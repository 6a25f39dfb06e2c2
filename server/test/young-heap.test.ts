import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../src/operate/young-heap.ts', import.meta.url));

/** The largest size of the young generation, in bytes, while 400,000 objects at a time stay alive. */
function youngBytes(held: boolean): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${held ? `(await import(${JSON.stringify(MODULE)})).keepYoungHeapSmall();` : ''}
    const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
    let most = 0;
    let kept = [];
    for (let i = 0; i < 2_000_000; i++) {
      kept.push({ i });
      if (kept.length === 400_000) { most = Math.max(most, size()); kept = []; }
    }
    process.stdout.write(String(most));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('the young generation does not grow on this version of Node.js', () => {
  expect(youngBytes(true)).toBeLessThanOrEqual(youngBytes(false) / 4);
});
