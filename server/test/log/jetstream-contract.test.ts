import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { test } from 'vitest';
import { Nats } from '../../src/log/jetstream/nats.ts';
import { openJetStream } from '../../src/log/jetstream/open.ts';
import { RoomStreams } from '../../src/log/jetstream/room-streams.ts';
import { runAppender } from './appender-process.ts';
import { type AckedAppend, contract } from './contract.ts';

const binary = await neededNatsServer('JetStream keeps the contract of the log');

if (binary === undefined) test.skip('JetStream keeps the contract of the log', () => undefined);
else for (const count of [1, 4]) keepsContract(binary, count);

function keepsContract(binary: string, count: number): void {
  const streams = new RoomStreams(count);
  contract({
    name: `JetStream on three servers, through three nodes, with rooms in ${count} of its streams,`,
    async open() {
      const folder = mkdtempSync(join(tmpdir(), 'gochat-nats-'));
      const cluster = await NatsCluster.start({ binary, folder });
      let shiftMs = 0;
      const now = () => Date.now() + shiftMs;
      const servers = cluster.addresses;
      const open = (i: number) =>
        openJetStream({
          servers: [...servers.slice(i), ...servers.slice(0, i)],
          replicas: 3,
          streams: count,
          now,
        });
      const engines = [await open(0), await open(1), await open(2)] as const;
      const nats = await Nats.connect({ servers });
      return {
        handles: engines,
        elapse: async (ms) => {
          shiftMs += ms;
        },
        sweep: async () => {
          for (const engine of engines) await engine.sweep();
        },
        async failOver(room) {
          const leader = await cluster.leaderOf(streams.logOf(room));
          if (!(await leader?.kill())) throw new Error('there was no leader to kill');
          leader?.start();
          await cluster.ready();
        },
        async remains(room) {
          const entries = await nats.subjects(streams.logOf(room), streams.allEntries(room));
          const values = await nats.subjects(streams.stateOf(room), streams.allValues(room));
          return [...entries.values(), ...values.values()].reduce((sum, count) => sum + count, 0);
        },
        async killedWriters() {
          const acked: AckedAppend[] = [];
          for (const enough of [1, 100, 300])
            acked.push(
              ...(await runAppender([cluster.url, 50, 1_000_000, count], {
                onLine: (count, child) => {
                  if (count === enough) child.kill('SIGKILL');
                },
              })),
            );
          await Promise.all(cluster.servers.map((server) => server.kill()));
          for (const server of cluster.servers) server.start();
          await cluster.ready();
          return acked;
        },
        async close() {
          await nats.close();
          for (const engine of engines) await engine.close();
          await cluster.stop();
          rmSync(folder, { recursive: true });
        },
      };
    },
    cannot: {},
  });
}
