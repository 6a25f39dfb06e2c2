import { UsageError } from '@gochat/server/usage-error';
import { safeJson } from '@gochat/view/safe-json';
import { showConnecting } from '../connecting.ts';
import { parseDuration, waitMs } from '../duration.ts';
import { type Io, note, print } from '../io.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { showQr } from '../qr.ts';
import { roomRef } from '../room-id.ts';

interface Options extends ProfileOptions {
  readonly expires?: string;
  readonly uses?: string;
  readonly approve?: boolean;
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [room = '']: readonly string[], options: Options): Promise<void> {
  const expiresMs = options.expires === undefined ? undefined : parseDuration(options.expires);
  if (expiresMs === 0)
    throw new UsageError('--expires takes a duration above 0: use gochat revoke to revoke an invite');
  const uses = readUses(options.uses);
  const approve = options.approve === true;
  if (approve && uses !== undefined)
    throw new UsageError('--uses has no effect with --approve: whoever asks to join uses nothing up');
  const wait = waitMs(options.wait, 30_000);
  await withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const { link, id, expires } = await profile.call('invite', {
      room,
      expiresMs,
      uses,
      ...(approve && { approve }),
      waitMs: wait,
    });
    if (options.json === true) {
      print(io, safeJson({ ...(await roomRef(profile, room)), id, link }));
      return;
    }
    const { invited, invitedToAsk } = io.words.text.lines;
    note(io, approve ? invitedToAsk(expires) : invited(expires, uses));
    print(io, link);
    showQr(io, link);
  });
}

function readUses(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const uses = Number(text);
  if (!/^\d+$/.test(text) || uses < 1 || uses > 10_000)
    throw new UsageError('--uses takes a whole number from 1 to 10000');
  return uses;
}
