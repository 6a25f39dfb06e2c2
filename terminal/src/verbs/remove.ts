import { sanitizeLine } from '@gochat/view/sanitize';
import { type Io, note, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(
  io: Io,
  [room = '', member = '']: readonly string[],
  options: Options,
): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  await withProfile(io, options, async (profile) => {
    const { name } = await profile.call('remove', { room, member, waitMs: wait });
    if (options.json === true) print(io, safeJson({ room, removed: name }));
    note(io, `${sanitizeLine(name)} was removed; all invites are void: gochat invite makes new ones`);
  });
}
