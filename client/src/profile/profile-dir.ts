import { access, chmod, constants, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ChatError } from '../api/chat-error.ts';

/** The file of a server's rooms. */
const SERVER_STORE = 'log.mdb';

/**
 * A user's default profile: `GOCHAT_PROFILE`, or the platform's data folder.
 *
 * @param env the variables of the command
 */
export function defaultProfileDir(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.GOCHAT_PROFILE) return resolve(env.GOCHAT_PROFILE);
  const home = env.HOME || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'gochat', 'profile');
  // The XDG specification says to ignore relative paths.
  const data = env.XDG_DATA_HOME;
  return join(data && isAbsolute(data) ? data : join(home, '.local', 'share'), 'gochat', 'profile');
}

/**
 * Creates the folder with access only for its user. An existing folder with other content keeps its permissions.
 * @throws ChatError `usage` when it can't be created or used, or has the rooms of a server
 */
export async function ensureProfileDir(dir: string): Promise<void> {
  try {
    await make(resolve(dir));
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ChatError({ reason: 'profile-folder', dir }, { cause });
  }
  const names = await readdir(dir);
  // A profile's lock.mdb would overwrite the server's.
  if (names.includes(SERVER_STORE)) throw new ChatError({ reason: 'profile-of-server', dir });
  const { mode } = await stat(dir);
  if ((mode & 0o077) === 0) return;
  if (names.length === 0 || names.includes('data.mdb')) await chmod(dir, 0o700);
}

/**
 * Creates the parents, too. Node's recursive mkdir never returns where a folder can't be created in an existing one, as in
 * /proc.
 */
async function make(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return;
    const parent = dirname(dir);
    const parentIsThere = await stat(parent).then(
      () => true,
      () => false,
    );
    if (code !== 'ENOENT' || parentIsThere) throw error;
    await make(parent);
    await make(dir);
  }
}
