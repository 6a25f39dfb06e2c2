import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import type { Io } from './io.ts';

/** Options of the full screen. */
export interface ScreenOptions {
  readonly plain?: boolean;
  readonly ascii?: boolean;
  readonly keys?: string;
}

/** Whether to use the full screen: on a terminal that can draw, unless the user asked for lines. */
export function wantsScreen({ stdin, stdout, env }: Io, { plain }: ScreenOptions): boolean {
  const draws =
    stdin.isTTY === true && stdout.isTTY === true && (env.TERM ?? '') !== '' && env.TERM !== 'dumb';
  return draws && plain !== true;
}

/** Loads the full screen, which scripts and the line mode don't need. Called early, it loads while the profile is being opened. */
export function loadScreen(): Promise<typeof import('./screen/run.ts')> {
  return import('./screen/run.ts');
}

/** Chats on the full screen. With a link, its invite is shown first. @returns the exit code. @throws UsageError for an unknown `--keys` */
export async function openScreen(
  io: Io,
  profile: Profile,
  where: { readonly server: string; readonly room?: string | undefined; readonly link?: string | undefined },
  { ascii, keys }: ScreenOptions,
): Promise<number> {
  if (keys !== undefined && keys !== 'readline' && keys !== 'vim')
    throw new UsageError('--keys is readline or vim');
  const { runScreen } = await loadScreen();
  return runScreen(io, { profile, ...where, ascii, keys });
}

/** Sets the profile's name, unless it has one. */
export async function takeName(profile: Profile, as: string | undefined): Promise<void> {
  if (as === undefined) return;
  const { name } = await profile.call('preferences', {});
  if (name === undefined) await profile.call('prefer', { change: { name: as } });
}
