import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer, type TestServer, temporary } from '../src/people/people.ts';
import { runGochat } from '../src/terminal/gochat-command.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;

beforeEach(async () => {
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
});

afterEach(async () => {
  await server.stop();
  await home.remove();
});

/** Runs a command with the profile of a person. */
function as(name: string, args: readonly string[], input = '') {
  return runGochat([...args, '--profile', join(home.path, name)], { HOME: home.path }, input);
}

/** Ana and Ben in one room. */
async function kitchen(): Promise<void> {
  const { out } = await as('ana', ['new', 'kitchen', '--as', 'ana', '--server', server.url]);
  const link = /http\S+/.exec(out)?.[0] ?? '';
  expect((await as('ben', ['join', link, '--as', 'ben', '--no-chat'])).code).toBe(0);
}

test('dm asks with the first words from standard input; requests lists, accepts, and both send', async () => {
  await kitchen();
  const asked = await as('ana', ['dm', 'kitchen', 'ben', '-', '--json'], 'one\ntwo\n');
  expect(asked.code).toBe(0);
  expect(JSON.parse(asked.out)).toMatchObject({ name: 'ben', asked: true });
  // It waits until ben accepts.
  expect(await as('ana', ['send', 'ben', 'three', '--wait', '1s'])).toMatchObject({ code: 3 });
  const listed = await as('ben', ['requests']);
  expect(listed.out).toMatch(/^\S{8} +ana +kitchen +one two\n$/);
  const [request] = (await as('ben', ['requests', '--json'])).out.trim().split('\n');
  const { id, text, roomName } = JSON.parse(request ?? '{}');
  expect([text, roomName]).toEqual(['one\ntwo', 'kitchen']);
  expect(await as('ben', ['requests', 'accept', id.slice(0, 8)])).toMatchObject({ code: 0 });
  expect((await as('ben', ['requests'])).out).toBe('');
  expect((await as('ana', ['send', 'ben', 'four'])).code).toBe(0);
  const read = await as('ben', ['tail', 'ana']);
  expect(read.out).toContain('<ana> one\n  two\n<ana> three\n<ana> four\n');
  expect((await as('ben', ['dm', 'kitchen', 'ana', 'five'])).code).toBe(0);
  expect((await as('ana', ['tail', 'ben'])).out).toContain('<ben> five\n');
});

test('requests ignore drops one; what there is not is refused', async () => {
  await kitchen();
  expect((await as('ana', ['dm', 'kitchen', 'ben', 'hello'])).code).toBe(0);
  const { id } = JSON.parse((await as('ben', ['requests', '--json'])).out);
  expect((await as('ben', ['requests', 'ignore', id])).code).toBe(0);
  expect((await as('ben', ['requests', 'accept', id])).code).toBe(2);
  expect((await as('ben', ['requests', 'eat', id])).code).toBe(2);
  expect((await as('ana', ['dm', 'kitchen', 'ana', 'hello'])).code).toBe(2);
  expect((await as('ana', ['dm', 'kitchen', 'nobody', 'hello'])).code).toBe(2);
  expect((await as('ana', ['invite', 'ben'])).code).toBe(5);
});
