import { type Io, note, print } from '../io.ts';
import { columns } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<void> {
  const wait = waitMs(options.wait, 5000);
  await withProfile(io, options, async (profile) => {
    const invites = await profile.call('invites', { room, waitMs: wait });
    if (options.json === true) {
      for (const invite of invites) print(io, safeJson(invite));
      return;
    }
    if (invites.length === 0) note(io, 'no invites: gochat invite makes one');
    const rows = invites.map((i) => [
      i.id,
      `by ${i.by}`,
      i.live ? (i.uses === undefined ? 'any number of times' : `${i.uses} times more`) : 'used up or expired',
      i.expires === undefined ? '' : `until ${new Date(i.expires).toISOString()}`,
    ]);
    for (const line of columns(rows)) print(io, line);
  });
}
