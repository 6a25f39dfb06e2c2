import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildGochat, GochatProcess } from '@gochat/e2e/gochat-process';
import { Someone, startServer, temporary } from '@gochat/e2e/people';
import { spawn } from '@lydell/node-pty';
import { cpuSecondsOf } from './cpu-seconds.ts';
import { type Figure, figureOf, type Occasion } from './figures.ts';
import { measurePage } from './page-start.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
const SERVER_MS = 1_000;
const SCREEN_MS = 400;
const LAST_WORDS = 'the last words';

/** How long it takes until something can be seen or used, of what is built: the server, the full screen, the page. */
export async function measureColdStart({ quick, tell }: Occasion): Promise<Figure[]> {
  buildGochat();
  const runs = quick ? 3 : 10;
  return [await startServers(runs), await startScreens(runs), ...(await measurePage({ tell }))];
}

/** One start of a program, until it was ready. */
interface Start {
  readonly ms: number;
  /** Undefined where the system doesn't report it. */
  readonly cpuSeconds: number | undefined;
}

function startsOf(name: string, starts: readonly Start[], target: number): Figure {
  const measured = starts.map(({ cpuSeconds }) => cpuSeconds).filter((seconds) => seconds !== undefined);
  const cpu = measured.length > 0 && { cpuSeconds: measured.reduce((sum, seconds) => sum + seconds, 0) };
  return figureOf(
    name,
    'ms',
    starts.map(({ ms }) => ms),
    { better: 'less', target, ...cpu },
  );
}

async function startServers(runs: number): Promise<Figure> {
  const home = await temporary();
  try {
    const starts: Start[] = [];
    for (let run = 0; run < runs; run++)
      starts.push(await startOneServer(home.path, join(home.path, `${run}`)));
    return startsOf('gochat serve, from spawn to an answer', starts, SERVER_MS);
  } finally {
    await home.remove();
  }
}

async function startOneServer(cwd: string, data: string): Promise<Start> {
  const begun = performance.now();
  const server = new GochatProcess(['serve', '--data', data, '--host', '127.0.0.1', '--port', '0'], { cwd });
  try {
    await server.shows('GoChat listens at');
    const port = /\(127\.0\.0\.1:(\d+)\)/.exec(server.all)?.[1];
    await answers(Number(port));
    const { pid } = server.child;
    return {
      ms: performance.now() - begun,
      cpuSeconds: pid === undefined ? undefined : cpuSecondsOf(pid),
    };
  } finally {
    await server.stop('SIGTERM');
  }
}

/** Waits for the first byte of an answer. */
async function answers(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  await once(socket, 'data');
  socket.destroy();
}

async function startScreens(runs: number): Promise<Figure> {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  try {
    const dir = join(home.path, 'ana');
    const ana = await Someone.open('ana', dir);
    const { room } = await ana.hosts(server.url);
    await ana.delivered(room, [await ana.says(room, LAST_WORDS)]);
    await ana.close();
    const starts: Start[] = [];
    for (let run = 0; run < runs; run++) starts.push(await startOneScreen(home.path, dir, room));
    return startsOf('gochat on a full screen, from spawn to its first paint', starts, SCREEN_MS);
  } finally {
    await server.stop();
    await home.remove();
  }
}

/** Waits until the screen shows the room's last message. Earlier output only prepares the terminal. */
async function startOneScreen(cwd: string, dir: string, room: string): Promise<Start> {
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, TERM: 'xterm-256color' };
  const begun = performance.now();
  const pty = spawn(process.execPath, [GOCHAT, '--profile', dir, room], { cols: 80, rows: 24, cwd, env });
  let written = '';
  const ended = new Promise<void>((resolve) => pty.onExit(() => resolve()));
  const start = await new Promise<Start>((resolve, reject) => {
    pty.onData((data) => {
      written += data;
      if (written.includes(LAST_WORDS))
        resolve({ ms: performance.now() - begun, cpuSeconds: cpuSecondsOf(pty.pid) });
    });
    void ended.then(() => reject(new Error(`ended before it had drawn anything: ${written}`)));
  });
  pty.kill('SIGTERM');
  await ended;
  return start;
}
