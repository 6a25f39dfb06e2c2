import { readFileSync } from 'node:fs';
import { buildGochat } from '@gochat/e2e/gochat-process';
import { buildPrograms } from '../build.ts';
import { measureFanOut } from '../fan-out.ts';
import { gochat } from '../gochat.ts';
import { inNewHome } from '../home.ts';
import { runLoad } from '../load.ts';
import type { System } from '../system.ts';

/*
 * What messages and connections cost a server. Prints samples in microseconds or milliseconds of CPU and in kB. main.ts runs a copy of
 * this file in an older checkout, so it uses only what both have.
 */

/** The characters of a short message, in base64url of whole groups. */
const BODY = 740;
const RECEIVERS = [100, 1_000];
const SECONDS = 3;
const CONNECTIONS = [1_000, 5_000];

const samples: Record<string, number[]> = {};

const system: System = {
  ...gochat(),
  start: async (home) => {
    const running = await gochat().start(home);
    return { ...running, settings: { ...running.settings, bytes: BODY } };
  },
};

async function measureDeliveries(program: string, receivers: number): Promise<void> {
  for (const row of await measureFanOut(program, system, { receivers, rate: true, seconds: SECONDS })) {
    if ((row.lost ?? 0) > 0) throw new Error(`${row.case}: ${row.lost} deliveries were lost`);
    if (row.cpuSecondsPerMillion !== undefined)
      samples[`a delivery, ${row.case}, µs`] = [row.cpuSecondsPerMillion];
  }
}

/** The resident memory of these processes, in kB. */
function residentKb(pids: readonly number[]): number {
  const sizes = pids.map((pid) => /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return sizes.reduce((sum, size) => sum + Number(size), 0);
}

async function measureConnections(program: string, connections: number): Promise<void> {
  await inNewHome(async (home) => {
    const running = await system.start(home);
    try {
      const none = residentKb(running.pids);
      samples['a server without connections, kB'] = [none];
      const load = { receivers: connections, senders: 0, phases: ['idle:2'] };
      for (const phase of await runLoad(program, system, running, load)) {
        if (phase.phase === 'idle')
          samples[`an idle connection, of ${connections}, kB`] = [phase.kbPerConnection];
        if (phase.phase === 'join')
          samples[`to enter, of ${connections}, ms`] = [(phase.cpuSeconds * 1000) / connections];
      }
    } finally {
      await running.stop();
    }
  });
}

buildGochat();
await inNewHome(async (home) => {
  const { load } = buildPrograms(home);
  for (const receivers of RECEIVERS) await measureDeliveries(load, receivers);
  for (const connections of CONNECTIONS) await measureConnections(load, connections);
});
process.stdout.write(`${JSON.stringify(samples)}\n`);
