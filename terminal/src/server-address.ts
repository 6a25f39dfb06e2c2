import type { Profile } from '@gochat/client/open';
import type { Io } from './io.ts';

/** The address from `--server` or `GOCHAT_SERVER`; undefined without both. */
export function givenServer(io: Io, given: string | undefined): string | undefined {
  return given ?? (io.env.GOCHAT_SERVER || undefined);
}

/** The server for a new room: the given one, or that of the profile's newest room, or the one that `npm start` runs. */
export async function serverAddress(io: Io, profile: Profile, given?: string): Promise<string> {
  const named = givenServer(io, given);
  if (named !== undefined) return named;
  const rooms = await profile.call('rooms', {});
  return rooms.findLast(({ status }) => status !== 'left')?.server ?? 'tcp://127.0.0.1:4040';
}
