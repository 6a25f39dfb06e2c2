import { createServer, type Socket } from 'node:net';
import { buildGochat } from '@gochat/e2e/gochat-process';
import { temporary } from '@gochat/e2e/people';
import { findTool } from '@gochat/e2e/tool';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPrograms, type Programs } from '../src/build.ts';
import { measureFanOut } from '../src/fan-out.ts';
import { gochat } from '../src/gochat.ts';
import { broadcaster } from '../src/peers.ts';
import { measureIdle } from '../src/server-side.ts';
import type { System } from '../src/system.ts';

const RECEIVERS = 30;
const BRIEF = { receivers: RECEIVERS, rate: true, seconds: 0.2 };
const CASES = [
  `fanout-${RECEIVERS}-w1`,
  `fanout-${RECEIVERS}-w10`,
  `fanout-${RECEIVERS}-w100`,
  `rate-${RECEIVERS}-20`,
];

const compiler = await findTool('cc', ['gcc', 'libc6-dev']);
const linux = process.platform === 'linux';
const why = !linux ? 'the load generator is for Linux' : 'missing' in compiler ? compiler.missing : undefined;
if (why !== undefined && process.env.CI === 'true') throw new Error(why);
const able = why === undefined ? '' : ` (SKIPPED: ${why})`;

describe.skipIf(why !== undefined)(`a brief fan-out${able}`, () => {
  let home: Awaited<ReturnType<typeof temporary>>;
  let programs: Programs;
  beforeAll(async () => {
    buildGochat();
    home = await temporary();
    programs = buildPrograms(home.path);
  });
  afterAll(() => home.remove());

  const systems: readonly (() => System)[] = [
    () => gochat(),
    () => gochat({ web: true }),
    () => gochat({ tls: true }),
    () => broadcaster(programs.broadcaster, 'batch'),
  ];
  test.each(systems)('system %# delivers everything, and each case has its row', async (make) => {
    const system = make();
    const rows = await measureFanOut(programs.load, system, BRIEF);
    expect(rows.map((row) => row.case)).toEqual(CASES);
    for (const row of rows) {
      expect(row).toMatchObject({ system: system.name, lost: 0, deliveriesPerSecond: expect.any(Number) });
      expect(row.p99Ms).toBeGreaterThanOrEqual(row.p50Ms ?? Number.NaN);
      expect(row.generatorLoad).toBeGreaterThan(0);
      expect(row.generatorLoad).toBeLessThanOrEqual(1);
    }
  });

  test('the memory of idle connections is reported', async () => {
    const [row] = await measureIdle(programs.load, gochat(), 200);
    expect(row).toMatchObject({ case: 'idle-200', system: 'gochat' });
    expect(row?.kbPerConnection).toBeGreaterThan(0);
  });

  test('a server that loses messages is detected', async () => {
    const rows = await measureFanOut(programs.load, lossy(), { ...BRIEF, rate: false });
    for (const row of rows) expect(row.lost).toBeGreaterThan(0);
  });
});

/** Sends each line to all other connections, but drops one of a hundred deliveries. */
function lossy(): System {
  return {
    name: 'lossy',
    protocol: 'lines',
    start: async () => {
      const sockets = new Set<Socket>();
      let deliveries = 0;
      const server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
        socket.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().split('\n').slice(0, -1))
            for (const other of sockets)
              if (other !== socket && ++deliveries % 100 !== 0) other.write(`${line}\n`);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('no port');
      return {
        pids: [process.pid],
        port: address.port,
        stop: async () => {
          for (const socket of sockets) socket.destroy();
          server.close();
        },
      };
    },
  };
}
