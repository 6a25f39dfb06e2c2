import { mkdir, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { buildGochat } from '@gochat/e2e/gochat-process';
import { findTool, type Machine } from '@gochat/e2e/tool';
import { buildPrograms, type Programs } from './build.ts';
import { GENERATOR_CORE, SERVER_CORE } from './child.ts';
import { measureBrowser } from './client-side/browser.ts';
import { measureCatchUp } from './client-side/catch-up.ts';
import { measureColdStart } from './client-side/cold-start.ts';
import { measureCrypto } from './client-side/crypto.ts';
import type { Figure, Occasion } from './client-side/figures.ts';
import { measureFiles } from './client-side/file-transfer.ts';
import { measurePeersCatchUp } from './client-side/peer-catch-up.ts';
import { type WaitRow, waitTable } from './client-side/wait-row.ts';
import { measureWaiting } from './client-side/waiting.ts';
import { type FanOut, measureFanOut } from './fan-out.ts';
import { gochat } from './gochat.ts';
import { inNewHome } from './home.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';
import { broadcaster, PEERS_TO_COMPARE, type Peer, REDIS } from './peers.ts';
import { plot } from './plot.ts';
import { bestRows, type Row } from './rows.ts';
import { measureBacklog, measureDurable, measureIdle, measureStorm } from './server-side.ts';
import type { System } from './system.ts';
import { figureTable, table } from './table.ts';

const RESULTS = new URL('../results/', import.meta.url);
const PLOT = fileURLToPath(new URL('../../docs/pictures/bench.svg', import.meta.url));
const PLOTTED = 'fanout-1000-w10';
/** Of the fan-out to a thousand, one system after the other in each; the best counts. */
const ROUNDS = 2;
const SECONDS = 3;

/** What was measured, and what could not be. */
class Report {
  readonly rows: Row[] = [];
  readonly figures: Figure[] = [];
  readonly absent: string[] = [];
  readonly failed: string[] = [];
  readonly #options: BenchOptions;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  /** Measures a system, unless `--only` leaves it out. A failure is reported, and the other systems are measured. */
  async measure(name: string, system: string, work: () => Promise<readonly Row[]>): Promise<void> {
    await this.#attempt(name, system, async () => this.rows.push(...(await work())));
  }

  /** The same for what runs on the user's own device. */
  async measureClient(name: string, work: (occasion: Occasion) => Promise<readonly Figure[]>): Promise<void> {
    await this.#attempt(name, 'client', async () =>
      this.figures.push(...(await work({ quick: false, tell }))),
    );
  }

  async #attempt(name: string, of: string, work: () => Promise<unknown>): Promise<void> {
    const { only } = this.#options;
    if (only.length > 0 && !only.some((text) => name.startsWith(text) || of.startsWith(text))) return;
    tell(`${name}: ${of}`);
    try {
      await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.failed.push(`${name} ${of}: ${why}`);
      tell(why);
    }
  }
}

/** Progress goes to standard error, the table to standard output. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** What may be installed on this machine; undefined: everything that it allows. */
function machineFor({ install }: BenchOptions): Machine | undefined {
  return install ? undefined : { isDebian: false, isRoot: false };
}

async function present(peers: readonly Peer[], options: BenchOptions, report: Report): Promise<System[]> {
  const found: System[] = [];
  for (const peer of peers) {
    const { needs } = peer;
    const tool = needs && (await findTool(needs.command, needs.packages, machineFor(options)));
    if (tool !== undefined && 'missing' in tool) report.absent.push(`${peer.name}: ${tool.missing}`);
    else found.push(peer);
  }
  return found;
}

async function measureQuick(programs: Programs, options: BenchOptions, report: Report): Promise<void> {
  const peers = await present([REDIS], options, report);
  const systems = [gochat(), gochat({ web: true }), ...peers, broadcaster(programs.broadcaster, 'batch')];
  await measureFanOuts(programs, report, systems, { receivers: 1_000, rate: true, seconds: SECONDS });
}

async function measureFanOuts(
  { load }: Programs,
  report: Report,
  systems: readonly System[],
  fanOut: FanOut,
): Promise<void> {
  for (const system of systems) {
    if ((system.most ?? fanOut.receivers) < fanOut.receivers) continue;
    await report.measure(`fanout-${fanOut.receivers}`, system.name, () =>
      measureFanOut(load, system, fanOut),
    );
  }
}

async function measureAll(programs: Programs, options: BenchOptions, report: Report): Promise<void> {
  const { load } = programs;
  const peers = await present(PEERS_TO_COMPARE, options, report);
  const own = [gochat(), gochat({ web: true })];
  const limits = [broadcaster(programs.broadcaster, 'batch'), broadcaster(programs.broadcaster, 'each')];
  const systems = [...own, ...limits, ...peers];
  for (let round = 0; round < ROUNDS; round++)
    await measureFanOuts(programs, report, systems, { receivers: 1_000, rate: true, seconds: SECONDS });
  await measureFanOuts(programs, report, [gochat({ tls: true })], {
    receivers: 1_000,
    rate: true,
    seconds: SECONDS,
  });
  await measureFanOuts(programs, report, systems, { receivers: 100, rate: false, seconds: SECONDS });
  await measureFanOuts(programs, report, systems, { receivers: 5_000, rate: false, seconds: SECONDS });
  for (const connections of [1_000, 10_000])
    for (const system of systems)
      if ((system.most ?? connections) >= connections)
        await report.measure(`idle-${connections}`, system.name, () =>
          measureIdle(load, system, connections),
        );
  for (const rooms of [1, 100, 10_000] as const)
    await report.measure(`durable-${rooms}`, 'gochat', () => measureDurable(load, rooms));
  await report.measure('storm', 'gochat', () => measureStorm(load));
  await report.measure('backlog', 'gochat', () => measureBacklog(load));
  await report.measureClient('cold start', measureColdStart);
  await report.measureClient('crypto', measureCrypto);
  await report.measureClient('catch-up', measureCatchUp);
}

/** What people wait for on their own devices. */
async function measureClients(options: BenchOptions): Promise<WaitRow[]> {
  const { only } = options;
  const groups = {
    device: measureWaiting,
    browser: measureBrowser,
    files: (line: typeof tell) => measureFiles(line, machineFor(options)),
    peers: (line: typeof tell) => measurePeersCatchUp(line, machineFor(options)),
  };
  const rows: WaitRow[] = [];
  for (const [name, measure] of Object.entries(groups))
    if (only.length === 0 || only.some((text) => name.startsWith(text))) rows.push(...(await measure(tell)));
  return rows;
}

const options = readOptions(process.argv.slice(2));
if (options === 'help') {
  process.stdout.write(USAGE);
} else if (options.client) {
  buildGochat();
  const rows = await measureClients(options);
  process.stdout.write(`\n${waitTable(rows)}\n`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ rows })}\n`);
} else {
  buildGochat();
  const report = new Report(options);
  await inNewHome(async (home) => {
    const compiler = await findTool('cc', ['gcc', 'libc6-dev'], machineFor(options));
    if ('missing' in compiler) throw new Error(`the load generator is in C: ${compiler.missing}`);
    const programs = buildPrograms(home);
    await (options.quick ? measureQuick : measureAll)(programs, options, report);
  });
  const rows = bestRows(report.rows);
  process.stdout.write(`\n${table(rows)}\n${figureTable(report.figures)}\n`);
  if (SERVER_CORE === GENERATOR_CORE) tell('one core: the generator shares it with what it measures');
  for (const line of report.absent) process.stdout.write(`absent: ${line}\n`);
  for (const line of report.failed) process.stdout.write(`failed: ${line}\n`);
  const machine = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    platform: platform(),
    arch: arch(),
    cores: availableParallelism(),
  };
  const results = { machine, rows, figures: report.figures, absent: report.absent, failed: report.failed };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results)}\n`);
  if (options.save) {
    await mkdir(RESULTS, { recursive: true });
    await writeFile(new URL('fan-out.json', RESULTS), `${JSON.stringify(results, undefined, 1)}\n`);
    await writeFile(
      PLOT,
      plot(rows, PLOTTED, 'Server CPU seconds per million deliveries, 10 messages outstanding'),
    );
  }
  // Losses of other systems are only shown in their rows.
  const ownLost = rows.some((row) => row.system.startsWith('gochat') && (row.lost ?? 0) > 0);
  process.exitCode = report.failed.length > 0 || ownLost ? 1 : 0;
}
