import type { Profile } from '@gochat/client/open';
import { checkGiven, isLinkLike } from '@gochat/client/validate-input';
import { UsageError } from '@gochat/server/usage-error';
import { sanitizeLine } from '@gochat/view/sanitize';
import { showConnecting } from '../connecting.ts';
import { EXIT } from '../exit.ts';
import { loadScreen, openScreen, type ScreenOptions, takeName, wantsScreen } from '../full-screen.ts';
import { type Io, note, print } from '../io.ts';
import { chatInLines } from '../lines/chat-loop.ts';
import { Prompt } from '../lines/prompt.ts';
import { runWithoutRoom } from '../lines/slash-commands.ts';
import { nameFor, type ProfileOptions, profileDir, withProfile } from '../profile.ts';
import { showQr } from '../qr.ts';
import { roomId } from '../room-id.ts';
import { givenServer, serverAddress } from '../server-address.ts';

interface Options extends ProfileOptions, ScreenOptions {
  readonly as?: string;
  readonly server?: string;
}

const WAIT_MS = 30_000;

export async function run(io: Io, [wanted]: readonly string[], options: Options): Promise<number> {
  checkGiven({ server: givenServer(io, options.server), names: [options.as] });
  if (wantsScreen(io, options)) {
    // A failure is reported when the module is needed.
    loadScreen().catch(() => undefined);
    return withProfile(io, options, async (profile) => {
      await takeName(profile, options.as);
      const room = wanted === undefined ? undefined : await roomId(profile, wanted);
      const server = await serverAddress(io, profile, options.server);
      return openScreen(io, profile, { server, room }, options);
    });
  }
  note(io, io.words.text.lines.profile(profileDir(io, options)));
  return withProfile(io, options, async (profile) => {
    const prompt = new Prompt(io);
    try {
      const as = await introduce(io, profile, prompt, options.as);
      if (as === undefined) return EXIT.done;
      const server = await serverAddress(io, profile, options.server);
      const room =
        wanted === undefined ? await choose(io, profile, prompt, as, server) : await roomId(profile, wanted);
      return room === undefined ? EXIT.done : await chatInLines(io, profile, room, prompt);
    } finally {
      prompt.close();
    }
  });
}

/** The user's name; undefined when the user quit instead of answering. */
async function introduce(
  io: Io,
  profile: Profile,
  prompt: Prompt,
  as: string | undefined,
): Promise<string | undefined> {
  const { name } = await profile.call('whoami', {});
  if (as !== undefined || name !== undefined) return nameFor(profile, as);
  const given = await answerTo(io, profile, prompt, io.words.text.lines.ask.name);
  if (given === '') throw new UsageError('give a name: gochat --as NAME');
  return given;
}

/** Asks until the answer is no command; undefined when the user quit. At the end of a pipe the answer is empty. */
async function answerTo(
  io: Io,
  profile: Profile,
  prompt: Prompt,
  question: string,
): Promise<string | undefined> {
  for (;;) {
    const answer = (await prompt.ask(question))?.trim();
    if (answer === undefined) return prompt.isTerminal ? undefined : '';
    if (!answer.startsWith('/')) return answer;
    if ((await runWithoutRoom(answer, { profile, prompt, text: io.words.text })) === 'quit') return undefined;
  }
}

/** The id of the room to chat in: one of the profile's, one that a link leads to, or a new one; undefined when the user quit. */
async function choose(
  io: Io,
  opened: Profile,
  prompt: Prompt,
  as: string,
  server: string,
): Promise<string | undefined> {
  const { lines } = io.words.text;
  const profile = showConnecting(io, opened);
  const rooms = (await profile.call('rooms', {})).filter(
    (r) => r.status === 'active' || r.status === 'rolled-back',
  );
  for (const [i, room] of rooms.entries())
    note(io, `  ${i + 1}  ${lines.room(sanitizeLine(room.name), room.members, sanitizeLine(room.as))}`);
  const question = rooms.length === 0 ? lines.ask.firstRoom : lines.ask.room;
  const answer = await answerTo(io, profile, prompt, question);
  if (answer === undefined) return undefined;
  if (answer === '') {
    const [first] = rooms;
    if (rooms.length === 1 && first !== undefined) return first.id;
    throw new UsageError('no room was chosen');
  }
  const isNumber = /^\d+$/.test(answer);
  const numbered = isNumber ? rooms[Number(answer) - 1] : undefined;
  if (numbered !== undefined) return numbered.id;
  // Also throws when several rooms have the name.
  if (rooms.some((r) => r.name === answer)) return roomId(profile, answer);
  // A mistyped number, or the message of a script, must not become a room.
  if (isNumber && rooms.length > 0) throw new UsageError(lines.noRoomNumber(answer, rooms.length));
  if (!prompt.isTerminal && rooms.length > 0 && !isLinkLike(answer)) return roomId(profile, answer);
  if (isLinkLike(answer)) return (await profile.call('join', { link: answer, as, waitMs: WAIT_MS })).id;
  const token = io.env.GOCHAT_TOKEN || undefined;
  const made = await profile.call('create', {
    name: answer,
    as,
    server,
    ...(token === undefined ? {} : { token }),
    waitMs: WAIT_MS,
  });
  const { link, expires } = await profile.call('invite', {
    room: made.id,
    expiresMs: undefined,
    uses: undefined,
    waitMs: WAIT_MS,
  });
  note(io, lines.invited(expires, undefined));
  print(io, link);
  showQr(io, link);
  return made.id;
}
