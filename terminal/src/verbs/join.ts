import { ChatError } from '@gochat/client/chat-error';
import { linkLines } from '@gochat/client/link-lines';
import type { Params } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { checkGiven } from '@gochat/client/validate-input';
import { safeJson } from '@gochat/view/safe-json';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { waitMs } from '../duration.ts';
import { EXIT, type ExitCode, exitCodeOf } from '../exit.ts';
import { openScreen, type ScreenOptions, wantsScreen } from '../full-screen.ts';
import { type Io, note, print } from '../io.ts';
import { chatInLines } from '../lines/chat-loop.ts';
import { failureText } from '../lines/error-text.ts';
import { nameFor, type ProfileOptions, withProfile } from '../profile.ts';
import { serverAddress } from '../server-address.ts';
import { readText } from '../utf8-input.ts';

interface Options extends ProfileOptions, ScreenOptions {
  readonly as?: string;
  readonly chat: boolean;
  readonly words?: string;
  readonly json?: boolean;
  readonly wait?: string;
}

/** @param given a link, which may be surrounded by other text, or `-` to read links from standard input. */
export async function run(io: Io, [given = '']: readonly string[], options: Options): Promise<number> {
  const wait = waitMs(options.wait, 30_000);
  checkGiven({ names: [options.as] });
  if (given === '-') return joinFromInput(io, options, wait);
  checkGiven({ link: given });
  const chats = options.chat && options.json !== true;
  const onScreen = chats && wantsScreen(io, options);
  return withProfile(io, options, async (profile) => {
    if (onScreen && options.as === undefined && (await profile.call('whoami', {})).name === undefined)
      return openScreen(io, profile, { server: await serverAddress(io, profile), link: given }, options);
    const as = await nameFor(profile, options.as);
    const words = options.words === undefined ? {} : { words: options.words };
    const room = await join(io, profile, { link: given, as, ...words, waitMs: wait }, options);
    if (!chats) return EXIT.done;
    if (onScreen) return openScreen(io, profile, { server: await serverAddress(io, profile), room }, options);
    return chatInLines(io, profile, room);
  });
}

/** Joins by every link on standard input, which is at its end then, so no chat follows. @returns the exit code of the first link that failed */
async function joinFromInput(io: Io, options: Options, wait: number): Promise<number> {
  const { lines } = io.words.text;
  if (io.stdin.isTTY === true) note(io, lines.pasteLinks);
  const text = await readText(io.stdin);
  const found = linkLines(text);
  const damaged = found.filter(({ error }) => error !== undefined);
  for (const { line, error } of damaged) fail(io, line, error);
  // No link is used while another one has to be corrected.
  if (damaged.length > 0) return EXIT.usage;
  // The error says what is wrong with a text without a link.
  if (found.length === 0) checkGiven({ link: text });
  return withProfile(io, options, async (profile) => {
    const as = await nameFor(profile, options.as);
    let code: ExitCode = EXIT.done;
    for (const { line, link = '' } of found) {
      try {
        await join(io, profile, { link, as, waitMs: wait }, options);
      } catch (error) {
        if (!(error instanceof ChatError)) throw error;
        fail(io, line, error);
        if (code === EXIT.done) code = exitCodeOf(error);
      }
    }
    return code;
  });
}

function fail(io: Io, line: number, error: unknown): void {
  const { text } = io.words;
  note(io, `gochat: ${text.lines.inputLine(line, failureText(text, error))}`);
}

/** Joins by one link, and says so. @returns the room's id */
async function join(io: Io, profile: Profile, params: Params<'join'>, { json }: Options): Promise<string> {
  const { lines } = io.words.text;
  const { already, stayed, ...room } = await showConnecting(io, profile).call('join', params);
  if (json === true) print(io, safeJson({ room: room.id, name: room.name, as: room.as, already, stayed }));
  const [as, name] = [sanitizeLine(room.as), sanitizeLine(room.name)];
  note(io, (stayed ? lines.stayed : already ? lines.alreadyJoined : lines.joined)(as, name));
  if (!room.confirmed && !already) note(io, lines.joinUnconfirmed);
  if (room.unsent > 0) note(io, `gochat: ${lines.unsent(room.unsent, 'gochat resend')}`);
  return room.id;
}
