import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool, type Machine, type Tool } from '@gochat/e2e/tool';
import { inNewHome } from '../home.ts';
import { MOSQUITTO, type Peer, REDIS } from '../peers.ts';
import { type Cost, costOf } from './cost.ts';
import { median } from './figures.ts';
import type { WaitRow } from './wait-row.ts';

const MISSED = 10_000;
const RUNS = 3;
/** About as long as the entry of a short message. */
const TEXT = 'x'.repeat(400);

interface Reader {
  readonly peer: Peer;
  /** Its clients: the first reads. */
  readonly clients: readonly { readonly command: string; readonly packages: readonly string[] }[];
  /** A program that keeps messages for the reader, and its input. */
  fill(port: number): readonly { readonly command: readonly string[]; readonly input?: string }[];
  read(port: number): readonly string[];
}

const mqtt = (port: number, ...args: readonly string[]) => [
  '-p',
  String(port),
  '-q',
  '1',
  '-t',
  'room',
  ...args,
];
const AWAY = ['-c', '-i', 'ben'];

const READERS: readonly Reader[] = [
  {
    peer: REDIS,
    clients: [{ command: 'redis-cli', packages: ['redis-tools'] }],
    fill: (port) => [
      { command: ['redis-cli', '-p', String(port), 'DEL', 'room'] },
      {
        command: ['redis-cli', '-p', String(port), '--pipe'],
        input: `RPUSH room ${TEXT}\r\n`.repeat(MISSED),
      },
    ],
    read: (port) => ['redis-cli', '-p', String(port), 'LRANGE', 'room', '0', '-1'],
  },
  {
    peer: MOSQUITTO,
    clients: [
      { command: 'mosquitto_sub', packages: ['mosquitto-clients'] },
      { command: 'mosquitto_pub', packages: ['mosquitto-clients'] },
    ],
    fill: (port) => [
      { command: ['mosquitto_sub', ...mqtt(port, ...AWAY, '-E')] },
      { command: ['mosquitto_pub', ...mqtt(port, '-l')], input: `${TEXT}\n`.repeat(MISSED) },
    ],
    read: (port) => ['mosquitto_sub', ...mqtt(port, ...AWAY, '-C', String(MISSED))],
  },
];

/**
 * What it costs others' clients to read as many missed messages. They decrypt nothing, verify nothing and store nothing.
 * @param tell takes a line: also what is absent. @param machine what may be installed; all that it allows when undefined
 */
export async function measurePeersCatchUp(
  tell: (line: string) => void,
  machine: Machine | undefined,
): Promise<WaitRow[]> {
  const rows: WaitRow[] = [];
  for (const reader of READERS) {
    const { peer, clients } = reader;
    const needs = [...(peer.needs ? [peer.needs] : []), ...clients];
    const tools: Tool[] = [];
    for (const { command, packages } of needs) tools.push(await findTool(command, packages, machine));
    const missing = tools.flatMap((tool) => ('missing' in tool ? [tool.missing] : []));
    if (missing.length > 0) tell(`absent: ${peer.name}: ${missing.join(', ')}`);
    else rows.push(await inNewHome((home) => catchUp(reader, home)));
  }
  return rows;
}

async function catchUp({ peer, fill, read }: Reader, home: string): Promise<WaitRow> {
  const running = await peer.start(home);
  try {
    const all: Cost[] = [];
    for (let run = 0; run < RUNS; run++) {
      for (const { command, input } of fill(running.port)) {
        const file = join(home, 'input');
        await writeFile(file, input ?? '');
        await costOf(command, home, file);
      }
      all.push(await costOf(read(running.port), home));
    }
    return {
      case: `catch-up-${MISSED}`,
      system: peer.name,
      perSecond: median(all.map(({ ms }) => (MISSED * 1000) / ms)),
      cpuMsEach: median(all.map(({ cpuSeconds }) => (cpuSeconds * 1000) / MISSED)),
    };
  } finally {
    await running.stop();
  }
}
