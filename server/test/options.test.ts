import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { ownSettings } from '../src/nodes.ts';
import { type GivenOptions, readServeSettings } from '../src/operate/options.ts';
import { keyOf, SERVE_OPTIONS } from '../src/operate/serve-options.ts';
import { UsageError } from '../src/operate/usage-error.ts';

const read = (given: GivenOptions = {}, env: Record<string, string> = {}, onTerminal = false) =>
  readServeSettings(given, { XDG_DATA_HOME: '/data', ...env }, onTerminal);

test('by default it serves this machine only', () => {
  expect(read()).toEqual({
    port: 4040,
    host: '127.0.0.1',
    data: '/data/gochat/server',
    files: '/data/gochat/server/files',
    insecure: false,
    behindProxy: false,
    onion: false,
    create: 'open',
    quotas: {},
    names: [],
    nodes: 1,
    logFormat: 'json',
    logLevel: 'info',
    showsMessages: false,
  });
  expect(read({}, {}, true)).toMatchObject({ logFormat: 'pretty', showsMessages: true });
  expect(read({ logFormat: 'json' })).toMatchObject({ logFormat: 'json', showsMessages: true });
  for (const env of [{}, { XDG_DATA_HOME: '' }, { XDG_DATA_HOME: 'data' }, { HOME: '' }, { HOME: 'here' }])
    expect(readServeSettings({}, env, false).data).toMatch(/^\/.*\/\.local\/share\/gochat\/server$/);
});

test('~ at the start of the data folder is the home folder, since shells leave it in quotes and after “=”', () => {
  expect(read({ data: '~/rooms' })?.data).toBe(`${userInfo().homedir}/rooms`);
  expect(read({}, { GOCHAT_DATA: '~' })?.data).toBe(userInfo().homedir);
  for (const data of ['./~/rooms', '~ana/rooms']) expect(read({ data })?.data).toBe(data);
});

test('files are stored in the data folder, in another one, or nowhere', () => {
  expect(read({ data: '/rooms' }).files).toBe('/rooms/files');
  expect(read({ files: '~/shared' }).files).toBe(`${userInfo().homedir}/shared`);
  expect(read({ files: 'none' }).files).toBeUndefined();
  expect(read({ log: 'nats://a' }).files).toBeUndefined();
  expect(read({ log: 'nats://a', files: '/mnt/files' }).files).toBe('/mnt/files');
  expect(() => read({ files: 'ftp://me:secret@a/b' })).toThrow(UsageError);
  expect(() => read({ files: 'ftp://me:secret@a/b' })).not.toThrow(/secret/);
});

test('files are stored in a bucket', () => {
  expect(read({ files: 's3://key:se%2Fcret@s3.example:3900/rooms/a/b?region=garage' })).toMatchObject({
    bucket: {
      endpoint: 'https://s3.example:3900/rooms',
      prefix: 'a/b/',
      region: 'garage',
      accessKey: 'key',
      secretKey: 'se/cret',
    },
  });
  expect(read({}, { GOCHAT_FILES: 's3+http://key:secret@localhost/rooms/' })).toMatchObject({
    bucket: { endpoint: 'http://localhost/rooms', prefix: '', region: 'us-east-1' },
  });
  expect(read({ files: 's3://key:secret@a/rooms' }).files).toBeUndefined();
  for (const files of [
    's3://a/rooms',
    's3://key@a/rooms',
    's3://key:secret@a',
    's3://key:secret@a/',
    's3://key:secret@a/b?other=1',
    's3://key:secr%ZZet@a/b',
  ]) {
    expect(() => read({ files })).toThrow(/--files must be s3:/);
    expect(() => read({ files })).not.toThrow(/secr/);
  }
});

test('limits of files', () => {
  expect(
    read({
      fileBytes: '500M',
      fileRoomBytes: '3Gi',
      fileTotalBytes: '1T',
      fileAddressBytes: '2G',
      fileKeep: '30d',
    }).limits,
  ).toEqual({
    fileBytes: 5e8,
    fileRoomBytes: 3 * 2 ** 30,
    fileTotalBytes: 1e12,
    fileAddressBytes: 2e9,
    fileKeepMs: 30 * 86_400_000,
  });
  // Messages that are kept for less time than files would leave files that nobody can open.
  expect(read({ retain: '12h' }).limits).toEqual({ fileKeepMs: 12 * 3600_000 });
  expect(read({ retain: '12h', fileKeep: '1d' }).limits).toEqual({ fileKeepMs: 86_400_000 });
  expect(read({ fileTotalBytes: '50M' }).limits).toEqual({
    fileBytes: 5e7,
    fileRoomBytes: 5e7,
    fileTotalBytes: 5e7,
  });
  for (const given of [
    { fileBytes: '3G' },
    { fileRoomBytes: '30G' },
    { fileTotalBytes: '50M', fileBytes: '60M' },
    { fileBytes: '20G', fileRoomBytes: '20G' },
    { fileBytes: '100' },
    { fileKeep: 'long' },
  ])
    expect(() => read(given)).toThrow(UsageError);
});

test('flags override variables', () => {
  const env = {
    GOCHAT_PORT: '5000',
    GOCHAT_HOST: '0.0.0.0',
    GOCHAT_DATA: '/rooms',
    GOCHAT_INSECURE: '1',
    GOCHAT_NAME: 'a.example, b.example:8443',
    GOCHAT_RETAIN: '30d',
    GOCHAT_LOG_FORMAT: 'pretty',
    GOCHAT_LOG_LEVEL: 'debug',
    GOCHAT_MAX_CONNECTIONS: '100',
    GOCHAT_MAX_PER_ADDRESS: '10',
    GOCHAT_ROOMS_PER_HOUR: '5',
    GOCHAT_METRICS: '[::1]:9464',
  };
  expect(read({}, env)).toMatchObject({
    port: 5000,
    host: '0.0.0.0',
    data: '/rooms',
    insecure: true,
    names: [{ host: 'a.example' }, { host: 'b.example', port: 8443 }],
    retainSec: 30 * 86_400,
    logFormat: 'pretty',
    logLevel: 'debug',
    limits: { connections: 100, connectionsPerAddress: 10, createsPerHour: 5 },
    operator: { host: '::1', port: 9464 },
  });
  const flags = { port: '0', host: '[::1]', insecure: false, name: ['C.example'], retain: '12h' };
  expect(read(flags, env)).toMatchObject({
    port: 0,
    host: '::1',
    insecure: false,
    names: [{ host: 'c.example' }],
    retainSec: 43_200,
  });
  expect(read({}, { GOCHAT_PORT: '', GOCHAT_INSECURE: 'no' })).toMatchObject({ port: 4040, insecure: false });
  expect(read({ tlsCert: 'c.pem', tlsKey: 'k.pem', host: '0.0.0.0' })).toMatchObject({
    tls: { cert: 'c.pem', key: 'k.pem' },
  });
});

test('with a domain it gets a certificate and listens on port 443', () => {
  const directory = 'https://acme-v02.api.letsencrypt.org/directory';
  const domain = 'Chat.Example.org';
  expect(read({ domain })).toMatchObject({
    port: 443,
    host: '::',
    acme: { domain: 'chat.example.org', directory },
  });
  const own = { acmeDirectory: 'https://localhost:14000/dir', acmeEmail: 'ops@example.org' };
  expect(read({ domain, port: '4040', host: '127.0.0.1', ...own })).toMatchObject({
    port: 4040,
    host: '127.0.0.1',
    acme: { directory: own.acmeDirectory, email: own.acmeEmail },
  });
});

test('with a NATS cluster it stores no rooms itself', () => {
  expect(read({ log: 'nats://a:4222,b,[::1]:4223' }).cluster).toEqual({
    servers: ['a:4222', 'b:4222', '[::1]:4223'],
    secured: false,
    replicas: 3,
    streams: 1,
    monitors: [],
  });
  const files = { logCreds: 'chat.creds', logCa: 'ca.pem', logCert: 'node.pem', logKey: 'node.key' };
  const env = { GOCHAT_LOG: 'tls://chat:p%40ss@a,b', GOCHAT_LOG_REPLICAS: '5' };
  expect(
    read({ ...files, logStreams: '4', logMonitors: 'http://a:8222,http://b:8222' }, env).cluster,
  ).toEqual({
    servers: ['a:4222', 'b:4222'],
    user: 'chat',
    password: 'p@ss',
    secured: true,
    credentials: 'chat.creds',
    ca: 'ca.pem',
    cert: 'node.pem',
    key: 'node.key',
    replicas: 5,
    streams: 4,
    monitors: ['http://a:8222', 'http://b:8222'],
  });
  expect(() => read({}, { GOCHAT_LOG: 'nats://chat:hunter2@a/b' })).not.toThrow('hunter2');
});

test('serving other machines requires TLS or an explicit option', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'chat.example']) {
    expect(() => read({ host })).toThrow(/--tls-cert and --tls-key, or --behind-proxy, or --insecure/);
    expect(read({ host, insecure: true }).host).toBe(host);
    expect(read({ host, behindProxy: true, name: ['chat.example'] }).host).toBe(host);
  }
  for (const host of ['localhost', '127.0.0.2', '::1', '[::1]']) expect(() => read({ host })).not.toThrow();
});

test.each<[GivenOptions, RegExp]>([
  [{ domain: 'chat.example.org:443' }, /--domain must be a name such as/],
  [{ domain: '192.0.2.1' }, /--domain must be a name such as/],
  [{ domain: 'localhost' }, /--domain must be a name such as/],
  [{ domain: 'chat.localhost' }, /--domain must be a name such as/],
  [{ domain: `${'a'.repeat(56)}.onion` }, /--domain must be a name such as/],
  [{ domain: 'chat.local' }, /--domain must be a name such as/],
  [{ domain: '*.example.org' }, /--domain must be a name such as/],
  [{ domain: 'a.example', tlsCert: 'c.pem', tlsKey: 'k.pem' }, /do not combine it with --tls-cert/],
  [{ domain: 'a.example', insecure: true }, /do not combine it with --tls-cert/],
  [{ domain: 'a.example', acmeDirectory: 'http://ca.example/dir' }, /begins with https/],
  [{ domain: 'a.example', acmeEmail: 'nobody' }, /--acme-email must be a mail address/],
  [{ acmeEmail: 'ops@example.org' }, /need --domain$/],
  [{ log: 'nats://' }, /^--log must be one or more NATS addresses/],
  [{ log: 'nats://a/stream' }, /^--log must be one or more NATS addresses/],
  [{ log: 'http://a:4222' }, /^--log must be one or more NATS addresses/],
  [{ logReplicas: '3' }, /need --log$/],
  [{ logCreds: 'chat.creds' }, /need --log$/],
  [{ log: 'nats://a', logReplicas: '6' }, /^--log-replicas must be a number from 1 to 5, not 6$/],
  [{ logStreams: '4' }, /need --log$/],
  [{ log: 'nats://a', logStreams: '65' }, /^--log-streams must be a number from 1 to 64, not 65$/],
  [{ log: 'nats://a', logStreams: '0' }, /^--log-streams must be a number from 1 to 64, not 0$/],
  [{ log: 'nats://a', logCert: 'c.pem' }, /^--log-cert and --log-key need each other$/],
  [{ log: 'nats://a', logMonitors: 'a:8222' }, /^--log-monitors must be one or more URLs/],
  [{ log: 'nats://a', roomBytes: '2M' }, /do not work with --log: use --retain instead$/],
  [{ log: 'nats://a', domain: 'a.example' }, /^--domain works for a single server only/],
  [{ roomBytes: '100' }, /--room-bytes must be a number with k, M, G or T/],
  [{ totalBytes: '999k' }, /at least 1M/],
  [{ create: 'friends' }, /--create must be one of open, token, members/],
  [{ inviteLifetime: '400d' }, /must be at most 366d/],
  [{ inviteLifetime: '1' }, /--invite-lifetime must be a number with s, m, h, d or w/],
  [{ port: '65536' }, /^--port must be a number from 0 to 65535, not 65536$/],
  [{ port: 'x' }, /^--port /],
  [{ retain: '30' }, /^--retain must be a number with s, m, h, d or w/],
  [{ retain: '0d' }, /^--retain /],
  [{ retain: '9999999999w' }, /^--retain /],
  [{ name: ['http://x'] }, /^--name must be HOST or HOST:PORT, not http:\/\/x$/],
  [{ name: ['x:0'] }, /^--name /],
  [{ logFormat: 'xml' }, /^--log-format must be one of pretty, json, not xml$/],
  [{ logLevel: 'loud' }, /^--log-level must be one of /],
  [{ metrics: '9464' }, /^--metrics must be HOST:PORT, such as 127.0.0.1:9464, not 9464$/],
  [{ metrics: 'x:65536' }, /^--metrics /],
  [{ maxConnections: '0' }, /^--max-connections must be a number from 1 to 1000000, not 0$/],
  [{ maxPerAddress: 'many' }, /^--max-per-address /],
  [{ roomsPerHour: '-1' }, /^--rooms-per-hour /],
  [{ tlsCert: 'c.pem' }, /^--tls-cert and --tls-key need each other$/],
  [{ behindProxy: true }, /^--behind-proxy needs --name/],
  [{ onion: true }, /^--onion needs --name: the name of the onion service, which ends in \.onion$/],
  [{ onion: true, name: ['chat.example'] }, /^--onion needs --name/],
  [
    { onion: true, name: ['x.onion'] },
    /^--name of an onion service must be 56 characters and \.onion, not x\.onion$/,
  ],
  [{ name: [`${'a'.repeat(55)}1.onion`] }, /^--name of an onion service/],
  [{ data: '' }, /^--data needs a value$/],
])('%j fails with a one-line error', (given, message) => {
  expect(() => read(given)).toThrow(UsageError);
  expect(() => read(given)).toThrow(message);
});

test('a switch in a variable is yes or no', () => {
  expect(() => read({}, { GOCHAT_INSECURE: 'perhaps' })).toThrow(
    'GOCHAT_INSECURE must be 1 or 0, not perhaps',
  );
});

test('behind a proxy, the header and the number of proxies may be named', () => {
  const behind = { behindProxy: true, name: ['chat.example'] };
  expect(read(behind).forwarded).toEqual({ proxies: 1 });
  expect(read({ ...behind, proxyHeader: 'CF-Connecting-IP', proxies: '2' }).forwarded).toEqual({
    header: 'cf-connecting-ip',
    proxies: 2,
  });
  expect(read().forwarded).toBeUndefined();
  for (const wrong of [
    { proxyHeader: 'X-Real-IP' },
    { proxies: '2' },
    { ...behind, proxies: '0' },
    { ...behind, proxies: '17' },
    { ...behind, proxies: 'many' },
    { ...behind, proxyHeader: 'X-Real-IP:' },
  ])
    expect(() => read(wrong), JSON.stringify(wrong)).toThrow(UsageError);
});

test('--nodes needs NATS, and a port for the metrics of each node', () => {
  const log = 'nats://localhost';
  expect(read().nodes).toBe(1);
  expect(read({ nodes: '1' }).nodes).toBe(1);
  expect(read({ nodes: '14', log }).nodes).toBe(14);
  for (const wrong of [
    { nodes: '2' },
    { nodes: '0', log },
    { nodes: '257', log },
    { nodes: '1.5', log },
    { nodes: '3', log, metrics: '127.0.0.1:65534' },
  ])
    expect(() => read(wrong), JSON.stringify(wrong)).toThrow(UsageError);
});

test('each node of a machine has its own number, and its own port for metrics', () => {
  const settings = read({ nodes: '3', log: 'nats://localhost', metrics: '127.0.0.1:9464' });
  expect(ownSettings(settings)).toBe(settings);
  expect(ownSettings(settings, 3)).toMatchObject({ node: 3, operator: { host: '127.0.0.1', port: 9466 } });
  const free = read({ nodes: '3', log: 'nats://localhost', metrics: '127.0.0.1:0' });
  expect(ownSettings(free, 3)).toMatchObject({ node: 3, operator: { port: 0 } });
});

test('every option has its own flag, variable and meaning', () => {
  expect(SERVE_OPTIONS.map(({ flag }) => keyOf(flag))).toEqual([
    'port',
    'host',
    'data',
    'log',
    'logReplicas',
    'logStreams',
    'logCreds',
    'logCa',
    'logCert',
    'logKey',
    'logMonitors',
    'nodes',
    'domain',
    'acmeEmail',
    'acmeDirectory',
    'tlsCert',
    'tlsKey',
    'insecure',
    'behindProxy',
    'proxyHeader',
    'proxies',
    'onion',
    'name',
    'retain',
    'roomBytes',
    'totalBytes',
    'files',
    'fileBytes',
    'fileRoomBytes',
    'fileTotalBytes',
    'fileAddressBytes',
    'fileKeep',
    'inviteLifetime',
    'maxConnections',
    'maxPerAddress',
    'unfinishedBytes',
    'create',
    'roomsPerHour',
    'metrics',
    'logFormat',
    'logLevel',
  ]);
  for (const { flag, env } of SERVE_OPTIONS)
    expect(env).toBe(`GOCHAT_${flag.slice(2).replaceAll('-', '_').toUpperCase()}`);
  expect(new Set(SERVE_OPTIONS.map(({ meaning }) => meaning)).size).toBe(SERVE_OPTIONS.length);
});
