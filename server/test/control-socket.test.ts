import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test, vi } from 'vitest';
import { backupFolder, restoreFolder } from '../src/log/lmdb/backup.ts';
import { lockFolder } from '../src/log/lmdb/folder-lock.ts';
import { type LmdbEngine, openLmdb } from '../src/log/lmdb/open.ts';
import { startServer } from '../src/main.ts';
import { backupCommand } from '../src/operate/backup-command.ts';
import { ControlSocket } from '../src/operate/control-socket.ts';
import { readServeSettings } from '../src/operate/options.ts';
import { bodies, makeRoom, newId, readAll, say } from './log/room.ts';

const SNAPSHOT = 'backup-0123456789abcdef.part';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gochat-control-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function start(data: string) {
  const server = await startServer(readServeSettings({ port: '0', data }, {}, false), 'gochat test', {
    write: () => true,
  });
  onTestFinished(() => server.close());
  return server;
}

/** An engine whose control socket makes backups with `backup`, by default its own. */
async function served(data: string, backup?: (engine: LmdbEngine, file: string) => Promise<void>) {
  const engine = await openLmdb({ folder: data });
  const command = await backupCommand(data, (file) => (backup ?? (() => engine.backup(file)))(engine, file));
  const socket = await ControlSocket.open(data, new Map([['/backup', command]]));
  let closed: Promise<unknown> | undefined;
  const close = async () => {
    closed ??= Promise.all([socket.close(), engine.close()]);
    await closed;
  };
  onTestFinished(close);
  return { engine, close };
}

function ask(data: string, path: string, method = 'POST'): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath: join(data, 'control.sock'), path, method, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
}

const leftovers = (data: string) => readdirSync(data).filter((name) => /backup|control|\.part/.test(name));

test('the server itself backs up its rooms, and keeps no copy', async () => {
  const [data, other] = [await folder(), await folder()];
  const { engine } = await served(data);
  const room = newId();
  const base = await makeRoom(engine.log, room);
  await say(engine.log, room, base, 'kept');
  const file = join(other, 'copy');
  expect(await backupFolder(data, file)).toBe(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(other)).toEqual(['copy']);
  await expect.poll(() => leftovers(data)).toEqual(['control.sock']);
  await restoreFolder(file, join(other, 'restored'));
  const restored = await openLmdb({ folder: join(other, 'restored') });
  onTestFinished(() => restored.close());
  expect(bodies(await readAll(restored.log, room))).toEqual(['founded', 'kept']);
});

test('a backup into a file, or into a folder that is missing, names what is wrong', async () => {
  const data = await folder();
  await (await openLmdb({ folder: data })).close();
  const file = join(await folder(), 'copy');
  expect(await backupFolder(data, file)).toBe(0);
  for (const inside of [join(file, 'copy'), join(file, 'deeper', 'copy'), join(data, 'none', 'copy')])
    await expect(backupFolder(data, inside)).rejects.toMatchObject({
      reason: 'unusable',
      message: `can't write ${inside}: its folder does not exist`,
    });
});

test('a backup never opens the rooms of a process that does not answer', async () => {
  const data = await folder();
  const server = await start(data);
  const file = join(await folder(), 'copy');
  rmSync(join(data, 'control.sock'));
  await expect(backupFolder(data, file)).rejects.toMatchObject({
    reason: 'in use',
    message: expect.stringMatching(/is in use by process \d+, and no server answers at .*control\.sock: /),
  });
  await server.close();
  expect(await backupFolder(data, file)).toBe(0);
  expect(leftovers(data)).toEqual([]);
});

test('no server starts while the rooms of a stopped one are backed up', async () => {
  const data = await folder();
  await (await openLmdb({ folder: data })).close();
  const lock = await lockFolder(data);
  onTestFinished(() => lock.release());
  await expect(start(data)).rejects.toThrow('is in use by process');
  await expect(backupFolder(data, join(data, 'copy'))).rejects.toMatchObject({ reason: 'in use' });
});

test('a process that accepts a connection, and no request, is not waited for', async () => {
  const data = await folder();
  await (await openLmdb({ folder: data })).close();
  const lock = await lockFolder(data);
  onTestFinished(() => lock.release());
  const silent = createServer().listen(join(data, 'control.sock'));
  onTestFinished(() => void silent.close());
  const connected = once(silent, 'connection');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const refused = expect(backupFolder(data, join(data, 'copy'))).rejects.toMatchObject({ reason: 'in use' });
  await connected;
  await vi.advanceTimersByTimeAsync(10_000);
  await refused;
});

test('the socket is for its owner, replaces what a killed server left, and ends with the server', async () => {
  const data = await folder();
  const killed = createServer().listen(join(data, 'other.sock'));
  await once(killed, 'listening');
  renameSync(join(data, 'other.sock'), join(data, 'control.sock'));
  await new Promise((resolve) => killed.close(resolve));
  writeFileSync(join(data, SNAPSHOT), '');
  expect(leftovers(data)).toEqual([SNAPSHOT, 'control.sock']);
  const server = await start(data);
  expect(leftovers(data)).toEqual(['control.sock']);
  expect(lstatSync(join(data, 'control.sock')).mode & 0o777).toBe(0o600);
  expect(await backupFolder(data, join(data, 'copy'))).toBe(0);
  await server.close();
  expect(leftovers(data)).toEqual([]);
});

test('a folder whose path is too long for a socket has one all the same', async () => {
  const data = join(await folder(), 'a'.repeat(60), 'b'.repeat(60));
  const server = await start(data);
  expect(lstatSync(join(data, 'control.sock')).isSocket()).toBe(true);
  expect(await backupFolder(data, join(data, 'copy'))).toBe(0);
  await server.close();
  expect(leftovers(data)).toEqual([]);
});

test('a second backup at once is refused', async () => {
  const data = await folder();
  await served(data);
  const first = await ask(data, '/backup');
  expect(first.statusCode).toBe(200);
  await expect(backupFolder(data, join(data, 'copy'))).rejects.toThrow('another backup is being made');
  first.destroy();
  await expect.poll(() => leftovers(data)).toEqual(['control.sock']);
  expect(await backupFolder(data, join(data, 'copy'))).toBe(0);
});

test('a backup right after another is made, however long deleting the copy takes', async () => {
  const data = await folder();
  await served(data);
  const first = await ask(data, '/backup');
  const busyDisk = Array.from({ length: 4 }, () => promisify(pbkdf2)('', '', 400_000, 32, 'sha256'));
  first.destroy();
  const second = await ask(data, '/backup');
  expect(second.statusCode).toBe(200);
  second.destroy();
  await Promise.all(busyDisk);
  await expect.poll(() => leftovers(data)).toEqual(['control.sock']);
});

test('a server that stops does not wait for the one who reads a backup', async () => {
  const data = await folder();
  const { close } = await served(data);
  const reader = await ask(data, '/backup');
  await close();
  expect(reader.statusCode).toBe(200);
  expect(leftovers(data)).toEqual([]);
});

test('a server that can’t write the backup says why, and one that ends meanwhile leaves nothing', async () => {
  const data = await folder();
  const full = await served(data, async (_, file) => {
    writeFileSync(file, 'half');
    throw new Error('the disk is full');
  });
  await expect(backupFolder(data, join(data, 'copy'))).rejects.toThrow('the disk is full');
  await expect.poll(() => leftovers(data)).toEqual(['control.sock']);
  await full.close();
  let ended = () => {};
  const ending = await served(data, (_, file) => {
    writeFileSync(file, 'half');
    return new Promise((resolve) => {
      ended = resolve;
    });
  });
  const refused = expect(backupFolder(data, join(data, 'copy'))).rejects.toThrow(
    'the server ended before it had answered',
  );
  await expect.poll(() => leftovers(data)).toHaveLength(2);
  const closed = ending.close();
  await refused;
  ended();
  await closed;
  expect(leftovers(data)).toEqual([]);
});

test('requests other than its commands are refused', async () => {
  const data = await folder();
  await start(data);
  const status = async (path: string, method: string) => {
    const answer = await ask(data, path, method);
    answer.resume();
    return answer.statusCode;
  };
  expect(await status('/', 'GET')).toBe(404);
  expect(await status('/other', 'POST')).toBe(404);
  expect(await status('/backup', 'GET')).toBe(405);
});
