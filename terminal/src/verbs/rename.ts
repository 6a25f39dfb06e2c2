import { type Io, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(
  io: Io,
  [room = '', name = '']: readonly string[],
  options: Options,
): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  await withProfile(io, options, async (profile) => {
    await profile.call('configure', { room, name, waitMs: wait });
    if (options.json === true) print(io, safeJson({ room, name }));
  });
}
