import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '@gochat/e2e/internal/faults/small-disk';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { backupFolder } from '../../src/log/lmdb/backup.ts';
import { openLmdb } from '../../src/log/lmdb/open.ts';
import { startServer } from '../../src/main.ts';
import { readServeSettings } from '../../src/operate/options.ts';
import { type Line, runAppender } from './appender-process.ts';
import { bodies, readAll } from './room.ts';

/** Under continuous integration the absence of strace is a failure, elsewhere a visible skip. */
const strace = 'strace';
const traces = () => spawnSync(strace, ['-qq', 'true']).status === 0;
const traceable = traces() || (installed(strace) && traces());
const must = process.env.CI === 'true';

/** Installs a package where that is ours to do: as root, on Debian. */
function installed(name: string): boolean {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return false;
  const install = () => spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name]).status === 0;
  return install() || (spawnSync('apt-get', ['update']).status === 0 && install());
}

interface Call {
  readonly name: string;
  readonly text: string;
  /** Lines of the trace at which it began and ended. */
  readonly began: number;
  readonly ended: number;
}

/** The system calls in a trace of `strace -f -y`, each joined of its two halves where another thread came between. */
function callsOf(trace: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Omit<Call, 'ended'>>();
  trace.split('\n').forEach((line, at) => {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    const name = /^(\w+)\(/.exec(rest)?.[1];
    if (resumed) {
      const begun = unfinished.get(thread);
      if (begun) calls.push({ ...begun, text: begun.text + resumed[2], ended: at });
    } else if (name && rest.includes('<unfinished ...>'))
      unfinished.set(thread, { name, text: rest, began: at });
    else if (name) calls.push({ name, text: rest, began: at, ended: at });
  });
  return calls;
}

/** Checks the order of system calls for one entry: data, sync, synchronous meta page, and only then its ack and delivery. */
function expectSyncedBefore(calls: readonly Call[], { body }: Line): void {
  const marker = body.slice(0, body.indexOf(' .') + 1);
  const reported = calls.find(
    ({ name, text }) => name === 'write' && text.startsWith('write(1<') && text.includes(marker),
  );
  const toLog = (text: string) => text.includes('/log.mdb>');
  const written = calls.find(
    ({ name, text }) => /^p?writev?(64)?$/.test(name) && toLog(text) && text.includes(marker),
  );
  const synced = calls.find(
    ({ name, text, began }) =>
      name === 'fdatasync' &&
      toLog(text) &&
      text.endsWith('= 0') &&
      began > (written?.ended ?? Number.POSITIVE_INFINITY),
  );
  const descriptors = calls.flatMap(({ name, text }) =>
    name === 'openat' && text.includes('/log.mdb"') && /O_D?SYNC/.test(text)
      ? (/= (\d+)</.exec(text)?.[1] ?? [])
      : [],
  );
  const meta = calls.find(
    ({ text, began }) =>
      descriptors.some((descriptor) => text.startsWith(`pwrite64(${descriptor}<`)) &&
      began > (synced?.ended ?? Number.POSITIVE_INFINITY),
  );
  if (!reported || !written || !synced || !meta) throw new Error(`not in the trace: ${body.slice(0, 20)}`);
  expect(meta.ended).toBeLessThan(reported.began);
}

describe.skipIf(!traceable && !must)(
  'the embedded engine acknowledges only what is on disk (needs strace)',
  () => {
    let folder: string;
    let trace: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'gochat-durable-'));
      trace = join(folder, 'trace');
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    test('an entry is reported only after its data and the meta page were synced', async () => {
      const traced = 'trace=openat,pwrite64,pwritev,writev,write,fdatasync';
      const under = [strace, '-f', '-qq', '-y', '-s', '100000', '-e', traced, '-o', trace];
      const acked = await runAppender([join(folder, 'data'), 5, 20], { under });
      expect(acked).toHaveLength(100);
      const calls = callsOf(readFileSync(trace, 'latin1'));
      for (const line of acked) expectSyncedBefore(calls, line);
    });

    test.each([
      ['sync', 'fdatasync'],
      // Hits meta pages too: LMDB then refuses every transaction.
      ['write', 'pwrite64'],
    ])('an append whose %s fails is refused every time, and acknowledged entries remain', async (_, call) => {
      const data = join(folder, 'data');
      const failing = `inject=${call}:error=EIO:when=30+`;
      const under = [strace, '-f', '-qq', '-e', `trace=${call}`, '-e', failing, '-o', trace];
      const lines = await runAppender([data, 1, 40], { under });
      const acked = lines.filter(({ refused }) => refused === undefined);
      expect(acked.length).toBeGreaterThan(0);
      expect(acked.length).toBeLessThan(40);
      const others = lines.slice(acked.length).map(({ refused }) => refused);
      expect(others).toEqual(Array(2 * (40 - acked.length)).fill('Unavailable'));
      const { log, close } = await openLmdb({ folder: data });
      expect(bodies(await readAll(log, acked[0]?.room ?? '')).slice(1)).toEqual(
        acked.map(({ body }) => body),
      );
      await close();
    });
  },
);

test('a backup for which a disk has no space is refused, and nothing is left of it', async (context) => {
  const home = mkdtempSync(join(tmpdir(), 'gochat-full-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const disk = await SmallDisk.mount(join(home, 'disk'));
  if (disk === undefined) return context.skip('needs root, to mount a disk');
  onTestFinished(() => disk.unmount());
  const start = async (data: string) => {
    const settings = readServeSettings({ port: '0', data }, {}, false);
    const server = await startServer(settings, 'gochat test', { write: () => true });
    onTestFinished(() => server.close());
    return server;
  };
  const [data, onDisk, file] = [join(home, 'data'), join(home, 'disk/data'), join(home, 'disk/copy')];
  const server = await start(data);
  await start(onDisk);
  expect(disk.fill()).toBe(true);
  await expect(backupFolder(onDisk, join(home, 'copy'))).rejects.toThrow(
    /a backup of a running server needs \d+ MB in its data folder, and 0 MB are free/,
  );
  const full = new RegExp(`can't write ${file}: no space left on device`, 'i');
  await expect(backupFolder(data, file)).rejects.toThrow(full);
  await server.close();
  await expect(backupFolder(data, file)).rejects.toThrow(full);
  expect(readdirSync(disk.path).sort()).toEqual(['ballast', 'data']);
  const snapshots = [data, onDisk].flatMap((folder) =>
    readdirSync(folder).filter((name) => /part/.test(name)),
  );
  expect(snapshots).toEqual([]);
});
