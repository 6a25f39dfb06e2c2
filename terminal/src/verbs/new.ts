import { NEW_ROOM_HISTORY, parseHistorySetting } from '@gochat/client/history-setting';
import { parseRuleTime } from '@gochat/client/rule-time';
import { checkGiven } from '@gochat/client/validate-input';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { type Io, note, print } from '../io.ts';
import { nameFor, type ProfileOptions, withProfile } from '../profile.ts';
import { showQr } from '../qr.ts';
import { givenServer, serverAddress } from '../server-address.ts';

interface Options extends ProfileOptions {
  readonly as?: string;
  readonly server?: string;
  readonly token?: string;
  readonly history?: string;
  readonly expire?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

export async function run(io: Io, [name = '']: readonly string[], options: Options): Promise<void> {
  const wait = waitMs(options.wait, 30_000);
  const token = options.token ?? (io.env.GOCHAT_TOKEN || undefined);
  const history = options.history === undefined ? NEW_ROOM_HISTORY : parseHistorySetting(options.history);
  const expire = options.expire === undefined ? null : parseRuleTime(options.expire);
  checkGiven({ server: givenServer(io, options.server), token, names: [name, options.as] });
  await withProfile(io, options, async (opened) => {
    const profile = showConnecting(io, opened);
    const as = await nameFor(profile, options.as);
    const server = await serverAddress(io, profile, options.server);
    const room = await profile.call('create', {
      name,
      as,
      server,
      ...(token === undefined ? {} : { token }),
      history,
      ...(expire !== null && { expire }),
      waitMs: wait,
    });
    const { link, expires } = await profile.call('invite', {
      room: room.id,
      expiresMs: undefined,
      uses: undefined,
      waitMs: wait,
    });
    if (options.json === true) {
      print(io, safeJson({ room: room.id, name: room.name, link }));
      return;
    }
    const { lines } = io.words.text;
    note(io, `${lines.created(sanitizeLine(room.name))}. ${lines.invited(expires, undefined)}`);
    print(io, link);
    showQr(io, link);
  });
}
