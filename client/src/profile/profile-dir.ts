import { access, chmod, constants, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
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
  const home = homeDir(env);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'gochat', 'profile');
  // The XDG specification says to ignore relative paths.
  const data = env.XDG_DATA_HOME;
  return join(data && isAbsolute(data) ? data : join(home, '.local', 'share'), 'gochat', 'profile');
}

/** The user's home folder: `HOME`, or what the system knows where that is empty or relative, and so would depend on the present folder. */
export function homeDir({ HOME = '' }: Readonly<Record<string, string | undefined>>): string {
  return isAbsolute(HOME) ? HOME : userInfo().homedir;
}

/** A profile's files. One that is a symbolic link was put there by somebody else, or leads out of the folder. */
const PROFILE_FILES = new Set([
  'data.mdb',
  'lock.mdb',
  'turn.mdb',
  'turn.mdb-lock',
  'owner',
  'owner.new',
  'key',
  'key.new',
]);

/**
 * Creates the folder with access only for its user. Of an existing folder, others lose their access, unless it has other content.
 * @throws ChatError `usage` when it can't be created or used, has the rooms of a server, belongs to another user, or is not empty and
 * may be written by others: they could have put anything there
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
  const { mode, uid } = await stat(dir);
  if (uid !== process.geteuid?.()) throw new ChatError({ reason: 'profile-of-other', dir });
  for (const name of names.filter((one) => PROFILE_FILES.has(one))) {
    const file = join(dir, name);
    // Another process may have removed it.
    const found = await lstat(file).catch(() => undefined);
    if (found?.isFile() === false) throw new ChatError({ reason: 'profile-link', file });
  }
  if ((mode & 0o077) === 0) return;
  if (names.length > 0 && (mode & 0o022) !== 0) throw new ChatError({ reason: 'profile-open', dir });
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
