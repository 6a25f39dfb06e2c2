import { sanitizeLine } from '@gochat/view/sanitize';
import { type Io, note, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly drop?: boolean;
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(
  io: Io,
  [room = '', member = '']: readonly string[],
  options: Options,
): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  const admin = options.drop !== true;
  await withProfile(io, options, async (profile) => {
    const { name } = await profile.call('setAdmin', { room, member, admin, waitMs: wait });
    if (options.json === true) print(io, safeJson({ room, member: name, admin }));
    note(io, `${sanitizeLine(name)} is ${admin ? 'an admin now' : 'no admin any more'}`);
  });
}
