import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'rooms'));
});

afterAll(async () => {
  await server.stop();
  await home.remove();
});

test('gochat conform prints each check of a server that conforms, and exits with 0', async () => {
  const { code, out, err } = await runGochat(['conform', server.url], {});
  const lines = out.trimEnd().split('\n');
  expect([code, err]).toEqual([0, '']);
  expect(lines.at(-1)).toBe(`${lines.length - 1} checks, 0 failed`);
  expect(lines.slice(0, -1).filter((line) => !/^ok {5}\S/.test(line))).toEqual([]);
});

test('a check that fails is printed with its reason and its frames, and the exit code is 1', async () => {
  const other = createServer((socket) => socket.on('error', () => undefined).end('hello\n'));
  onTestFinished(() => void other.close());
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, out } = await runGochat(['conform', `tcp://127.0.0.1:${port}`], {});
  expect(code).toBe(1);
  expect(out).toMatch(/^FAILED hello is answered with welcome/);
  expect(out).toMatch(/← A?.*hello/);
});

test('a server that is not there is reported once, and the exit code is 3', async () => {
  const nobody = server.url.replace('127.0.0.1', '127.0.0.2').replace(/:\d+$/, ':9');
  const { code, out, err } = await runGochat(['conform', nobody], {});
  expect([code, out]).toEqual([3, '']);
  expect(err.trimEnd()).toMatch(/^can't connect to \S+: .*ECONNREFUSED.*$/);
});

test('what is no address of a server is wrong usage', async () => {
  const { code, err } = await runGochat(['conform', 'nowhere'], {});
  expect(code).toBe(2);
  expect(err).toContain('http://127.0.0.1:4040');
});
