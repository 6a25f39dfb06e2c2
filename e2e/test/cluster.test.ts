import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundledScript } from '../src/bundled-script.ts';
import { neededNatsServer } from '../src/servers/nats-server.ts';

const FAULTS = 2;
/** Members that talk from the start. After each fault, each of them must have another message acknowledged. */
const MEMBERS = 3;
const seed = Number(process.env.GOCHAT_FAULTS_SEED ?? 1);
const binary = await neededNatsServer('faults on three nodes and three engines');
const MAIN = fileURLToPath(new URL('../src/cluster/main.ts', import.meta.url));

test.skipIf(binary === undefined)(
  `${FAULTS} random faults on a cluster: nothing lost, duplicated or reordered (GOCHAT_FAULTS_SEED=${seed})`,
  async () => {
    const args = [await bundledScript(MAIN), '--faults', String(FAULTS), '--seed', String(seed)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code, output).toBe(0);
    const report = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(report).toMatchObject({
      seed,
      lost: 0,
      doubled: 0,
      disordered: 0,
      doubleWinners: 0,
      lostSwaps: 0,
      diverged: 0,
    });
    expect(report.acked).toBeGreaterThanOrEqual(FAULTS * MEMBERS);
    const seen = Object.values(report.faults as Record<string, number>).reduce(
      (sum, count) => sum + count,
      0,
    );
    expect(seen).toBeGreaterThan(0);
    // Every node had connections.
    expect((report.shares as number[]).every((share) => share > 0)).toBe(true);
  },
);
