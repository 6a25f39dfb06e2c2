import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Someone } from '@gochat/e2e/people';
import { findTool, type Machine } from '@gochat/e2e/tool';
import { gochat } from '../gochat.ts';
import { inNewHome } from '../home.ts';
import { startPlainHttp } from '../peers.ts';
import { type Cost, costOf } from './cost.ts';
import { median } from './figures.ts';
import type { WaitRow } from './wait-row.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
const MEGABYTES = 100;
const RUNS = 3;
const NAME = 'file.bin';

/** A file both ways: what a command costs, from its start to its end. */
interface Transfers {
  readonly up: Cost[];
  readonly down: Cost[];
}

/**
 * Sends a file of 100 MB with `gochat send` and saves it with `gochat save`, and with curl to and from a plain HTTP server, alternately.
 * @param tell takes a line: also what is absent. @param machine what may be installed; all that it allows when undefined
 */
export async function measureFiles(
  tell: (line: string) => void,
  machine: Machine | undefined,
): Promise<WaitRow[]> {
  const curl = await findTool('curl', ['curl'], machine);
  if ('missing' in curl) tell(`absent: curl: ${curl.missing}`);
  return inNewHome(async (home) => {
    const bytes = randomBytes(MEGABYTES * 1_000_000);
    const file = join(home, NAME);
    await writeFile(file, bytes);
    const system = gochat();
    const [own, plain] = [await system.start(home), await startPlainHttp(await folder(home, 'plain'))];
    const [gochatRuns, curlRuns]: [Transfers, Transfers] = [
      { up: [], down: [] },
      { up: [], down: [] },
    ];
    try {
      const chat = await hosted(home, `http://127.0.0.1:${own.port}`);
      const before = memoryOf(own.pids);
      for (let run = 0; run < RUNS; run++) {
        tell(`file-${MEGABYTES}MB: run ${run + 1}`);
        await transfer(gochatRuns, await chat(file), bytes);
        if (!('missing' in curl))
          await transfer(curlRuns, curlCommands(file, plain.port, join(home, `curl-${run}`)), bytes);
      }
      const growth = memoryOf(own.pids) - before;
      return [
        ...rowsOf('gochat', gochatRuns).map((row) => ({ ...row, serverMegabytes: growth })),
        ...rowsOf('curl-plain-http', curlRuns),
      ];
    } finally {
      await own.stop();
      await plain.stop();
    }
  });
}

interface Commands {
  readonly cwd: string;
  readonly up: readonly string[];
  /** Called once the file is up. */
  down(): Promise<{ readonly command: readonly string[]; readonly into: string }>;
}

async function transfer(to: Transfers, { cwd, up, down }: Commands, bytes: Uint8Array): Promise<void> {
  to.up.push(await costOf(up, cwd));
  const { command, into } = await down();
  to.down.push(await costOf(command, cwd));
  if (!(await readFile(into)).equals(bytes)) throw new Error('the file is not the one that was sent');
  await rm(into);
}

function curlCommands(file: string, port: number, into: string): Commands {
  const url = `http://127.0.0.1:${port}/${NAME}`;
  return {
    cwd: join(file, '..'),
    up: ['curl', '-sSf', '-T', file, url],
    down: async () => ({ command: ['curl', '-sSf', '-o', into, url], into }),
  };
}

/** A room of two. @returns the commands for another transfer of a file */
async function hosted(home: string, server: string): Promise<(file: string) => Promise<Commands>> {
  const [ana, ben] = [
    await Someone.open('ana', join(home, 'ana')),
    await Someone.open('ben', join(home, 'ben')),
  ];
  const { room, link } = await ana.hosts(server);
  await ben.joins(link);
  await ana.close();
  await ben.close();
  const command = (name: string, ...args: readonly string[]) => [
    process.execPath,
    GOCHAT,
    ...args,
    '--profile',
    join(home, name),
  ];
  let runs = 0;
  return async (file) => {
    const into = await folder(home, `saved-${runs++}`);
    return {
      cwd: home,
      up: command('ana', 'send', room, '--file', file, '--wait', '5m'),
      down: async () => {
        const reader = await Someone.open('ben', join(home, 'ben'));
        await reader.profile.call('sync', { room, waitMs: 60_000 });
        const item = (await reader.profile.call('history', { room, limit: 10 })).findLast(
          ({ kind }) => kind === 'text',
        );
        await reader.close();
        if (item?.kind !== 'text') throw new Error('the message has not come');
        return { command: command('ben', 'save', room, item.id, '--to', into), into: join(into, NAME) };
      },
    };
  };
}

async function folder(home: string, name: string): Promise<string> {
  const path = join(home, name);
  await mkdir(path);
  return path;
}

function rowsOf(system: string, { up, down }: Transfers): WaitRow[] {
  return Object.entries({ up, down })
    .filter(([, costs]) => costs.length > 0)
    .map(([way, costs]) => ({
      case: `file-${way}-${MEGABYTES}MB`,
      system,
      ms: median(costs.map(({ ms }) => ms)),
      megabytesPerSecond: median(costs.map(({ ms }) => (MEGABYTES * 1000) / ms)),
      cpuSeconds: median(costs.map(({ cpuSeconds }) => cpuSeconds)),
    }));
}

/** The most resident memory that the processes have had, in megabytes. */
function memoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return sum + (Number(kilobytes) * 1024) / 1e6;
  }, 0);
}
