import { execFileSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundledScript } from '@gochat/e2e/internal/bundled-script';
import { expect, test } from 'vitest';

const MODULE = fileURLToPath(new URL('../src/operate/young-heap.ts', import.meta.url));

/** The largest size of the young generation, in bytes, while 400,000 objects at a time stay alive. */
async function youngBytes(held: boolean): Promise<number> {
  const module = pathToFileURL(await bundledScript(MODULE)).href;
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${held ? `(await import(${JSON.stringify(module)})).keepYoungHeapSmall();` : ''}
    const size = () => getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size;
    let most = 0;
    let kept = [];
    for (let i = 0; i < 2_000_000; i++) {
      kept.push({ i });
      if (kept.length === 400_000) { most = Math.max(most, size()); kept = []; }
    }
    process.stdout.write(String(most));`;
  const args = ['--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

test('the young generation does not grow on this version of Node.js', async () => {
  expect(await youngBytes(true)).toBeLessThanOrEqual((await youngBytes(false)) / 4);
});
