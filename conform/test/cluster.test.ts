import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { neededNatsServer } from '@gochat/e2e/nats-server';
import { openJetStream } from '@gochat/server/internal/log/jetstream/open';
import { openOperatorLog } from '@gochat/server/internal/operate/operator-log';
import { serve } from '@gochat/server/internal/serve';
import { expect, onTestFinished, test } from 'vitest';
import { CHECKS, conform } from '../src/suite.ts';
import { parseTarget } from '../src/target.ts';

const binary = await neededNatsServer('a node of a cluster conforms');

test.skipIf(binary === undefined)('a node of a cluster conforms', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gochat-conform-'));
  const cluster = await NatsCluster.start({ binary: binary ?? '', folder });
  onTestFinished(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true });
  });
  const complaints: string[] = [];
  const out = { write: (line: string) => complaints.push(line) };
  const server = await serve({
    engine: await openJetStream({ servers: cluster.addresses, replicas: 3 }),
    host: '127.0.0.1',
    port: 0,
    names: [{ host: '127.0.0.1' }],
    logger: openOperatorLog({ format: 'json', level: 'error', showsMessages: false, out }).logger,
  });
  onTestFinished(() => server.close());
  const target = parseTarget(`tcp://127.0.0.1:${server.port}`);
  if (target === undefined) throw new Error('the address is one');
  const results = await conform(target, () => undefined);
  expect(results.filter(({ failure }) => failure !== undefined)).toEqual([]);
  expect(results).toHaveLength(CHECKS.length);
  expect(complaints).toEqual([]);
});
