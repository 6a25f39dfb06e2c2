import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, onTestFinished, test } from 'vitest';
import { startServer } from '../src/main.ts';
import { type GivenOptions, readServeSettings } from '../src/options.ts';
import { UsageError } from '../src/usage-error.ts';
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

/** The one line that a start fails with. */
async function mistake(given: GivenOptions): Promise<string> {
  const error: unknown = await start(given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  const message = error instanceof Error ? error.message : '';
  expect(message).not.toContain('\n');
  return message;
}

test('starts on a folder, says where it is and how to chat', async () => {
  const data = await folder();
  const server = await start({ data });
  expect(server.url).toBe(`http://localhost:${server.port}`);
  expect(server.greeting).toEqual([
    `GoChat listens at ${server.url} (127.0.0.1:${server.port}).`,
    `It keeps rooms, which it can't read, in ${data}.`,
    `To chat, in another terminal: npx gochat --server ${server.url}`,
  ]);
  const peer = await Peer.greet(server.port);
  const { room, access } = await found(peer);
  expect(await enter(peer, room, access)).toMatchObject({ type: 'entered' });
  expect(peer.of('welcome')).toMatchObject([{ server: 'gochat test' }]);
});

test('with a certificate goes by its names', async () => {
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
    /^--tls-cert .* can't be read: ENOENT/,
  );
});

test('a port in use, a foreign address and a folder in use are said in one line', async () => {
  const data = await folder();
  const server = await start({ data });
  const port = String(server.port);
  expect(await mistake({ data: await folder(), port })).toBe(
    `port ${port} on 127.0.0.1 is in use; stop what uses it, or choose another with --port`,
  );
  expect(await mistake({ data: await folder(), host: '192.0.2.1', insecure: true })).toBe(
    '192.0.2.1 is not an address of this machine',
  );
  expect(await mistake({ data })).toContain(data);
});

test('a folder that is a file is said in one line, and a failed start lets go of its folder', async () => {
  const parent = await folder();
  const file = join(parent, 'file');
  await writeFile(file, 'x');
  expect(await mistake({ data: file })).toContain(file);
  const data = join(parent, 'rooms');
  await mistake({ data, host: '192.0.2.1', insecure: true });
  await chmod(parent, 0o700);
  await start({ data });
});
