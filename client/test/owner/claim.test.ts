import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WAIT_MS } from '@gochat/e2e/internal/waits';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type ClaimOptions, claimProfile } from '../../src/profile/claim.ts';
import { OwnerGone, OwnerIncompatible } from '../../src/profile/guest.ts';
import { OWNER_LIMITS } from '../../src/profile/limits.ts';
import { OWNER_PROTOCOL } from '../../src/profile/messages.ts';
import { fence, isHolder, newestOwner, succeedOwner } from '../../src/profile/owner-record.ts';
import { Fenced, type Owner, OwnerBusy } from '../../src/profile/roles.ts';
import { openEnvironment } from '../../src/store/environment.ts';
import { ProfileTooNew } from '../../src/store/profile-too-new.ts';
import { migrate } from '../../src/store/schema.ts';
import { temporaryFolder } from '../folder.ts';
import { Claimant, type Report } from './claimant.ts';

let one: Claimant;
let two: Claimant;
beforeAll(async () => {
  [one, two] = await Promise.all([Claimant.start(), Claimant.start()]);
});
afterAll(async () => {
  await Promise.all([one.kill(), two.kill()]);
});

/** A fresh claimant in the place of one that a test kills. */
async function victim(): Promise<Claimant> {
  const claimant = await Claimant.start();
  onTestFinished(() => claimant.kill());
  return claimant;
}

async function claimOwner(dir: string, options?: ClaimOptions): Promise<Owner> {
  const claimed = await claimProfile(dir, options);
  if (claimed.role !== 'owner') throw new Error('somebody else holds the profile');
  onTestFinished(() => claimed.release());
  return claimed;
}

async function claimGuest(dir: string) {
  const claimed = await claimProfile(dir);
  if (claimed.role !== 'guest') throw new Error('nobody holds the profile');
  onTestFinished(() => claimed.close());
  return claimed;
}

const doors = (dir: string) => readdirSync(dir).filter((name) => name.endsWith('.sock'));
const key = Uint8Array.of(1);
const DEAD = { token: 'dead', pid: 1, socket: '' };

function recordOwner(dir: string, record: typeof DEAD): void {
  expect(succeedOwner(dir, newestOwner(dir).number, record)).toBeDefined();
}

test('of two processes that claim a profile at once, one owns it and answers the other', async () => {
  for (let round = 0; round < 50; round += 1) {
    const dir = temporaryFolder();
    if (round % 2 === 1) recordOwner(dir, { ...DEAD, socket: join(dir, 'owner-0123456789abcdef.sock') });
    const at = Date.now() + 15;
    const reports = await Promise.all([one, two].map((claimant) => claimant.order({ do: 'claim', dir, at })));
    const owner = reports.find(({ role }) => role === 'owner');
    expect(reports.map(({ role, error }) => error ?? role).sort(), `round ${round}`).toEqual([
      'guest',
      'owner',
    ]);
    expect(reports.map(({ answer }) => answer)).toEqual([owner?.answer, owner?.answer]);
    await Promise.all([one.order({ do: 'give-up' }), two.order({ do: 'give-up' })]);
    expect(doors(dir)).toEqual([]);
  }
});

test('a process that finds an owner leaves the database alone, which the owner may be writing', async () => {
  const dir = temporaryFolder();
  const owner = await claimOwner(dir);
  owner.serve(async () => 'here');
  // A process that opened the database would create it again.
  renameSync(join(dir, 'data.mdb'), join(dir, 'away'));
  expect(await one.order({ do: 'claim', dir })).toEqual({ role: 'guest', answer: 'here' });
  await one.order({ do: 'give-up' });
  expect(existsSync(join(dir, 'data.mdb'))).toBe(false);
  await owner.store.write([{ key, value: key }]);
});

test('of the processes that succeed an owner one is recorded, and the last two records stay', async () => {
  const dir = temporaryFolder();
  for (let former = 0; former < 5; former += 1) {
    const numbers = [1, 2, 3].map((pid) => succeedOwner(dir, former, { ...DEAD, pid }));
    expect(numbers).toEqual([former + 1, undefined, undefined]);
  }
  expect(readdirSync(dir).sort()).toEqual(['owner.4', 'owner.5']);
  expect(newestOwner(dir)).toEqual({ number: 5, record: { ...DEAD, pid: 1, socket: dir } });
  // A process that was stopped for long takes no number of the past.
  for (const former of [0, 1, 3, 4]) expect(succeedOwner(dir, former, DEAD)).toBeUndefined();
  expect(readdirSync(dir).sort()).toEqual(['owner.4', 'owner.5']);
});

test('a copy of a profile that is in use has an owner of its own', async () => {
  const dir = temporaryFolder();
  const copy = temporaryFolder();
  await claimOwner(dir);
  for (const name of ['data.mdb', 'owner.1']) copyFileSync(join(dir, name), join(copy, name));
  await claimOwner(copy);
});

test('an owner that was killed has one follower, and what it had written is there', async () => {
  const dir = temporaryFolder();
  const killed = await victim();
  expect(await killed.order({ do: 'claim', dir })).toMatchObject({ role: 'owner' });
  await killed.order({ do: 'write', value: 7 });
  await killed.kill();
  const [left] = doors(dir);
  expect(left).toBeDefined();
  const owner = await claimOwner(dir, { patienceMs: Number.MAX_SAFE_INTEGER });
  expect(await owner.store.get(key)).toEqual(Uint8Array.of(7));
  expect(doors(dir)).not.toContain(left);
  expect(doors(dir)).toHaveLength(1);
});

test('an owner killed during its writes leaves every write that had resolved', async () => {
  const dir = temporaryFolder();
  for (let round = 0; round < 2; round += 1) {
    const killed = await victim();
    await killed.order({ do: 'claim', dir });
    let last = -1;
    killed.process.on('message', (report: Report) => {
      last = report.wrote ?? last;
    });
    killed.process.send({ do: 'hurry' });
    while (last < 20) await killed.next();
    await killed.kill();
    const owner = await claimOwner(dir);
    const found = (await owner.store.get(Uint8Array.of(2)))?.[0];
    // One more may have been written than was reported.
    expect([last % 256, (last + 1) % 256]).toContain(found);
    await owner.release();
  }
});

test('guests of an owner that leaves see it, and one of them follows', async () => {
  const dir = temporaryFolder();
  await one.order({ do: 'claim', dir });
  const guest = await claimGuest(dir);
  const unanswered = expect(guest.call('wait', null)).rejects.toThrow(OwnerGone);
  expect(await guest.call('pid', null)).toBe(one.process.pid);
  await one.order({ do: 'give-up' });
  await guest.closed;
  await unanswered;
  await expect(guest.call('pid', null)).rejects.toThrow(OwnerGone);
  await claimOwner(dir);
});

test('guests of an owner that is killed see it, too', async () => {
  const dir = temporaryFolder();
  const killed = await victim();
  await killed.order({ do: 'claim', dir });
  const guest = await claimGuest(dir);
  await killed.kill();
  await guest.closed;
  await claimOwner(dir);
});

test('a stopped owner loses the profile, and can’t write when it continues', async () => {
  const dir = temporaryFolder();
  const stopped = await victim();
  await stopped.order({ do: 'claim', dir });
  await stopped.order({ do: 'write', value: 1 });
  stopped.process.kill('SIGSTOP');
  const owner = await claimOwner(dir, { patienceMs: 200 });
  await owner.store.write([{ key, value: Uint8Array.of(2) }]);
  stopped.process.kill('SIGCONT');
  expect(await stopped.order({ do: 'write', value: 3 })).toEqual({ error: 'Fenced' });
  expect(await stopped.order({ do: 'lost' })).toEqual({});
  expect(await owner.store.get(key)).toEqual(Uint8Array.of(2));
  await stopped.order({ do: 'give-up' });
  owner.serve(async () => 'still here');
  expect(await stopped.order({ do: 'claim', dir })).toEqual({ role: 'guest', answer: 'still here' });
});

test.each([
  ['exit', 7],
  ['throw', 1],
] as const)('an owner that exits or throws during a write does not hang: %s', async (how, code) => {
  const dir = temporaryFolder();
  const ending = await victim();
  await ending.order({ do: 'claim', dir });
  const ended = once(ending.process, 'exit', { signal: AbortSignal.timeout(WAIT_MS) });
  ending.process.send({ do: 'end-in-write', how });
  expect(await ended).toEqual([code, null]);
  const owner = await claimOwner(dir);
  await owner.store.write([{ key, value: key }]);
  expect(await owner.store.get(key)).toEqual(key);
});

test('a fenced owner learns it by a write and leaves the record of the next alone', async () => {
  const dir = temporaryFolder();
  const owner = await claimOwner(dir);
  const environment = openEnvironment(dir);
  fence(environment, DEAD.token, undefined);
  recordOwner(dir, DEAD);
  await expect(owner.store.write([{ key, value: key }])).rejects.toThrow(Fenced);
  await owner.lost;
  await owner.release();
  expect(newestOwner(dir).record).toMatchObject({ token: 'dead' });
  expect(environment.transactNow(() => isHolder(environment, DEAD.token))).toBe(true);
  await environment.close();
});

test('a released profile accepts no more writes, and has the earlier ones', async () => {
  const dir = temporaryFolder();
  const owner = await claimOwner(dir);
  const writing = owner.store.write([{ key, value: key }]);
  await Promise.all([owner.release(), owner.release()]);
  await writing;
  await expect(owner.store.write([])).rejects.toThrow('closed');
  expect(await (await claimOwner(dir)).store.get(key)).toEqual(key);
});

test('a second claim in the same process is a guest', async () => {
  const dir = temporaryFolder();
  const owner = await claimOwner(dir);
  owner.serve(async () => 'hello');
  const guest = await claimGuest(dir);
  await Promise.all([guest.call('x', null), owner.store.write([{ key, value: key }]), claimGuest(dir)]);
});

test('a profile too deep for a socket has its door elsewhere, and leaves nothing there', async () => {
  const before = shortFolders();
  const dir = join(temporaryFolder(), 'd'.repeat(120), 'p.q');
  const owner = await claimOwner(dir);
  owner.serve(async () => 'deep');
  expect(doors(dir)).toEqual([]);
  const [made] = shortFolders().filter((name) => !before.includes(name));
  expect(statSync(join(tmpdir(), made ?? '')).mode & 0o777).toBe(0o700);
  expect(await two.order({ do: 'claim', dir })).toEqual({ role: 'guest', answer: 'deep' });
  await two.order({ do: 'give-up' });
  await owner.release();
  expect(shortFolders()).not.toContain(made);
});

const shortFolders = () => readdirSync(tmpdir()).filter((name) => /^gochat-\w{6}$/.test(name));

test('only the user may enter the folder', async () => {
  const dir = join(temporaryFolder(), 'new', 'profile');
  await claimOwner(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, doors(dir)[0] ?? '')).mode & 0o777).toBe(0o600);
});

test('a folder that was open to others is closed, unless it holds something else', async () => {
  const empty = temporaryFolder();
  const busy = temporaryFolder();
  for (const dir of [empty, busy]) chmodSync(dir, 0o755);
  writeFileSync(join(busy, 'letter.txt'), '');
  for (const dir of [empty, busy]) await (await claimOwner(dir)).release();
  expect(statSync(empty).mode & 0o777).toBe(0o700);
  expect(statSync(busy).mode & 0o777).toBe(0o755);
});

/** A socket file as a process leaves it that dies. */
async function deadDoor(path: string): Promise<void> {
  const server = createServer().listen(`${path}.tmp`);
  await once(server, 'listening');
  renameSync(`${path}.tmp`, path);
  server.close();
}

test('abandoned sockets are removed, but not recent ones or other files', async () => {
  const dir = temporaryFolder();
  const [old, young, file] = ['aa', 'bb', 'cc'].map((end) => `owner-00000000000000${end}.sock`) as [
    string,
    string,
    string,
  ];
  await deadDoor(join(dir, old));
  await deadDoor(join(dir, young));
  writeFileSync(join(dir, file), '');
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of [old, file]) utimesSync(join(dir, name), hourAgo, hourAgo);
  const owner = await claimOwner(dir);
  await owner.release();
  expect(doors(dir).sort()).toEqual([young, file]);
});

test('a socket of another owner is not taken for the recorded one', async () => {
  const dir = temporaryFolder();
  const other = temporaryFolder();
  await claimOwner(other);
  recordOwner(dir, { ...DEAD, socket: join(other, doors(other)[0] ?? '') });
  await claimOwner(dir);
});

test('an owner of another version keeps the profile', async () => {
  const dir = temporaryFolder();
  const path = join(dir, 'owner-0123456789abcdef.sock');
  const stranger = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`{"type":"greeting","protocol":${OWNER_PROTOCOL + 1},"token":"dead"}\n`);
  });
  await new Promise<void>((resolve) => stranger.listen(path, resolve));
  onTestFinished(() => void stranger.close());
  recordOwner(dir, { ...DEAD, socket: path });
  await expect(claimProfile(dir)).rejects.toThrow(OwnerIncompatible);
});

test('an owner that ends while it is asked for its proxy is succeeded', async () => {
  const dir = temporaryFolder();
  const path = join(dir, 'owner-0123456789abcdef.sock');
  const ending = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`{"type":"greeting","protocol":${OWNER_PROTOCOL},"token":"dead"}\n`);
    socket.once('data', () => {
      ending.close();
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => ending.listen(path, resolve));
  onTestFinished(() => void ending.close());
  recordOwner(dir, { ...DEAD, socket: path });
  const owner = await claimOwner(dir, { route: { proxy: 'socks5://127.0.0.1:9' } });
  expect(owner.route).toMatchObject({ proxy: 'socks5://127.0.0.1:9' });
});

test('an owner that accepts no guests keeps the profile', async () => {
  const dir = temporaryFolder();
  const path = join(dir, 'owner-0123456789abcdef.sock');
  const full = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => full.listen(path, resolve));
  onTestFinished(() => void full.close());
  recordOwner(dir, { ...DEAD, socket: path });
  const greetings: number[] = [];
  let now = 0;
  const clock = {
    now: () => now,
    // Time passes between two tries only.
    after: (ms: number, then: () => void) => {
      if (ms !== OWNER_LIMITS.retryMs) greetings.push(ms);
      else {
        now += ms;
        setImmediate(then);
      }
      return () => undefined;
    },
  };
  await expect(claimProfile(dir, { patienceMs: 500, clock })).rejects.toThrow(OwnerBusy);
  expect(new Set(greetings)).toEqual(new Set([500]));
});

test('an unreadable record counts as none', async () => {
  const dir = temporaryFolder();
  for (const text of ['', '{"token":', '{"token":1}', '[]']) {
    const number = newestOwner(dir).number + 1;
    writeFileSync(join(dir, `owner.${number}`), text);
    expect(newestOwner(dir)).toEqual({ number, record: undefined });
    await (await claimOwner(dir)).release();
  }
});

test('a profile of a newer version is left alone, and free for that version', async () => {
  const dir = temporaryFolder();
  const environment = openEnvironment(dir);
  migrate(environment, undefined, [() => undefined]);
  await expect(claimProfile(dir)).rejects.toThrow(ProfileTooNew);
  expect(doors(dir)).toEqual([]);
  await environment.close();
});

test('a path that can’t be a profile says so', async () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(claimProfile(file)).rejects.toMatchObject({
    code: 'usage',
    data: { reason: 'profile-folder', dir: file },
  });
});

test('the folder of a server is refused, and stays as it is', async () => {
  const dir = temporaryFolder();
  for (const name of ['lock.mdb', 'log.mdb']) writeFileSync(join(dir, name), name);
  await expect(claimProfile(dir)).rejects.toMatchObject({
    code: 'usage',
    data: { reason: 'profile-of-server', dir },
  });
  expect(readdirSync(dir)).toEqual(['lock.mdb', 'log.mdb']);
});

test.each(['data.mdb', 'lock.mdb', 'key', 'key.new'])(
  'a link in the place of %s is refused, and what it names stays',
  async (name) => {
    const dir = temporaryFolder();
    const target = join(temporaryFolder(), 'target');
    writeFileSync(target, 'of somebody');
    symlinkSync(target, join(dir, name));
    await expect(claimProfile(dir)).rejects.toMatchObject({
      code: 'usage',
      data: { reason: 'profile-link', file: join(dir, name) },
    });
    expect(readFileSync(target, 'utf8')).toBe('of somebody');
    expect(readdirSync(dir)).toEqual([name]);
  },
);

test('a folder with files in which others may write is refused; an empty one is closed', async () => {
  const dir = temporaryFolder();
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, 'planted'), '');
  await expect(claimProfile(dir)).rejects.toMatchObject({ data: { reason: 'profile-open', dir } });
  const empty = temporaryFolder();
  chmodSync(empty, 0o777);
  const owner = await claimOwner(empty);
  expect(statSync(empty).mode & 0o777).toBe(0o700);
  await owner.release();
});

const isRoot = process.getuid?.() === 0;
const why = isRoot ? '' : ' (SKIPPED: only root can give a folder to another user)';
test.skipIf(!isRoot)(`a folder of another user is refused${why}`, async () => {
  const dir = temporaryFolder();
  chownSync(dir, 12_345, 12_345);
  await expect(claimProfile(dir)).rejects.toMatchObject({ data: { reason: 'profile-of-other', dir } });
});
