import { safeJson } from '@gochat/view/safe-json';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { type Io, print } from '../io.ts';
import { formatItem, withoutKeys } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '', seq]: readonly string[], options: Options): Promise<void> {
  const { text } = io.words;
  const wait = waitMs(options.wait, 5000);
  await withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const shown = await profile.call('inspect', { room, seq, waitMs: wait });
    if (options.json === true) {
      print(io, safeJson({ ...shown, says: shown.says.map(withoutKeys) }));
      return;
    }
    print(io, text.lines.inspected(shown.seq, shown.kind, shown.at));
    print(io, text.lines.inspectedBytes(shown.bytes));
    for (const line of shown.body.match(/.{1,76}/g) ?? []) print(io, `  ${line}`);
    print(io, text.lines.decrypted);
    for (const item of shown.says) print(io, `  ${formatItem(text, item)}`);
    if (shown.says.length === 0)
      print(io, `  ${shown.kind === 'handshake' ? text.lines.handshake : text.lines.nothingDecrypted}`);
  });
}
