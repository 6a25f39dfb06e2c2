import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundledScript } from '@gochat/e2e/bundled-script';
import { Someone, startServer, temporary } from '@gochat/e2e/people';
import type { CaughtUp } from './catch-up-process.ts';
import { type Figure, figureOf, type Occasion } from './figures.ts';

const SCRIPT = fileURLToPath(new URL('catch-up-process.ts', import.meta.url));
const MESSAGES = 1000;
const JOINS = 100;

/** The cost for a profile to return: it reads all messages and all joins that it missed. */
export async function measureCatchUp({ quick, tell }: Occasion): Promise<Figure[]> {
  const home = await temporary();
  const server = await startServer(join(home.path, 'server'));
  const runs = quick ? 1 : 5;
  try {
    const stage = { home: home.path, server: server.url, runs, tell };
    return [...(await missedMessages(stage)), ...(await missedJoins(stage))];
  } finally {
    await server.stop();
    await home.remove();
  }
}

export interface Stage {
  /** Where profiles are kept. */
  readonly home: string;
  readonly server: string;
  readonly runs: number;
  tell(line: string): void;
}

async function missedMessages(stage: Stage): Promise<Figure[]> {
  const { ana, room, dir } = await awayFrom(stage, 'messages');
  const begun = performance.now();
  const ids: string[] = [];
  for (let i = 0; i < MESSAGES; i++) ids.push(await ana.says(room, `the kettle is on, for the time ${i}`));
  await ana.delivered(room, ids);
  const seconds = (performance.now() - begun) / 1000;
  stage.tell(`${MESSAGES} messages were sent, each of them durable, in ${seconds.toFixed(1)} s`);
  const all = await comeBack(stage, dir, room);
  await ana.close();
  if (all.some(({ texts }) => texts !== MESSAGES)) throw new Error('a message was not read');
  return figuresOf(`catching up on ${MESSAGES} messages`, all);
}

async function missedJoins(stage: Stage): Promise<Figure[]> {
  const { ana, room, link, dir } = await awayFrom(stage, 'joins');
  const begun = performance.now();
  for (let i = 0; i < JOINS; i++) {
    const guest = await Someone.open(`guest ${i}`, join(stage.home, `guest-${i}`));
    await guest.joins(link);
    await guest.close();
  }
  const seconds = (performance.now() - begun) / 1000;
  stage.tell(`${JOINS} people came, one after another, in ${seconds.toFixed(1)} s`);
  const all = await comeBack(stage, dir, room);
  await ana.close();
  if (all.some(({ members }) => members !== JOINS + 2)) throw new Error('a join was not taken in');
  return figuresOf(`catching up on ${JOINS} joins`, all);
}

/** A room, and the closed profile of one of its members. */
export async function awayFrom({ home, server }: Stage, name: string) {
  const ana = await Someone.open('ana', join(home, `ana-${name}`));
  const { room, link } = await ana.hosts(server);
  const dir = join(home, `ben-${name}`);
  const ben = await Someone.open('ben', dir);
  await ben.joins(link);
  await ben.syncs(room);
  await ben.close();
  return { ana, room, link, dir };
}

/** Each run reopens a copy of the profile, in a separate process. */
export async function comeBack({ home, runs }: Stage, dir: string, room: string): Promise<CaughtUp[]> {
  const all: CaughtUp[] = [];
  for (let run = 0; run < runs; run++) {
    const copy = join(home, 'copies', `${room}-${run}`);
    await cp(dir, copy, { recursive: true });
    const child = fork(await bundledScript(SCRIPT), [copy, room]);
    const exit = once(child, 'exit');
    const report: unknown = (await Promise.race([once(child, 'message'), exit]))[0];
    if (!isCaughtUp(report)) throw new Error('the returning profile ended without a word');
    all.push(report);
    await exit;
  }
  return all;
}

function isCaughtUp(report: unknown): report is CaughtUp {
  return typeof report === 'object' && report !== null && 'cpuSeconds' in report;
}

function figuresOf(name: string, all: readonly CaughtUp[]): Figure[] {
  const cpuSeconds = all.reduce((sum, one) => sum + one.cpuSeconds, 0);
  return [
    figureOf(
      name,
      'ms',
      all.map(({ ms }) => ms),
      { better: 'less', cpuSeconds },
    ),
  ];
}
