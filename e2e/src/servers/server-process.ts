import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ServerLimits } from '@gochat/server/internal/operate/limits';
import { startServer } from '@gochat/server/main';
import { type GivenOptions, readServeSettings } from '@gochat/server/options';

/** `gochat serve` as a process to be killed: sends its port as a message and logs to its standard output. */
const [data, port, web = '', limits = '{}', cluster = '{}'] = process.argv.slice(2);
const systemNow = Date.now;
let shiftMs = 0;
Date.now = () => systemNow() + shiftMs;

const shared = { data, port, ...(JSON.parse(cluster) as GivenOptions), logFormat: 'json', logLevel: 'debug' };
const settings = readServeSettings({ ...shared, metrics: '127.0.0.1:0' }, {}, false);
const server = await startServer(
  { ...settings, ...(web !== '' && { web }), limits: JSON.parse(limits) as Partial<ServerLimits> },
  'gochat/test',
  process.stdout,
);
process.send?.({ port: server.port, operatorPort: server.operatorPort });

/** Frees what nothing refers to any more. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

// Shifts the clock of this process, or frees memory. The answer has both.
process.on('message', (message: { readonly shiftMs?: number }) => {
  if (message.shiftMs === undefined) collectGarbage();
  else shiftMs = message.shiftMs;
  process.send?.({ now: Date.now(), memory: process.memoryUsage() });
});
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
