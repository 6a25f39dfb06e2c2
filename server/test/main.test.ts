import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { RequestId } from '@gochat/protocol/fields';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../src/main.ts';
import { type GivenOptions, readServeSettings } from '../src/operate/options.ts';
import { UsageError } from '../src/operate/usage-error.ts';
import { enter, found } from './member.ts';
import { Peer } from './peer.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gochat-main-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(given: GivenOptions, out: string[] = []) {
  const settings = readServeSettings({ port: '0', ...given }, {}, false);
  const server = await startServer(settings, 'gochat test', { write: (text: string) => out.push(text) });
  onTestFinished(() => server.close());
  return server;
}

/** The one-line error of a start that fails. */
async function mistake(given: GivenOptions): Promise<string> {
  const error: unknown = await start(given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  const message = error instanceof Error ? error.message : '';
  expect(message).not.toContain('\n');
  return message;
}

test('starts with a folder and prints its address and how to chat', async () => {
  const data = await folder();
  const server = await start({ data });
  expect(server.url).toBe(`http://localhost:${server.port}`);
  expect(server.greeting).toEqual([
    `GoChat listens at ${server.url} (127.0.0.1:${server.port}).`,
    `Data (encrypted): ${data}`,
    `To chat, in another terminal: npx gochat --server ${server.url}`,
  ]);
  const peer = await Peer.greet(server.port);
  const { room, access } = await found(peer);
  expect(await enter(peer, room, access)).toMatchObject({ type: 'entered' });
  expect(peer.of('welcome')).toMatchObject([{ server: 'gochat test' }]);
});

test('says where files are stored, unless that is the data folder', async () => {
  const data = await folder();
  const elsewhere = join(await folder(), 'files');
  expect((await start({ data, files: elsewhere })).greeting).toContain(`Files (encrypted): ${elsewhere}`);
  const none = await start({ data: await folder(), files: 'none' });
  expect(none.greeting).toContain('Files and pictures are not stored.');
  await writeFile(join(data, 'taken'), '');
  expect(await mistake({ data: await folder(), files: join(data, 'taken') })).toContain(
    `can't store files in ${join(data, 'taken')}`,
  );
});

test.each([{}, { behindProxy: true }])(
  'prints the address of an onion service as Tor reaches it: %j',
  async (more) => {
    const name = `${'a'.repeat(56)}.onion`;
    const server = await start({ data: await folder(), onion: true, name: [name], ...more });
    expect(server.url).toBe(`http://${name}`);
    expect(server.greeting.at(-1)).toContain(`--server http://${name} --proxy socks5://127.0.0.1:9050`);
  },
);

test('answers to the names of its certificate', async () => {
  const data = await folder();
  const [tlsCert, tlsKey] = [join(data, 'cert.pem'), join(data, 'key.pem')];
  const made = await generate([{ name: 'commonName', value: 'x' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'chat.example' }] }],
  });
  await writeFile(tlsCert, made.cert);
  await writeFile(tlsKey, made.private);
  const server = await start({ data, tlsCert, tlsKey });
  expect(server.url).toBe(`https://chat.example:${server.port}`);
  expect((await Peer.greet(server.port, 'tls')).nonce).not.toBe('');
  await writeFile(tlsKey, 'no key');
  expect(await mistake({ data: await folder(), tlsCert, tlsKey })).toContain(
    'are not a certificate and its key',
  );
  expect(await mistake({ data: await folder(), tlsCert: join(data, 'none.pem'), tlsKey })).toMatch(
    /^can't read .* \(--tls-cert\): ENOENT/,
  );
});

test('a renewed certificate is reloaded, and one that can not be read changes nothing', async () => {
  const data = await folder();
  const [tlsCert, tlsKey] = [join(data, 'cert.pem'), join(data, 'key.pem')];
  const renew = async () => {
    const made = await generate([{ name: 'commonName', value: 'chat.example' }]);
    await writeFile(tlsCert, made.cert);
    await writeFile(tlsKey, made.private);
    return new X509Certificate(made.cert).fingerprint256;
  };
  const shown = async (port: number) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const first = await renew();
  const out: string[] = [];
  const server = await start({ data, tlsCert, tlsKey }, out);
  expect(await shown(server.port)).toBe(first);
  const standing = await Peer.greet(server.port, 'tls');
  const second = await renew();
  await server.reload();
  expect(await shown(server.port)).toBe(second);
  await writeFile(tlsKey, 'no key');
  await server.reload();
  expect(await shown(server.port)).toBe(second);
  expect(out.join('')).toMatch(
    /reloaded the certificate[\s\S]*could not reload the certificate; keeping the loaded one/,
  );
  expect(out.join('')).not.toContain('PRIVATE KEY');
  expect(await standing.ask({ type: 'ping', id: 'still' as RequestId })).toMatchObject({ type: 'pong' });
});

test('a port in use, a foreign address and a folder in use are one-line errors', async () => {
  const data = await folder();
  const server = await start({ data });
  const port = String(server.port);
  expect(await mistake({ data: await folder(), port })).toBe(
    `port ${port} on 127.0.0.1 is in use: stop the process that uses it, or choose another port with --port`,
  );
  expect(await mistake({ data: await folder(), host: '192.0.2.1', insecure: true })).toBe(
    '192.0.2.1 is not an address of this machine',
  );
  expect(await mistake({ data })).toContain(data);
  expect(await mistake({ data: await folder(), metrics: `127.0.0.1:${port}` })).toBe(
    `port ${port} on 127.0.0.1 is in use: stop the process that uses it, or choose another port with --metrics`,
  );
});

test('a folder that is a file is a one-line error, and a failed start releases its folder', async () => {
  const parent = await folder();
  const file = join(parent, 'file');
  await writeFile(file, 'x');
  expect(await mistake({ data: file })).toContain(file);
  const data = join(parent, 'rooms');
  await mistake({ data, host: '192.0.2.1', insecure: true });
  await chmod(parent, 0o700);
  await start({ data });
});
