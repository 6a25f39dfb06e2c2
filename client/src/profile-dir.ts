import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

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

/** Makes the folder for its user alone. One that holds something else already keeps its permissions. */
export async function ensureProfileDir(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { mode } = await stat(dir);
  if ((mode & 0o077) === 0) return;
  const names = await readdir(dir);
  if (names.length === 0 || names.includes('data.mdb')) await chmod(dir, 0o700);
}
