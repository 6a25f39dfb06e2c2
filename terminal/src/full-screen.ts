import type { Profile } from '@gochat/client/open';
import { UsageError } from '@gochat/server/usage-error';
import type { Io } from './io.ts';

/** How the full screen is wanted, if it is. */
export interface ScreenOptions {
  readonly plain?: boolean;
  readonly ascii?: boolean;
  readonly keys?: string;
}

/** Whether there is a terminal to draw on, and nobody has asked for lines instead. */
export function wantsScreen({ stdin, stdout, env }: Io, { plain }: ScreenOptions): boolean {
  const draws =
    stdin.isTTY === true && stdout.isTTY === true && (env.TERM ?? '') !== '' && env.TERM !== 'dumb';
  return draws && plain !== true;
}

/** Scripts and the line mode have no need of it; who has may begin to load it while the profile is being opened. */
export function loadScreen(): Promise<typeof import('./screen/run.ts')> {
  return import('./screen/run.ts');
}

/** Chats on the full screen, in a room or beginning with what a link leads to. @returns the exit code. @throws UsageError */
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

/** The name that was given is the profile's from now on, unless it has one. */
export async function takeName(profile: Profile, as: string | undefined): Promise<void> {
  if (as === undefined) return;
  const { name } = await profile.call('preferences', {});
  if (name === undefined) await profile.call('prefer', { change: { name: as } });
}

/** The id of the room that somebody names. @throws ChatError when there is none, or more than one */
export async function idOf(profile: Profile, wanted: string): Promise<string> {
  const rooms = await profile.call('rooms', {});
  const found = rooms.filter(({ id, name }) => id === wanted || name === wanted);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.id;
  // Whoever knows rooms says what is wrong with this one.
  await profile.call('notes', { room: wanted });
  throw new UsageError(`there is no room ${wanted}`);
}
