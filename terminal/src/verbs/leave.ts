import { type Io, note, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  await withProfile(io, options, async (profile) => {
    const { alone } = await profile.call('leave', { room, waitMs: wait });
    if (options.json === true) print(io, safeJson({ room, left: true }));
    note(
      io,
      alone ? 'you have left; nobody else was in' : 'you have left; an admin takes your keys out of the room',
    );
  });
}
