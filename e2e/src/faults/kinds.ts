import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { Line } from '../people/line.ts';
import { ChildServer } from '../servers/child-server.ts';
import { pause } from './crowd.ts';
import type { Wire } from './proxy.ts';
import type { Stage } from './stage.ts';

type Fault = (stage: Stage) => Promise<number>;

const WIRE_MS = 700;
const STOPPED_MS = 3_000;
/** Longer than a client waits for an answer to its ping. */
const STOPPED_LONG_MS = 30_000;
const FULL_MS = 1_500;
const HOUR_MS = 3_600_000;
const POLL_MS = 20;
const PROBE_MS = 3_000;
/** All lower descriptors are in use since the start, so the server gets no new one. */
const FEW_FILES = 8;

/** Faults that take half a minute, for long runs only. */
export const LONG_FAULTS = {
  'pause-server-30s': (stage) => stopped(() => stage.server.pid, STOPPED_LONG_MS),
  'pause-client-30s': (stage) => stopped(() => anyMember(stage).pid, STOPPED_LONG_MS),
} as const satisfies Readonly<Record<string, Fault>>;

export const FAULTS = {
  'kill-server': async (stage) => {
    const died = await stage.server.kill();
    await stage.restartServer();
    return Number(died);
  },
  'kill-client': async (stage) => {
    const member = anyMember(stage);
    const died = await member.kill();
    await stage.crowd.comesBack(member);
    return Number(died);
  },
  'pause-server': (stage) => stopped(() => stage.server.pid, STOPPED_MS),
  'pause-client': (stage) => stopped(() => anyMember(stage).pid, STOPPED_MS),
  cut: wire('cut'),
  delay: wire('delay'),
  split: wire('split'),
  drop: wire('drop'),
  repeat: wire('repeat'),
  'clock-forward': (stage) => jump(stage, HOUR_MS),
  'clock-back': (stage) => jump(stage, -HOUR_MS),
  'out-of-descriptors': withoutDescriptors,
  'full-disk': fullDisk,
  'read-only-data': readOnly,
  'truncated-tail': truncated,
} as const satisfies Readonly<Record<string, Fault>>;

/** The kinds that need a separate disk. */
export const DISK_FAULTS: ReadonlySet<string> = new Set(['full-disk', 'read-only-data']);

function anyMember({ crowd: { members }, random }: Stage) {
  const member = members[Math.floor(random() * members.length)];
  if (member === undefined) throw new Error('nobody is there');
  return member;
}

function wire(kind: Wire): Fault {
  return (stage) => stage.proxy.treat(kind, WIRE_MS);
}

/** Stops a process with SIGSTOP. @returns how often the system reported the process as stopped */
export async function stopped(pidOf: () => number | undefined, ms: number): Promise<number> {
  const pid = pidOf();
  if (pid === undefined) return 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await pause(ms);
    return Number(stateOf(pid) === 'T');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

function stateOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return 'T';
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
}

async function jump({ server }: Stage, byMs: number): Promise<number> {
  const now = await server.shiftClock(byMs);
  await pause(WIRE_MS);
  await server.shiftClock(0);
  return Number(Math.abs(now - Date.now() - byMs) < HOUR_MS / 2);
}

/** The server gets no more descriptors: it refuses new connections and keeps the existing ones. */
async function withoutDescriptors({ server }: Stage): Promise<number> {
  const before = limitOf(server.pid);
  if (before === undefined) return 0;
  if (!setLimit(server.pid, FEW_FILES)) return 0;
  try {
    return Number(!(await isWelcomed(server.port)));
  } finally {
    setLimit(server.pid, before);
  }
}

function limitOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
  return soft === undefined ? undefined : Number(soft);
}

function setLimit(pid: number, files: number): boolean {
  const { status } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${files}:`], { stdio: 'ignore' });
  return status === 0;
}

async function isWelcomed(port: number): Promise<boolean> {
  const opened = Line.open(port).then(
    ({ line }) => {
      line.close();
      return true;
    },
    () => false,
  );
  return Promise.race([opened, pause(PROBE_MS).then(() => false)]);
}

/** Fills the disk. @returns 1 if a request was refused as unavailable */
async function fullDisk({ disk, crowd: { racers } }: Stage): Promise<number> {
  if (disk === undefined) return 0;
  const refused = () => racers.refusals.get('unavailable') ?? 0;
  const before = refused();
  try {
    if (!disk.fill()) return 0;
    for (const end = Date.now() + FULL_MS; Date.now() < end && refused() === before; ) await pause(POLL_MS);
  } finally {
    disk.empty();
  }
  return Number(refused() > before);
}

/** Starts the server on a read-only folder: it must report that and exit. */
async function readOnly(stage: Stage): Promise<number> {
  if (stage.disk === undefined) return 0;
  await stage.server.kill();
  let refused = false;
  try {
    if (stage.disk.setReadOnly(true)) refused = await refusesToStart(stage, /can't write/);
  } finally {
    stage.disk.setReadOnly(false);
  }
  await stage.restartServer();
  return Number(refused);
}

/** Truncates the database: the server must report that and exit, until the file is restored. */
async function truncated(stage: Stage): Promise<number> {
  await stage.server.kill();
  const file = largestFile(stage.data);
  const kept = `${file}.kept`;
  copyFileSync(file, kept);
  const { size } = statSync(file);
  truncateSync(file, Math.floor(size * (0.3 + 0.69 * stage.random())));
  const refused = await refusesToStart(stage, /is damaged/);
  rmSync(file);
  renameSync(kept, file);
  await stage.restartServer();
  return Number(refused);
}

function largestFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const [largest] = files.sort((a, b) => statSync(b).size - statSync(a).size);
  if (largest === undefined) throw new Error(`${folder} is empty`);
  return largest;
}

async function refusesToStart({ data, server }: Stage, reason: RegExp): Promise<boolean> {
  try {
    const started = await ChildServer.start(data, server.port);
    await started.kill();
  } catch (error) {
    return error instanceof Error && reason.test(error.message);
  }
  throw new Error(`a server started, though its data is not fit: ${reason}`);
}
