import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundledScript } from '../src/bundled-script.ts';
import type { Progress } from '../src/people/file-process.ts';
import { Someone, temporary } from '../src/people/people.ts';
import { seeded } from '../src/seeded.ts';
import { ChildServer } from '../src/servers/child-server.ts';

const SCRIPT = fileURLToPath(new URL('../src/people/file-process.ts', import.meta.url));
/** How often the client and the server are each killed in each direction, and the size of the file. */
const KILLS = Number(process.env.GOCHAT_FILE_KILLS ?? 3);
const BYTES = Number(process.env.GOCHAT_FILE_MB ?? 12) * 1_000_000;
const RETIREMENTS = 3;
const random = seeded(1);

/** Something that is done once the work has come so far: 0 to 1 while it is sealed, then 1 to 2. */
interface Fault {
  readonly at: number;
  readonly kind: 'client' | 'server' | 'retire';
}

function faults(from: number, kinds: readonly Fault['kind'][]): Fault[] {
  return kinds.map((kind) => ({ at: from + random() * (2 - from), kind })).sort((a, b) => a.at - b.at);
}

/** How far a process is. */
function pointOf(progress: Exclude<Progress, { readonly stage: 'retired' }>): number {
  if (progress.stage === 'over') return Number.POSITIVE_INFINITY;
  return (progress.stage === 'seal' ? 0 : 1) + (progress.of === 0 ? 0 : progress.done / progress.of);
}

/** Runs the process until it is over, with faults on the way. @returns what it reported at the end, and how many faults of each kind there were */
async function runs(
  args: readonly string[],
  planned: readonly Fault[],
  act: (kind: 'server' | 'retire') => Promise<void>,
) {
  const left = [...planned];
  const counts = { client: 0, server: 0, retire: 0, retired: 0 };
  const begin = async () => fork(await bundledScript(SCRIPT), [...args], { execArgv: [] });
  for (;;) {
    const child: ChildProcess = await begin();
    const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    let over: string | undefined;
    let acting = Promise.resolve();
    child.on('message', (progress: Progress) => {
      if (progress.stage === 'retired') {
        counts.retired += 1;
        return;
      }
      if (progress.stage === 'over') over = progress.sha256;
      const [next] = left;
      if (next === undefined || pointOf(progress) < next.at || progress.stage === 'over') return;
      left.shift();
      counts[next.kind] += 1;
      if (next.kind === 'client') child.kill('SIGKILL');
      else {
        const { kind } = next;
        // The process doesn't see the retirement before its next request on a chunk.
        if (kind === 'retire') child.kill('SIGSTOP');
        acting = acting.then(() => act(kind)).finally(() => child.kill('SIGCONT'));
      }
    });
    const [code] = await gone;
    await acting;
    if (code === 0 && over !== undefined) return { sha256: over, counts };
    if (code !== null) throw new Error(`the process ended with ${code}`);
  }
}

test(`a file of ${BYTES / 1_000_000} MB goes up and down while client and server are killed ${KILLS} times each way`, async () => {
  const home = await temporary();
  const data = join(home.path, 'server');
  let server = await ChildServer.start(data, 0, [], '', { exemptsLoopback: true });
  const ana = await Someone.open('ana', join(home.path, 'ana'));
  const { room, link } = await ana.hosts(server.url);
  for (const name of ['ben', 'cai']) {
    const one = await Someone.open(name, join(home.path, name));
    await one.joins(link);
    await one.syncs(room);
    await one.close();
  }
  const bytes = randomBytes(BYTES);
  const path = join(home.path, 'source.bin');
  await writeFile(path, bytes);
  let removed = 0;
  const act = async (kind: 'server' | 'retire') => {
    if (kind === 'server') {
      await server.kill();
      server = await ChildServer.start(data, server.port, [], '', { exemptsLoopback: true });
      return;
    }
    // A removal retires the access keys of all.
    removed += 1;
    const dan = await Someone.open('dan', join(home.path, `dan-${removed}`));
    await dan.joins(await ana.invites(room));
    await ana.profile.call('remove', { room, member: 'dan', waitMs: 60_000 });
    await dan.close();
  };
  const kills = [...Array(KILLS).fill('client'), ...Array(KILLS).fill('server')] as Fault['kind'][];
  const retirements = Array(RETIREMENTS).fill('retire') as Fault['kind'][];
  const up = await runs(
    [join(home.path, 'ben'), room, 'send', path],
    faults(0, [...kills, ...retirements]),
    act,
  );
  const down = await runs([join(home.path, 'cai'), room, 'fetch'], faults(1, kills), act);
  process.stdout.write(
    `faults on the way up: ${JSON.stringify(up.counts)}, down: ${JSON.stringify(down.counts)}\n`,
  );
  expect(down.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  await ana.syncs(room);
  const messages = (await ana.messages(room)).filter(({ text }) => text === 'the file');
  expect(messages).toHaveLength(1);
  expect((await ana.opens(room, messages[0]?.id ?? '')).equals(bytes)).toBe(true);
  expect(await ana.warnings(room)).toEqual([]);
  expect(up.counts.client + up.counts.server).toBeGreaterThan(0);
  expect(up.counts.retired).toBeGreaterThan(0);
  await ana.close();
  await server.stop();
  await home.remove();
});
