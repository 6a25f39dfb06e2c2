import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Someone, startServer, type TestServer, temporary } from '../src/people/people.ts';
import { buildGochat, GochatProcess } from '../src/terminal/gochat-process.ts';

let home: Awaited<ReturnType<typeof temporary>>;
let server: TestServer;
let ana: Someone;

beforeAll(async () => {
  buildGochat();
  home = await temporary();
  server = await startServer(join(home.path, 'server'));
  ana = await Someone.open('ana', join(home.path, 'ana'));
  await ana.hosts(server.url, 'kitchen');
});

afterAll(async () => {
  await ana.close();
  await server.stop();
  await home.remove();
});

let runs = 0;

/** Runs a command. @returns the source files and the libraries of which it has loaded code */
async function loaded(args: readonly string[]): Promise<string[]> {
  runs += 1;
  const coverage = join(home.path, `coverage ${runs}`);
  mkdirSync(coverage);
  const env = { HOME: home.path, GOCHAT_PROFILE: join(home.path, 'ana'), NODE_V8_COVERAGE: coverage };
  const process = new GochatProcess(args, { cwd: home.path, env });
  expect(await process.end()).toMatchObject({ code: 0, out: expect.stringContaining('kitchen') });
  const [report = ''] = readdirSync(coverage);
  const { result } = JSON.parse(readFileSync(join(coverage, report), 'utf8')) as {
    result: readonly { readonly url: string }[];
  };
  const files = result.filter(({ url }) => url.startsWith('file:')).map(({ url }) => fileURLToPath(url));
  return files.flatMap((file) => [file, ...sourcesOf(file)]);
}

/** The files that a chunk is made of. */
function sourcesOf(file: string): readonly string[] {
  try {
    return (JSON.parse(readFileSync(`${file}.map`, 'utf8')) as { readonly sources: readonly string[] })
      .sources;
  } catch {
    return [];
  }
}

const HEAVY =
  /node_modules\/(ts-mls|@noble|@hpke|hash-wasm|ws|lmdb|msgpackr)\/|crypto\/src\/(mls\/\w+|primitives|room)\.ts/;

test('a command that works through a running owner loads no cryptography, database or WebSocket', async () => {
  const files = await loaded(['rooms']);
  expect(files.filter((file) => HEAVY.test(file))).toEqual([]);
  expect(files.some((file) => file.endsWith('client/src/profile/claim.ts'))).toBe(true);
  // The same command loads them where it owns the profile.
  await ana.close();
  expect((await loaded(['rooms'])).some((file) => HEAVY.test(file))).toBe(true);
});
