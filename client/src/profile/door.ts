import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdtemp, readdir, rmdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { OWNER_LIMITS } from './limits.ts';

/** A UNIX socket of this process, which others of the same profile connect to. */
export interface Door {
  readonly path: string;
  /** Lets nobody in any more, and leaves no trace in the file system. Who is in stays in. */
  close(): Promise<void>;
}

const DOOR_NAME = /^owner-[0-9a-f]{16}\.sock$/;
const FOLDER_PREFIX = 'gochat-';

/** Opens a door under a fresh name: in the profile's folder, or, where its path is too long for a socket, in one of its own. */
export async function openDoor(dir: string, onVisitor: (socket: Socket) => void): Promise<Door> {
  const name = `owner-${randomBytes(8).toString('hex')}.sock`;
  const path = fits(join(dir, name)) ? join(dir, name) : join(await shortFolder(name), name);
  const server = createServer(onVisitor);
  server.maxConnections = OWNER_LIMITS.visitors;
  await listening(server, path);
  await chmod(path, 0o600);
  return {
    path,
    async close() {
      // Node unlinks the path by itself, at once.
      server.close();
      await removeOwnFolder(path);
    },
  };
}

/** @returns a connection, or why there is none: `nobody` listens there, or the one who does is `busy`. */
export function knock(path: string): Promise<Socket | 'nobody' | 'busy'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EAGAIN' ? 'busy' : 'nobody'),
    );
  });
}

/** Removes the socket file of a process that is gone. */
export async function removeDoor(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!DOOR_NAME.test(basename(path)) || !found?.isSocket()) return;
  await unlink(path).catch(ignoreAbsence);
  await removeOwnFolder(path);
}

/**
 * Removes what processes left behind that died between opening their door and writing it down. Young ones stay: a door that
 * is just being opened looks as dead, for a moment.
 */
export async function sweepDoors(dir: string, nowMs: number): Promise<void> {
  for (const name of (await readdir(dir)).filter((found) => DOOR_NAME.test(found))) {
    const path = join(dir, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || found.mtimeMs > nowMs - OWNER_LIMITS.youngDoorMs) continue;
    const answer = await knock(path);
    if (answer === 'nobody') await removeDoor(path);
    else if (answer !== 'busy') answer.destroy();
  }
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= OWNER_LIMITS.socketPathBytes;
}

/** A fresh folder each time (0700 by mkdtemp), since one with a predictable name could be somebody else's trap. */
async function shortFolder(name: string): Promise<string> {
  const parent = fits(join(tmpdir(), `${FOLDER_PREFIX}XXXXXX`, name)) ? tmpdir() : '/tmp';
  return mkdtemp(join(parent, FOLDER_PREFIX));
}

async function removeOwnFolder(path: string): Promise<void> {
  const folder = dirname(path);
  if (basename(folder).startsWith(FOLDER_PREFIX)) await rmdir(folder).catch(() => undefined);
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      // A visitor who can't be let in (no descriptor left) finds out by himself.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
