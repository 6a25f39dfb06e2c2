import { startServer } from '@gochat/server/main';
import { readServeSettings } from '@gochat/server/options';

/** `gochat serve` in a process of its own, to be killed: tells its port by a message, logs to its standard output. */
const [data, port] = process.argv.slice(2);
const settings = readServeSettings({ data, port, logFormat: 'json', logLevel: 'debug' }, {}, false);
const server = await startServer(settings, 'gochat/test', process.stdout);
process.send?.({ port: server.port });
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
