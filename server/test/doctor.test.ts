import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../src/main.ts';
import { type Circumstances, examine } from '../src/operate/doctor.ts';
import { type GivenOptions, readServeSettings } from '../src/operate/options.ts';
import { startNode } from './node.ts';

const NOW = Date.UTC(2026, 10, 23);

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gochat-doctor-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The health and the text of one check. */
async function look(what: string, given: GivenOptions, at: Partial<Circumstances> = {}): Promise<string> {
  const settings = readServeSettings({ port: '0', data: '/nowhere', ...given }, {}, false);
  const circumstances = { now: NOW, nodeVersion: 'v22.1.0', software: 'gochat test', ...at };
  const found = (await examine(settings, circumstances)).find((finding) => finding.what === what);
  return `${found?.health}: ${found?.text}`;
}

test('the version of Node.js', async () => {
  expect(await look('version', {})).toBe('good: gochat test on Node.js v22.1.0');
  expect(await look('version', {}, { nodeVersion: 'v20.19.0' })).toMatch(/^good/);
  expect(await look('version', {}, { nodeVersion: 'v20.18.9' })).toMatch(/^bad: .*too old: install 20\.19/);
});

test('a free port, the port of a running server, and the port of another program', async () => {
  expect(await look('port', {})).toBe('good: 127.0.0.1:0 is free');
  const node = await startNode();
  expect(await look('port', { port: String(node.port) })).toMatch(
    /^good: a server answers at .*accepts writes/,
  );
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  onTestFinished(() => void other.close());
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  expect(await look('port', { port })).toMatch(/^bad: .*in use by another program/);
  expect(await look('port', { host: '192.0.2.1', insecure: true })).toMatch(/^bad: .*EADDRNOTAVAIL/);
});

test('who may create rooms, and whether others can read the token', async () => {
  const data = await folder();
  const token = join(data, 'create-token');
  expect(await look('create', { data })).toMatch(/^good: anybody may create rooms/);
  expect(await look('create', { data, create: 'token' })).toMatch(/^good: .*the first start puts the token/);
  await writeFile(token, `${'A'.repeat(22)}\n`, { mode: 0o600 });
  expect(await look('create', { data, create: 'members' })).toMatch(
    /^good: who has the token, and members of rooms here, may create rooms; the token is in /,
  );
  await chmod(token, 0o644);
  expect(await look('create', { data, create: 'token' })).toMatch(/^look: .*chmod 600/);
  await writeFile(token, 'no token');
  expect(await look('create', { data, create: 'token' })).toMatch(/^bad: .*holds no token/);
});

test('a certificate that is valid, expires soon, has expired, is not valid yet, and none', async () => {
  const data = await folder();
  const [tlsCert, tlsKey] = [join(data, 'cert.pem'), join(data, 'key.pem')];
  const made = await generate([{ name: 'commonName', value: 'chat.example' }], {
    notBeforeDate: new Date(NOW),
    notAfterDate: new Date(NOW + 90 * 86_400_000),
  });
  await writeFile(tlsCert, made.cert);
  await writeFile(tlsKey, made.private);
  const after = (days: number) => ({ now: NOW + days * 86_400_000 });
  expect(await look('tls', { tlsCert, tlsKey }, after(1))).toMatch(/^good: .*expires in 89 days/);
  expect(await look('tls', { tlsCert, tlsKey }, after(80))).toMatch(/^look: .*expires in 10 days: renew it/);
  expect(await look('tls', { tlsCert, tlsKey }, after(91))).toMatch(/^bad: the certificate expired/);
  expect(await look('tls', { tlsCert, tlsKey }, after(-2))).toMatch(
    /^bad: the certificate is not valid before .*clock/,
  );
  await writeFile(tlsKey, 'no key');
  expect(await look('tls', { tlsCert, tlsKey })).toMatch(/^bad: .*not a certificate and its key/);
  expect(await look('tls', {})).toMatch(/^good/);
  expect(await look('tls', { host: '0.0.0.0', insecure: true })).toMatch(/^look: .*browsers/);
});

/** A network on which the domain has these addresses, of which those of the loopback network are this machine's. */
function network(addresses: readonly string[], publicPort = 443): Pick<Circumstances, 'network'> {
  const resolve = async (): Promise<readonly string[]> => {
    if (addresses.length === 0) throw new Error('ENOTFOUND');
    return addresses;
  };
  return { network: { resolve, own: () => ['127.0.0.1', '127.0.0.2'], publicPort } };
}

/** A server that sends a greeting. @returns its port */
async function greets(greeting: string, host = '127.0.0.1'): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(greeting));
  await new Promise<void>((done) => server.listen(0, host, done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A port at which nothing listens. */
async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const DOMAIN = { domain: 'chat.example.org', host: '127.0.0.1' };

test('a domain has the address of this machine, another one, or none', async () => {
  const dns = (...addresses: readonly string[]) => look('dns', DOMAIN, network(addresses));
  expect(await dns('127.0.0.1')).toBe('good: chat.example.org is 127.0.0.1, an address of this machine');
  expect(await dns('192.0.2.7', '2001:db8::7')).toMatch(
    /^look: chat\.example\.org is 192\.0\.2\.7 and 2001:db8::7, which is no address of this machine/,
  );
  expect(await dns()).toMatch(/^bad: chat\.example\.org has no address: .*add an A or AAAA record/);
});

test('the port of a domain leads to this machine, to another server, or nowhere', async () => {
  const port = await unusedPort();
  const reach = (publicPort: number, given: GivenOptions = {}, ...addresses: readonly string[]) =>
    look('reach', { ...DOMAIN, port: String(port), ...given }, network(addresses, publicPort));
  expect(await reach(port, {}, '127.0.0.1')).toBe(`good: 127.0.0.1:${port} leads to this machine`);
  expect(await reach(await unusedPort(), {}, '127.0.0.1')).toMatch(
    /^look: nothing answers at 127\.0\.0\.1:\d+: open the port/,
  );
  const foreign = await greets('hello');
  expect(await reach(foreign, {}, '127.0.0.1')).toMatch(/^bad: 127\.0\.0\.1:\d+ leads to another server/);
  // The server runs: its port is taken.
  expect(await reach(foreign, { port: String(foreign) }, '127.0.0.1')).toBe(
    `good: 127.0.0.1:${foreign} answers`,
  );
  expect(await reach(port, {})).toBe('bad: chat.example.org has no address');
});

test('the certificate of a domain: none yet, stored, expired, and an authority that does not answer', async () => {
  const data = await folder();
  const at = (days: number) => ({ ...network(['127.0.0.1']), now: NOW + days * 86_400_000 });
  const given = { ...DOMAIN, data, acmeDirectory: `https://127.0.0.1:${await unusedPort()}/directory` };
  expect(await look('tls', given, at(1))).toMatch(/^bad: no certificate yet, and https:.* does not answer/);
  const made = await generate([{ name: 'commonName', value: DOMAIN.domain }], {
    notBeforeDate: new Date(NOW),
    notAfterDate: new Date(NOW + 90 * 86_400_000),
  });
  await mkdir(join(data, 'acme'));
  await writeFile(
    join(data, 'acme', `${DOMAIN.domain}.pem`),
    `${given.acmeDirectory}\n${made.private.trimEnd()}\n${made.cert}`,
  );
  expect(await look('tls', given, at(1))).toMatch(
    /^look: a certificate for chat\.example\.org, which expires in 89 days, but https:.* does not answer/,
  );
  expect(await look('tls', given, at(91))).toMatch(/^bad: the certificate has expired, and https:/);
  expect(await look('tls', { ...given, acmeDirectory: 'https://127.0.0.1/other' }, at(1))).toMatch(
    /^bad: no certificate yet/,
  );
});

test('the data folder, its disk and the clock', async () => {
  const data = await folder();
  expect(await look('data', { data })).toMatch(/^good: no rooms in .* yet/);
  const store = join(data, 'log.mdb');
  await writeFile(store, 'x', { mode: 0o600 });
  await utimes(store, NOW / 1000, NOW / 1000);
  expect(await look('data', { data })).toMatch(/^good: .*, 0 MB/);
  await chmod(store, 0o644);
  expect(await look('data', { data })).toMatch(/^look: .*chmod 600/);
  expect(await look('disk', { data })).toMatch(/^(good|look): \d+ MB free, [\d.]+ ms/);
  expect(await look('clock', { data })).toMatch(/^good: 2026-11-23/);
  expect(await look('clock', { data }, { now: NOW - 5 * 86_400_000 })).toMatch(/^look: .*clock was set back/);
  expect(await look('clock', { data }, { now: 0 })).toMatch(/^bad: 1970-.*never set/);
});

test('the store of files', async () => {
  const data = await folder();
  expect(await look('store', { data, files: 'none' })).toBe('good: files and pictures are not stored');
  const small = { data, fileTotalBytes: '1M' };
  expect(await look('store', small)).toMatch(/^good: 0 files in .*files; \d+ MB free$/);
  await mkdir(join(data, 'files'));
  expect(await look('store', small)).toMatch(/^good: 0 files/);
  expect(await look('store', { data, fileTotalBytes: '900T' })).toMatch(
    /^look: .* but files may take 900000000 MB: lower --file-total-bytes/,
  );
  await writeFile(join(data, 'taken'), '');
  expect(await look('store', { data, files: join(data, 'taken') })).toMatch(/^bad: .*ENOTDIR/);
});

test('how many files may be open', async () => {
  expect(await look('files', { maxConnections: '10' })).toMatch(/^good/);
  if (process.platform === 'linux')
    expect(await look('files', { maxConnections: '1000000' })).toMatch(
      /^(look: .*raise ulimit|good: \d{7,})/,
    );
});

test('how busy the core of a running server is', async () => {
  const data = await folder();
  expect(await look('load', { data: join(data, 'none') })).toBe(
    'good: no server answers in this data folder',
  );
  expect(await look('load', { data })).toBe('good: no server answers in this data folder');
  const server = await startServer(readServeSettings({ port: '0', data }, {}, false), 'gochat test', {
    write: () => true,
  });
  onTestFinished(() => server.close());
  expect(await look('load', { data })).toMatch(/^\w+: \d+ % of one core, in the last two seconds/);
  // The server runs in this process, which now never waits.
  let spins = true;
  const spin = () => void (spins && setImmediate(spin));
  spin();
  try {
    expect(await look('load', { data })).toMatch(/^look: (9\d|100) % of one core.*several processes/);
  } finally {
    spins = false;
  }
});
