import { randomBytes } from 'node:crypto';
import { ChatError } from '@gochat/client/chat-error';
import type { Profile } from '@gochat/client/open';
import { sanitizeLine } from '@gochat/view/sanitize';
import { EXIT } from '../exit.ts';
import type { Io } from '../io.ts';
import { HistoryStream } from './history-stream.ts';
import { PrintedMessages } from './printed-messages.ts';
import { Prompt } from './prompt.ts';
import { SLASH_COMMANDS, type SlashCommand } from './slash-commands.ts';
import { failureText, problemText } from './words.ts';

const LIVE_WAIT_MS = 10_000;
const LAST_WAIT_MS = 5000;
const LAST_IDS = 256;

/** Talks in a room, named by its id, until the person leaves it alone. @returns the exit code */
export async function chatInLines(io: Io, profile: Profile, room: string, given?: Prompt): Promise<number> {
  const prompt = given ?? new Prompt(io);
  const say = (line: string) => prompt.print(line);
  const printed = await PrintedMessages.of(profile, room);
  const stream = new HistoryStream(profile, room, printed.last, (item) => {
    const line = printed.add(item);
    // One's own lines stand on the screen already.
    if (!item.own || item.kind !== 'text') say(line);
  });
  let code: number = EXIT.done;
  const stop = profile.on((event) => {
    if (event.kind === 'items' && event.room === room) {
      for (const line of event.items.flatMap((item) => printed.changed(item))) say(line);
      return;
    }
    if (event.kind !== 'online' || event.room !== room || event.problem?.code !== 'not-member') return;
    code = EXIT.notMember;
    say(`* ${problemText(event.problem)}`);
    prompt.close();
  });
  const interrupted = () => prompt.close();
  process.once('SIGTERM', interrupted);
  process.once('SIGINT', interrupted);
  try {
    await profile.call('follow', { room });
    const { live, problem } = await profile.call('sync', { room, waitMs: LIVE_WAIT_MS });
    if (problem?.code === 'not-member') throw new ChatError(problem.data);
    say(live ? 'Connected!' : `* ${problemText(problem)}; what you write is queued`);
    await stream.catchUp();
    // Who leaves is no member any more, but that is what was asked for.
    return (await chatter(profile, room, prompt)) === 'quit' ? EXIT.done : code;
  } finally {
    process.off('SIGTERM', interrupted);
    process.off('SIGINT', interrupted);
    stop();
    stream.stop();
    prompt.close();
  }
}

async function chatter(profile: Profile, room: string, prompt: Prompt): Promise<'quit' | 'ended'> {
  const ids: string[] = [];
  let ended: 'quit' | 'ended' = 'ended';
  prompt.show(prompt.isTerminal ? '> ' : '');
  for (let line = await prompt.next(); line !== undefined; line = await prompt.next()) {
    const { text, pasted } = line;
    // What somebody pastes is said as it stands: a command hidden in it must not run.
    const said = pasted || !text.startsWith('//') ? text : text.slice(1);
    try {
      if (!pasted && /^\/(?!\/)/.test(text)) {
        if ((await command(text, { profile, room, prompt })) === 'quit') {
          ended = 'quit';
          break;
        }
      } else if (said.trim() !== '') {
        const id = randomBytes(16).toString('base64url');
        ids.push(id);
        if (ids.length > LAST_IDS) ids.shift();
        await profile.call('queue', { room, id, content: { kind: 'text', text: said } });
      }
    } catch (error) {
      prompt.print(`* ${failureText(error)}`);
    }
    prompt.show(prompt.isTerminal ? '> ' : '');
  }
  const { waiting } = await profile
    .call('sent', { room, ids, waitMs: LAST_WAIT_MS })
    .catch(() => ({ waiting: 0 }));
  if (waiting > 0)
    prompt.print(`* ${waiting} of your messages are queued; they go out when gochat next reaches the server`);
  return ended;
}

async function command(line: string, at: Parameters<SlashCommand['run']>[1]): Promise<'quit' | undefined> {
  const [name = '', ...rest] = line.slice(1).trim().split(/\s+/);
  const slash = SLASH_COMMANDS.find((s) => s.name === name);
  if (slash === undefined) {
    at.prompt.print(`* there is no /${sanitizeLine(name)}; /help lists what there is, // sends a slash`);
    return undefined;
  }
  return slash.run(rest.join(' '), at);
}
