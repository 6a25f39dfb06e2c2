import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { cpuSecondsOf } from './client-side/cpu-seconds.ts';
import type { Joining, Loaded } from './load.ts';

/**
 * What `bench/generator/load.c` does in its closed and rate phases, over TLS, which C has no library for that comes with every machine. It takes
 * the same options, asks its driver the same, and prints the same lines. It decrypts, so it is the limit sooner: what the server spends is the figure to read.
 */
const { values } = parseArgs({
  strict: false,
  options: Object.fromEntries(
    ['port', 'receivers', 'senders', 'phases', 'pids', 'bytes', 'room', 'base', 'ca', 'concurrent'].map(
      (name) => [name, { type: 'string' as const }],
    ),
  ),
});
const option = (name: string): string => String(values[name] ?? '');
const port = Number(option('port'));
const receivers = Number(option('receivers'));
const senderCount = Number(option('senders'));
const count = receivers + senderCount;
const pids = option('pids').split(',').map(Number);
const concurrent = Number(option('concurrent') || '32');
const ca = readFileSync(option('ca'));

const ENTRY = Buffer.from('{"type":"entry"');
const STAMP = '-_T_-';
const STAMP_DIGITS = 16;
const SAMPLE_EVERY = 101;
const DRAIN_MS = 2_000;

interface Connection {
  readonly index: number;
  readonly socket: TLSSocket;
  held: Buffer;
  live: boolean;
}

let delivered = 0;
let joined = 0;
let posted = 0;
/** Over all phases: a post is known by its id. */
let ids = 0;
let sampled: 'nothing' | 'all' | 'some' = 'nothing';
let latencies: number[] = [];
let onProgress: () => void = () => undefined;
const connections: Connection[] = [];

/** Processor seconds of the server. */
function serverCpu(): number {
  return pids.reduce((sum, pid) => sum + (cpuSecondsOf(pid) ?? 0), 0);
}

function take(connection: Connection, chunk: Buffer): void {
  const bytes = connection.held.length === 0 ? chunk : Buffer.concat([connection.held, chunk]);
  let at = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
    onLine(connection, bytes.subarray(at, end));
    at = end + 1;
  }
  connection.held = bytes.subarray(at);
  onProgress();
}

function onLine(connection: Connection, line: Buffer): void {
  if (line.subarray(0, ENTRY.length).equals(ENTRY)) {
    delivered += 1;
    if (sampled === 'all' || (sampled === 'some' && delivered % SAMPLE_EVERY === 0)) takeLatency(line);
    return;
  }
  const frame = JSON.parse(line.toString()) as { type: string; nonce?: string };
  if (frame.type === 'welcome')
    process.stdout.write(
      `prove ${connection.index} ${connection.index < receivers ? 0 : 1} ${frame.nonce}\n`,
    );
  else if (frame.type === 'live' && !connection.live) {
    connection.live = true;
    joined += 1;
  } else if (frame.type === 'error') throw new Error(line.toString());
}

function takeLatency(line: Buffer): void {
  const at = line.indexOf(STAMP);
  if (at < 0) return;
  const then = Number.parseInt(
    line.toString('latin1', at + STAMP.length, at + STAMP.length + STAMP_DIGITS),
    16,
  );
  latencies.push(performance.now() - then / 1_000);
}

function open(index: number): void {
  const socket = connect({ port, host: '127.0.0.1', ca });
  const connection: Connection = { index, socket, held: Buffer.alloc(0), live: false };
  connections.push(connection);
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => take(connection, chunk));
  socket.on('secureConnect', () =>
    socket.write(
      `{"type":"hello","id":"hello","version":${PROTOCOL_VERSION},"origin":"127.0.0.1:${port}"}\n`,
    ),
  );
  socket.on('close', () => {
    throw new Error(`connection ${index} has ended`);
  });
}

function post(): void {
  const sender = connections[receivers + (posted % senderCount)];
  posted += 1;
  ids += 1;
  const stamp = `${STAMP}${Math.round(performance.now() * 1_000)
    .toString(16)
    .padStart(STAMP_DIGITS, '0')}`;
  const body = stamp.padEnd(Number(option('bytes')), 'abcdefgh');
  sender?.socket.write(
    `{"type":"post","id":"${String(ids).padStart(21, '0')}A","room":"${option('room')}","base":"${option('base')}","body":"${body}"}\n`,
  );
}

const until = (fact: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    onProgress = () => {
      if (!fact()) return;
      onProgress = () => undefined;
      resolve();
    };
    onProgress();
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function openAll(): Promise<void> {
  const [begun, cpu] = [performance.now(), serverCpu()];
  for (let index = 0; index < count; index++) {
    open(index);
    await until(() => joined > index - concurrent);
  }
  await until(() => joined === count);
  const joining: Joining = {
    phase: 'join',
    connections: count,
    joined,
    seconds: (performance.now() - begun) / 1_000,
    cpuSeconds: serverCpu() - cpu,
    delivered,
  };
  process.stdout.write(`${JSON.stringify(joining)}\n`);
}

function takeReading() {
  return {
    time: performance.now(),
    delivered,
    server: serverCpu(),
    utilization: performance.eventLoopUtilization(),
  };
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

async function phase(kind: 'closed' | 'rate', amount: number, seconds: number, warm: number): Promise<void> {
  delivered = posted = 0;
  latencies = [];
  const followers = count;
  let posting = true;
  const more = () => {
    while (posting && posted < amount + Math.floor(delivered / followers)) post();
  };
  const timer = kind === 'rate' ? setInterval(() => posting && post(), 1_000 / amount) : undefined;
  if (kind === 'closed') {
    onProgress = more;
    more();
  }
  await pause(warm * 1_000);
  sampled = kind === 'rate' ? 'all' : 'some';
  const from = takeReading();
  await pause(seconds * 1_000);
  const to = takeReading();
  sampled = 'nothing';
  posting = false;
  clearInterval(timer);
  await Promise.race([until(() => delivered >= posted * followers), pause(DRAIN_MS)]);
  const spent = (to.time - from.time) / 1_000;
  const deliveries = to.delivered - from.delivered;
  const sorted = latencies.sort((a, b) => a - b);
  const loaded: Loaded = {
    phase: kind,
    amount,
    seconds: spent,
    deliveriesPerSecond: deliveries / spent,
    acknowledgedPerSecond: 0,
    cpuSecondsPerMillion: ((to.server - from.server) * 1e6) / deliveries,
    serverLoad: (to.server - from.server) / spent,
    generatorLoad: performance.eventLoopUtilization(to.utilization, from.utilization).utilization,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    lost: posted * followers - delivered,
    refused: 0,
    dead: 0,
  };
  process.stdout.write(`${JSON.stringify(loaded)}\n`);
}

createInterface(process.stdin).on('line', (line) => {
  const space = line.indexOf(' ');
  const frames = line.slice(space + 1).split('\t');
  connections[Number(line.slice(0, space))]?.socket.write(frames.map((frame) => `${frame}\n`).join(''));
});

await openAll();
for (const text of option('phases')
  .split(',')
  .filter((text) => text !== '')) {
  const [kind = '', amount = '', seconds = '', warm = ''] = text.split(':');
  if (kind !== 'closed' && kind !== 'rate') throw new Error(`no phase over TLS: ${kind}`);
  await phase(kind, Number(amount), Number(seconds), Number(warm));
}
process.exit();
