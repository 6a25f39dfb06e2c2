import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdtemp, readdir, rmdir, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { OWNER_LIMITS } from './limits.ts';

/** A UNIX socket of this process, to which other processes of the same profile connect. */
export interface Door {
  readonly path: string;
  /** Accepts no more connections and removes the socket's file. Open connections stay. */
  close(): Promise<void>;
}

const DOOR_NAME = /^owner-[0-9a-f]{16}\.sock$/;
const FOLDER_PREFIX = 'gochat-';

/**
 * Opens a socket under a new name: in the profile's folder or, when that path is too long for a socket, in a temporary folder.
 */
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
      // Node unlinks the path automatically.
      server.close();
      await removeOwnFolder(path);
    },
  };
}

/** @returns a connection, or why there is none: `nobody` listens, or the listener is `busy`. */
export function knock(path: string): Promise<Socket | 'nobody' | 'busy'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EAGAIN' ? 'busy' : 'nobody'),
    );
  });
}

/** Removes the socket file of a process that has ended. */
export async function removeDoor(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!DOOR_NAME.test(basename(path)) || !found?.isSocket()) return;
  await unlink(path).catch(ignoreAbsence);
  await removeOwnFolder(path);
}

/**
 * Removes socket files of processes that died between opening the socket and recording it. Recent files stay, since a socket that
 * is being opened looks the same.
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

/** A new folder each time (mkdtemp, 0700), since another user could create one with a predictable name. */
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
      // A connection that can't be accepted (no descriptor left) ends on the other side, too.
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
