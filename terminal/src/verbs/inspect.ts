import { type Io, print } from '../io.ts';
import { formatItem } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { waitMs } from '../wait.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '', seq]: readonly string[], options: Options): Promise<void> {
  const wait = waitMs(options.wait, 5000);
  await withProfile(io, options, async (profile) => {
    const shown = await profile.call('inspect', { room, seq, waitMs: wait });
    if (options.json === true) {
      print(io, safeJson(shown));
      return;
    }
    print(io, `position ${shown.seq}, ${shown.kind}, ${new Date(shown.at).toISOString()}`);
    print(io, `the server has ${shown.bytes} bytes:`);
    for (const line of shown.body.match(/.{1,76}/g) ?? []) print(io, `  ${line}`);
    print(io, 'they say:');
    for (const item of shown.says) print(io, `  ${formatItem(item)}`);
    if (shown.says.length === 0)
      print(
        io,
        shown.kind === 'handshake'
          ? '  (a change of keys or members)'
          : '  (nothing that this profile could read)',
      );
  });
}
