import type { ServerLimits } from '@gochat/server/internal/operate/limits';
import { startServer } from '@gochat/server/main';
import { readServeSettings } from '@gochat/server/options';

/** `gochat serve` as a process to be killed: sends its port as a message and logs to its standard output. */
const [data, port, web = '', limits = '{}', cluster = ''] = process.argv.slice(2);
const systemNow = Date.now;
let shiftMs = 0;
Date.now = () => systemNow() + shiftMs;

const log = cluster === '' ? undefined : cluster;
const settings = readServeSettings({ data, port, log, logFormat: 'json', logLevel: 'debug' }, {}, false);
const server = await startServer(
  { ...settings, ...(web !== '' && { web }), limits: JSON.parse(limits) as Partial<ServerLimits> },
  'gochat/test',
  process.stdout,
);
process.send?.({ port: server.port });
// Shifts the clock of this process.
process.on('message', (message: { readonly shiftMs: number }) => {
  shiftMs = message.shiftMs;
  process.send?.({ now: Date.now() });
});
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
