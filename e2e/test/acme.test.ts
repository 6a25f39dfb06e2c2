import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { temporary } from '../src/people/people.ts';
import { freePort } from '../src/servers/ports.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';
import { findTool, needed } from '../src/tool.ts';

const pebble = needed(
  await findTool('pebble', ['pebble']),
  'certificates that a server gets automatically, against an authority',
);

const DOMAIN = 'chat.example.test';
const ended: (() => Promise<unknown>)[] = [];

beforeAll(buildGochat);
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  ended.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  return child;
}

/** Waits for this among what it prints; the rest is read and dropped, so that it never waits for us. */
function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (said.includes(text)) return;
      said += chunk.toString();
      if (said.includes(text)) resolve();
    });
    child.on('close', () => reject(new Error(`it ended with: ${said}`)));
  });
}

/** Starts an ACME authority that resolves every name to this machine. */
async function authority(
  folder: string,
  tlsPort: number,
  validSec: number,
): Promise<{ directory: string; ca: string }> {
  const [listen, manage, dns] = [await freePort(), await freePort(), await freePort()];
  const own = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const at = (name: string) => join(folder, name);
  await writeFile(at('ca.pem'), own.cert);
  await writeFile(at('key.pem'), own.private);
  const config = {
    listenAddress: `127.0.0.1:${listen}`,
    managementListenAddress: `127.0.0.1:${manage}`,
    certificate: at('ca.pem'),
    privateKey: at('key.pem'),
    httpPort: 1,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    certificateValidityPeriod: validSec,
  };
  await writeFile(at('pebble.json'), JSON.stringify({ pebble: config }));
  const names = ['-dns01', `127.0.0.1:${dns}`, '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''];
  const none = [
    '-http01',
    '',
    '-https01',
    '',
    '-tlsalpn01',
    '',
    '-management',
    `127.0.0.1:${await freePort()}`,
  ];
  run('pebble-challtestsrv', [...names, ...none]);
  const server = run(pebble ?? '', ['-config', at('pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], {
    PEBBLE_VA_NOSLEEP: '1',
  });
  await says(server, 'ACME directory available');
  return { directory: `https://localhost:${listen}/dir`, ca: at('ca.pem') };
}

function certificateAt(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: DOMAIN, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const VALID_SEC = 3_600;
/** Loaded into the server: SIGUSR2 sets its clock to when less than a third of the certificate's validity is left. */
const CLOCK = `
  const { now } = Date;
  let aheadMs = 0;
  Date.now = () => now() + aheadMs;
  process.on('SIGUSR2', () => {
    aheadMs = ${VALID_SEC * 700};
    console.log('the clock is ahead');
  });`;

describe.skipIf(pebble === undefined)('a certificate from an ACME authority', () => {
  test('is obtained over the server’s own port, stored, and renewed in time', async () => {
    const home = await temporary();
    ended.push(home.remove);
    const port = await freePort();
    const { directory, ca } = await authority(home.path, port, VALID_SEC);
    const data = join(home.path, 'data');
    const args = [
      'serve',
      '--domain',
      DOMAIN,
      '--acme-directory',
      directory,
      '--host',
      '127.0.0.1',
      '--port',
      `${port}`,
    ];
    const serve = () => {
      const server = new GochatProcess([...args, '--data', data, '--log-format', 'json'], {
        cwd: home.path,
        env: {
          NODE_EXTRA_CA_CERTS: ca,
          NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CLOCK)}`,
        },
      });
      ended.push(() => server.stop('SIGKILL'));
      return server;
    };
    const first = serve();
    await first.shows(`GoChat listens at https://${DOMAIN}:${port}`);
    await first.shows('"got a certificate"');
    const got = await certificateAt(port);
    expect(got.subjectaltname).toBe(`DNS:${DOMAIN}`);
    expect(got.issuer.CN).toContain('Pebble Intermediate');

    first.child.kill('SIGUSR2');
    await first.shows('the clock is ahead');
    first.child.kill('SIGHUP');
    await first.shows('"got a certificate"', 2);
    const renewed = await certificateAt(port);
    expect(renewed.serialNumber).not.toBe(got.serialNumber);
    await first.stop('SIGTERM');

    const second = serve();
    await second.shows('GoChat listens at');
    expect((await certificateAt(port)).serialNumber).toBe(renewed.serialNumber);
    expect(second.all).not.toContain('getting a certificate');
    await second.stop('SIGTERM');

    const folder = join(data, 'acme');
    expect((await readdir(folder)).sort()).toEqual(['account.json', `${DOMAIN}.pem`]);
    for (const name of await readdir(folder))
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);

    // With damaged files, the server gets a new certificate and prints nothing of a key.
    await writeFile(join(folder, 'account.json'), '-----BEGIN PRIVATE KEY-----');
    await writeFile(join(folder, `${DOMAIN}.pem`), `${directory}\n-----BEGIN CERTIFICATE-----\nnone`);
    const third = serve();
    await third.shows('"got a certificate"');
    expect((await certificateAt(port)).serialNumber).not.toBe(renewed.serialNumber);
    expect(third.all).not.toContain('PRIVATE');
  });

  test('that can’t be obtained is reported and tried again; plain connections work meanwhile', async () => {
    const home = await temporary();
    ended.push(home.remove);
    const port = await freePort();
    // For the authority, the name points to another port.
    const { directory, ca } = await authority(home.path, await freePort(), 3600);
    const where = ['--host', '127.0.0.1', '--port', `${port}`, '--data', join(home.path, 'data')];
    const server = new GochatProcess(
      ['serve', '--domain', DOMAIN, '--acme-directory', directory, ...where, '--log-format', 'json'],
      { cwd: home.path, env: { NODE_EXTRA_CA_CERTS: ca } },
    );
    ended.push(() => server.stop('SIGKILL'));
    await server.shows('could not get a certificate');
    expect(server.all).toContain('"retryInSec":120');
    server.child.kill('SIGHUP');
    await server.shows('could not get a certificate', 2);
    expect(server.all).toContain('"retryInSec":240');
    // The account of the first attempt is used again.
    expect(server.all).not.toMatch(/"reason":"[^"]*account/i);
    expect(server.all).toMatch(/"reason":"[^"]+"/);
    await expect(certificateAt(port)).rejects.toThrow();
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect(health.status).toBe(200);
  });
});
