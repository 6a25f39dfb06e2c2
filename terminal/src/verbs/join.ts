import { checkGiven } from '@gochat/client/validate-input';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT } from '../exit.ts';
import { openScreen, type ScreenOptions, wantsScreen } from '../full-screen.ts';
import { type Io, note, print } from '../io.ts';
import { chatInLines } from '../lines/chat-loop.ts';
import { nameFor, type ProfileOptions, withProfile } from '../profile.ts';
import { safeJson } from '../safe-json.ts';
import { serverAddress } from '../server-address.ts';
import { readText } from '../utf8-input.ts';

interface Options extends ProfileOptions, ScreenOptions {
  readonly as?: string;
  readonly chat: boolean;
  readonly json?: boolean;
  readonly wait?: string;
}

/** @param given a link, or `-` to read it from standard input; either may be surrounded by other text. */
export async function run(io: Io, [given = '']: readonly string[], options: Options): Promise<number> {
  const { lines } = io.words.text;
  const link = given === '-' ? await readText(io.stdin) : given;
  // Standard input is at its end then.
  const chats = options.chat && options.json !== true && given !== '-';
  const wait = waitMs(options.wait, 30_000);
  checkGiven({ link, names: [options.as] });
  const onScreen = chats && wantsScreen(io, options);
  return withProfile(io, options, async (profile) => {
    if (onScreen && options.as === undefined && (await profile.call('whoami', {})).name === undefined)
      return openScreen(io, profile, { server: await serverAddress(io, profile), link }, options);
    const as = await nameFor(profile, options.as);
    const { already, ...room } = await showConnecting(io, profile).call('join', {
      link,
      as,
      waitMs: wait,
    });
    if (options.json === true) print(io, safeJson({ room: room.id, name: room.name, as: room.as, already }));
    note(
      io,
      already
        ? lines.alreadyJoined(sanitizeLine(room.as), sanitizeLine(room.name))
        : lines.joined(sanitizeLine(room.as), sanitizeLine(room.name)),
    );
    if (!room.confirmed && !already) {
      note(io, lines.joinUnconfirmed);
    }
    if (!chats) return EXIT.done;
    if (onScreen)
      return openScreen(io, profile, { server: await serverAddress(io, profile), room: room.id }, options);
    return chatInLines(io, profile, room.id);
  });
}
