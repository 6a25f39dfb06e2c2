import { type Io, note, print } from '../io.ts';
import { columns } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';

export async function run(
  io: Io,
  _args: readonly string[],
  options: ProfileOptions & { readonly json?: boolean },
): Promise<void> {
  await withProfile(io, options, async (profile) => {
    const rooms = await profile.call('rooms', {});
    if (options.json === true) {
      for (const room of rooms) print(io, safeJson(room));
      return;
    }
    if (rooms.length === 0) note(io, 'no rooms yet: gochat new NAME makes one, gochat join LINK joins one');
    const rows = rooms.map((r) => [
      r.id,
      r.name,
      `as ${r.as}`,
      `${r.members} in`,
      r.queued > 0 ? `${r.queued} queued` : r.status,
      r.confirmed || r.members === 1 ? '' : '(unconfirmed)',
    ]);
    for (const line of columns(rows)) print(io, line);
  });
}
