import { access, chmod, constants, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ChatError } from '../api/chat-error.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/** Where this user's profile is, unless told otherwise: `GOCHAT_PROFILE`, else in the platform's folder for data. */
export function defaultProfileDir(
  { env, platform, home }: Surroundings = { env: process.env, platform: process.platform, home: homedir() },
): string {
  if (env.GOCHAT_PROFILE) return resolve(env.GOCHAT_PROFILE);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'gochat', 'profile');
  // The XDG specification has relative paths ignored.
  const data = env.XDG_DATA_HOME;
  return join(data && isAbsolute(data) ? data : join(home, '.local', 'share'), 'gochat', 'profile');
}

/**
 * Makes the folder for its user alone. One that holds something else already keeps its permissions.
 * @throws ChatError `usage` when it can't be made or used
 */
export async function ensureProfileDir(dir: string): Promise<void> {
  try {
    await make(resolve(dir));
    await access(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new ChatError({ reason: 'profile-folder', dir }, { cause });
  }
  const { mode } = await stat(dir);
  if ((mode & 0o077) === 0) return;
  const names = await readdir(dir);
  if (names.length === 0 || names.includes('data.mdb')) await chmod(dir, 0o700);
}

/** With its parents. Node's own way to do so never returns where a folder can't be made in one that is there, as in /proc. */
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
