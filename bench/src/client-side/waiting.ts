import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newMessageId } from '@gochat/client/message-id';
import { Someone, startServer, temporary } from '@gochat/e2e/people';
import { awayFrom, comeBack, type Stage } from './catch-up.ts';
import { type Cost, costOf } from './cost.ts';
import { median } from './figures.ts';
import type { WaitRow } from './wait-row.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
const MISSED = 10_000;
const LINES = 5_000;
/** What the queue of a profile takes at once. */
const TOGETHER = 250;
const STARTS = 10;

/** Measures catching up, sending in bulk, and starting a command. @param tell takes a line about the progress */
export async function measureWaiting(tell: (line: string) => void): Promise<WaitRow[]> {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const stage = { home: home.path, server: server.url, runs: 3, tell };
  try {
    return [await catchUp(stage), await sendLines(stage), ...(await starts(stage))];
  } finally {
    await server.stop();
    await home.remove();
  }
}

async function catchUp(stage: Stage): Promise<WaitRow> {
  const { ana, room, dir } = await awayFrom(stage, 'missed');
  stage.tell(`${MISSED} messages are sent`);
  for (let sent = 0; sent < MISSED; sent += TOGETHER) {
    const ids = Array.from({ length: TOGETHER }, newMessageId);
    const messages = ids.map((id, i) => ({
      id,
      content: { kind: 'text', text: `the kettle is on, for the time ${sent + i}` } as const,
    }));
    await ana.profile.call('queueAll', { room, messages });
    await ana.delivered(room, ids);
  }
  const all = await comeBack(stage, dir, room);
  await ana.close();
  if (all.some(({ texts }) => texts !== MISSED)) throw new Error('a message was not read');
  const perSecond = all.map(({ ms }) => (MISSED * 1000) / ms);
  const cpuMs = all.map(({ cpuSeconds }) => (cpuSeconds * 1000) / MISSED);
  return row(`catch-up-${MISSED}`, { perSecond: median(perSecond), cpuMsEach: median(cpuMs) });
}

async function sendLines({ home, server }: Stage): Promise<WaitRow> {
  const dir = join(home, 'lines');
  const ana = await Someone.open('ana', dir);
  const { room } = await ana.hosts(server);
  await ana.close();
  const file = join(home, 'lines.txt');
  await writeFile(file, Array.from({ length: LINES }, (_, i) => `line ${i} of a log\n`).join(''));
  const run = await timed(['send', room, '--lines', '--wait', '5m', '--profile', dir], home, file);
  const reader = await Someone.open('ana', dir);
  const queued = (await reader.profile.call('rooms', {}))[0]?.queued;
  await reader.close();
  if (queued !== 0) throw new Error(`${queued} lines were not sent`);
  return row(`send-lines-${LINES}`, {
    perSecond: (LINES * 1000) / run.ms,
    cpuMsEach: (run.cpuSeconds * 1000) / LINES,
  });
}

/** `gochat rooms` alone, and while another process owns the profile. */
async function starts({ home, server }: Stage): Promise<WaitRow[]> {
  const dir = join(home, 'starts');
  const ana = await Someone.open('ana', dir);
  await ana.hosts(server);
  const guest = await alternately(['rooms', '--profile', dir], home);
  await ana.close();
  const alone = await alternately(['rooms', '--profile', dir], home);
  return [row('start-rooms', alone), row('start-rooms-guest', guest)];
}

async function alternately(args: readonly string[], cwd: string) {
  const [ms, nodeMs]: [number[], number[]] = [[], []];
  for (let run = 0; run < STARTS; run += 1) {
    ms.push((await timed(args, cwd)).ms);
    nodeMs.push((await timed(undefined, cwd)).ms);
  }
  return { ms: median(ms), nodeMs: median(nodeMs) };
}

/** Runs a command of GoChat's, or Node.js with an empty program, to its end. @param input a file for its standard input */
function timed(args: readonly string[] | undefined, cwd: string, input?: string): Promise<Cost> {
  const program = args === undefined ? ['-e', '0'] : [GOCHAT, ...args];
  return costOf([process.execPath, ...program], cwd, input);
}

function row(name: string, figures: Omit<WaitRow, 'case' | 'system'>): WaitRow {
  return { case: name, system: 'gochat', ...figures };
}
