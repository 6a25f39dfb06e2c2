import { cleanFileName } from '@gochat/client/file-name';
import type { TextItem } from '@gochat/client/history';
import { formatHistorySetting, parseHistorySetting } from '@gochat/client/history-setting';
import { newMessageId } from '@gochat/client/message-id';
import { readMessageLink } from '@gochat/client/message-link';
import type { Params } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import { answerEmoji, pollContent, readPoll, splitPoll } from '@gochat/client/polls';
import { readMessage, readThread } from '@gochat/client/read-thread';
import { isOffice } from '@gochat/client/roles';
import { UsageError } from '@gochat/server/usage-error';
import { addressee } from '@gochat/view/addressee';
import { deviceDetail, deviceName, idOf } from '@gochat/view/device-names';
import { asNamed, isHarmless, NotAsNamed } from '@gochat/view/harmless';
import { readSendArgs } from '@gochat/view/paths';
import { sanitizeLine } from '@gochat/view/sanitize';
import { saveRoom } from '@gochat/view/save-room';
import type { TerminalText } from '@gochat/view/terminal-words';
import { filesAt } from '../files/at-paths.ts';
import { filesNamed, prepareFiles } from '../files/prepare-files.ts';
import { saveFile } from '../files/save-file.ts';
import { findMessage, messageNamed, saveFiles } from '../files/save-files.ts';
import type { OpenedFiles } from '../screen/terminal/opened-files.ts';
import { comesBack } from './comes-back.ts';
import { problemText } from './error-text.ts';
import { columns, formatItem, nameOf } from './format.ts';
import { knockRows } from './knock-rows.ts';
import { linkInLines } from './link-lines.ts';
import { recoveryLines } from './recovery-lines.ts';
import { requestRows } from './request-rows.ts';
import { textContent } from './text-content.ts';
import { threadLines } from './thread-lines.ts';

const WAIT_MS = 15_000;
const DEVICES_WAIT_MS = 5000;
/** How much of the ciphertext `/inspect` prints. */
const BODY_CHARS = 120;

/** Prints above the line that is being written. */
interface LinePrinter {
  print(line: string): void;
  /** Whether a person reads it on a terminal. */
  readonly isTerminal?: boolean;
}

export interface SlashContext {
  readonly profile: Profile;
  readonly room: string;
  readonly prompt: LinePrinter;
  readonly text: TerminalText;
  /** For servers that require one for creating rooms. */
  readonly token?: string | undefined;
  /** What `/return` has shown of the room there, by room: the tag of the comparison. */
  readonly compared: Map<string, string>;
  /** The chat waits at its end until these messages are sent. */
  readonly waitFor: (ids: readonly string[]) => void;
  /** Files that other programs show. */
  readonly opened: Pick<OpenedFiles, 'open'>;
}

export type SlashName = keyof TerminalText['lines']['slash'];

/** Runs a command of the line mode. @param rest the line after the command's name */
type SlashCommand = (
  rest: string,
  context: SlashContext,
) => Promise<'quit' | 'refused' | 'elsewhere' | undefined>;

const SLASH_COMMANDS: Readonly<Record<SlashName, SlashCommand>> = {
  help: async (_rest, { prompt, text }) => {
    const commands = Object.entries(text.lines.slash);
    const rows = commands.map(([name, about]) => [`/${name} ${about.args}`.trim(), about.text]);
    return printAll(prompt, text, columns(rows));
  },
  members: async (_rest, { profile, room, prompt, text }) => {
    const members = await profile.call('members', { room });
    const rows = members.map(({ id, name, role, self }) => [id, name, text.lines.marks(role, self)]);
    return printAll(prompt, text, columns(rows));
  },
  dm: async (rest, { profile, room, prompt, text, token }) => {
    const members = await profile.call('members', { room });
    const { member, text: said } = addressee(members, rest.replace(/^@/, ''));
    // This chat stays in its room: what comes next was written for one member, and all would read it.
    if (said === '') {
      prompt.print(text.lines.needsArgument('dm', text.lines.slash.dm.args));
      return 'elsewhere';
    }
    const wanted = member?.identity ?? rest;
    const given = { room, member: wanted, text: said, ...(token !== undefined && { token }) };
    const made = await profile.call('dm', { ...given, waitMs: WAIT_MS });
    const { asked, there } = text.lines.direct;
    return printAll(prompt, text, [(made.direct?.state === 'asked' ? asked : there)(nameOf(made.name))]);
  },
  requests: async (rest, { profile, prompt, text }) => {
    const [action, id] = rest.split(/\s+/);
    const { direct } = text.lines;
    if (action === 'accept' && id !== undefined) {
      const made = await profile.call('acceptRequest', { id, waitMs: WAIT_MS });
      return printAll(prompt, text, [direct.there(nameOf(made.name))]);
    }
    if (action === 'ignore' && id !== undefined) {
      await profile.call('ignoreRequest', { id });
      return printAll(prompt, text, [direct.ignored]);
    }
    if (action !== '') return printAll(prompt, text, [direct.usage]);
    const requests = await profile.call('requests', {});
    const rows = requestRows(requests);
    return printAll(prompt, text, rows.length === 0 ? [direct.none] : columns(rows));
  },
  knocks: async (rest, { profile, room, prompt, text }) => {
    const [action, ...more] = rest.split(/\s+/);
    const knock = more.join(' ');
    const { knocks } = text.lines;
    if ((action === 'approve' || action === 'decline') && knock !== '') {
      const method = action === 'approve' ? 'approveKnock' : 'declineKnock';
      const { name } = await profile.call(method, { room, knock, waitMs: WAIT_MS });
      return printAll(prompt, text, [
        (action === 'approve' ? knocks.approved : knocks.declined)(nameOf(name)),
      ]);
    }
    if (action !== '') return printAll(prompt, text, [knocks.usage]);
    const rows = knockRows(text, await profile.call('knocks', { room }));
    return printAll(prompt, text, rows.length === 0 ? [knocks.none] : columns(rows));
  },
  invite: async (rest, { profile, room, prompt, text }) => {
    const how = rest === 'approve' ? { approve: true } : {};
    const invite = { room, expiresMs: undefined, uses: undefined, ...how, waitMs: WAIT_MS };
    const { link } = await profile.call('invite', invite);
    return printAll(prompt, text, [link]);
  },
  remove: async (rest, { profile, room, prompt, text }) => {
    const { name } = await profile.call('remove', { room, member: rest, waitMs: WAIT_MS });
    return printAll(prompt, text, [text.lines.removed(nameOf(name))]);
  },
  safety: async (rest, { profile, room, prompt, text }) => {
    const member = rest === '' ? undefined : rest;
    const { code, epoch, log, members } = await profile.call('safety', { room, member });
    return printAll(prompt, text, [
      text.lines.safetyCode(code, epoch),
      log === undefined ? text.lines.noLogCode : text.lines.logCode(log.code, log.at),
      ...members.map(({ name, id, number }) => text.lines.safetyNumber(nameOf(name), id, number)),
    ]);
  },
  inspect: async (rest, { profile, room, prompt, text }) => {
    const seq = rest === '' ? undefined : rest;
    const shown = await profile.call('inspect', { room, seq, waitMs: WAIT_MS });
    printAll(prompt, text, [
      text.lines.inspected(shown.seq, shown.kind, shown.at),
      text.lines.inspectedBytes(shown.bytes),
      `${shown.body.slice(0, BODY_CHARS)}${shown.body.length > BODY_CHARS ? '…' : ''}`,
      text.lines.decrypted,
    ]);
    // Indented: it is printed before already, or comes later.
    for (const item of shown.says) prompt.print(`  ${formatItem(text, item)}`);
    return undefined;
  },
  rooms: async (_rest, { profile, prompt, text }) => {
    const rooms = await profile.call('rooms', {});
    const { lines } = text;
    // The name comes last, so that it can't begin a line with a sentence.
    const rows = rooms.map((room) => [lines.members(room.members), lines.status(room.status), room.name]);
    return printAll(prompt, text, columns(rows));
  },
  return: async (rest, { profile, room, prompt, text, compared }) => {
    const seen = rest === 'yes' ? compared.get(room) : undefined;
    compared.delete(room);
    const end = await comesBack({ profile, room, waitMs: WAIT_MS, seen });
    const { comparison, returned } = end;
    if (comparison !== null && !returned) compared.set(room, comparison.tag);
    const differs = comparison === null || seen !== undefined ? [] : text.comparison(comparison, nameOf);
    const asks = comparison !== null && !returned;
    return printAll(prompt, text, [
      ...differs,
      asks ? text.lines.returnAsks('/return yes') : text.lines.returned(returned),
    ]);
  },
  me: async (rest, { profile, room, waitFor }) => {
    const id = newMessageId();
    const content = await textContent(profile, room, rest);
    await profile.call('queue', { room, id, content: { ...content, me: true } });
    waitFor([id]);
    return undefined;
  },
  poll: async (rest, { profile, room, prompt, text, waitFor }) => {
    const { question, answers } = splitPoll(rest);
    if (answers.length === 0) {
      prompt.print(text.lines.needsArgument('poll', text.lines.slash.poll.args));
      return 'refused';
    }
    const id = newMessageId();
    const content = pollContent(question, answers);
    await profile.call('queue', { room, id, content });
    waitFor([id]);
    return undefined;
  },
  nick: async (rest, { profile, room, prompt, text }) => {
    const { name } = await profile.call('nick', { room, name: rest, waitMs: WAIT_MS });
    return printAll(prompt, text, [text.lines.as(nameOf(name))]);
  },
  thread: async (rest, { profile, room, prompt, text }) => {
    const place = readMessageLink(rest);
    const item =
      place?.room === room
        ? await readMessage(profile, room, place)
        : rest === ''
          ? await findMessage(
              profile,
              room,
              ({ reply, deleted }) => reply !== undefined && deleted === undefined,
            )
          : await messageNamed(profile, room, rest);
    if (item === undefined) {
      prompt.print(text.lines.system(text.lines.noThread));
      return 'refused';
    }
    for (const line of threadLines(text, await readThread(profile, room, item))) prompt.print(line);
    return undefined;
  },
  vote: async (rest, { profile, room, prompt, text, waitFor }) => {
    await oncePosted(profile, room, ({ poll }) => poll !== undefined);
    const item = await findMessage(
      profile,
      room,
      ({ poll, closed }) => poll !== undefined && closed === undefined,
    );
    const asked = item && readPoll(item.text);
    if (item === undefined || asked === undefined) {
      prompt.print(text.lines.system(text.flashes.noOpenPoll));
      return 'refused';
    }
    const emoji = answerEmoji(asked, rest);
    if (emoji === undefined) {
      prompt.print(text.lines.system((await text.messageDialogs()).poll.numbers(asked.answers.length)));
      return 'refused';
    }
    const id = newMessageId();
    const content = { kind: 'react', to: { seq: item.seq, id: item.id }, emoji, on: true } as const;
    await profile.call('queue', { room, id, content, allowed: true });
    waitFor([id]);
    return undefined;
  },
  close: async (_rest, { profile, room, prompt, text, waitFor }) => {
    await oncePosted(profile, room, ({ poll }) => poll !== undefined);
    const self = (await profile.call('members', { room })).find((one) => one.self);
    const mayClose = (item: TextItem) => item.own || (self !== undefined && isOffice(self.role));
    const isOpen = ({ poll, closed }: TextItem) => poll !== undefined && closed === undefined;
    const item = await findMessage(profile, room, (one) => isOpen(one) && mayClose(one));
    if (item === undefined) {
      prompt.print(text.lines.system(text.flashes.noPollToClose));
      return 'refused';
    }
    const id = newMessageId();
    const content = { kind: 'close', of: { seq: item.seq, id: item.id } } as const;
    await profile.call('queue', { room, id, content, allowed: true });
    waitFor([id]);
    return undefined;
  },
  send: async (rest, context) => {
    const { profile, room, prompt, text, waitFor } = context;
    const given = readSendArgs(rest);
    if (given === undefined) throw new UsageError(text.files.quote);
    const files = await filesOfWays(given.paths, text);
    const note = (line: string) => prompt.print(text.lines.system(line));
    const contents = await prepareFiles({ profile, room, files, text, note });
    const id = newMessageId();
    const content = await textContent(profile, room, given.caption);
    await profile.call('queue', { room, id, content: { ...content, files: contents } });
    waitFor([id]);
    return undefined;
  },
  save: async (rest, { profile, room, prompt, text }) => {
    const number = readNumber(rest, text);
    await oncePosted(profile, room, ({ files }) => files !== undefined);
    const item = await findMessage(profile, room, ({ files }) => files !== undefined);
    if (item === undefined) {
      prompt.print(text.lines.system(text.files.noFiles));
      return 'refused';
    }
    for await (const { path } of saveFiles({ profile, room, item, to: process.cwd(), number }))
      prompt.print(text.lines.system(text.files.saved(path)));
    return undefined;
  },
  open: async (rest, { profile, room, prompt, text, opened }) => {
    const say = (line: string) => prompt.print(text.lines.system(line));
    const [typed = '', agreed] = rest.split(' ');
    const number = readNumber(typed, text);
    await oncePosted(profile, room, ({ files }) => files !== undefined);
    const item = await findMessage(profile, room, ({ files }) => files !== undefined);
    const { files = [], seq, id } = item ?? {};
    const index = number === undefined ? 0 : number - 1;
    const file = files[index];
    if (item === undefined || file === undefined || seq === undefined || id === undefined) {
      say(files.length === 0 ? text.files.noFiles : text.files.noFileNumber(typed, files.length));
      return 'refused';
    }
    if (number === undefined && files.length > 1) {
      say(text.lines.severalFiles(files.length));
      return 'refused';
    }
    const name = cleanFileName(file.name);
    const bytes = profile.files.open(room, { seq, id }, index);
    try {
      if (agreed !== 'yes' && !isHarmless(name, file)) throw new NotAsNamed();
      if (!(await opened.open(name, agreed === 'yes' ? bytes : asNamed(name, bytes))))
        say(text.files.notOpened(name));
    } catch (error) {
      if (!(error instanceof NotAsNamed)) throw error;
      say(text.lines.opensFile(name, `/open ${index + 1} yes`));
    }
    return undefined;
  },
  export: async (rest, { profile, room, prompt, text }) => {
    const format = rest === '' ? 'md' : rest;
    if (format !== 'md' && format !== 'txt' && format !== 'json') {
      prompt.print(text.lines.needsArgument('export', text.lines.slash.export.args));
      return 'refused';
    }
    const info = (await profile.call('rooms', {})).find(({ id }) => id === room);
    if (info === undefined) return undefined;
    const save = (name: string, _type: string, bytes: AsyncIterable<Uint8Array>) =>
      saveFile(process.cwd(), name, bytes);
    const where = await saveRoom({ profile, now: Date.now(), save, text }, info, format);
    return printAll(prompt, text, [(await text.export()).saved(where ?? '')]);
  },
  resend: async (_rest, { profile, room, prompt, text, waitFor }) => {
    const { ids } = await profile.call('resend', { room, unsent: true });
    waitFor(ids);
    return printAll(prompt, text, [text.lines.sentAgain(ids.length)]);
  },
  devices: async (_rest, { profile, prompt, text }) => {
    const words = await text.devices();
    const devices = await profile.call('devices', { waitMs: DEVICES_WAIT_MS });
    const rows = devices.map((one) => [idOf(one.key), deviceName(words, one), deviceDetail(words, one)]);
    return printAll(prompt, text, columns(rows));
  },
  link: async (rest, { profile, room, prompt, text }) => {
    const print = (line: string) => prompt.print(text.lines.system(line));
    const draw = prompt.isTerminal === true ? (line: string) => prompt.print(line) : undefined;
    await linkInLines(rest, { profile, room, print, draw, text });
    return undefined;
  },
  recovery: async (_rest, { profile, prompt, text }) => {
    const said = await recoveryLines(profile, text, DEVICES_WAIT_MS);
    return printAll(prompt, text, [...said, text.lines.recovery.makes]);
  },
  history: async (rest, { profile, room, prompt, text }) => {
    if (rest !== '')
      await profile.call('configure', { room, history: parseHistorySetting(rest), waitMs: WAIT_MS });
    const info = (await profile.call('rooms', {})).find(({ id }) => id === room);
    return printAll(prompt, text, [text.lines.newcomersRead(formatHistorySetting(info?.history ?? 'none'))]);
  },
  leave: async (_rest, { profile, room, prompt, text }) => {
    const { alone, admins, unheard } = await profile.call('leave', { room, waitMs: WAIT_MS });
    const { leftUnmanaged, leftUnheard, leftRoom, system } = text.lines;
    const isUnmanaged = !alone && admins === 0;
    if (unheard !== undefined) prompt.print(system(leftUnheard(problemText(text, unheard))));
    else prompt.print(isUnmanaged ? system(leftUnmanaged) : leftRoom);
    return 'quit';
  },
  quit: async () => 'quit',
};

/** Waits for the server to have the newest own message that fits: on a pipe, the line before may have queued it. */
async function oncePosted(
  profile: Profile,
  room: string,
  fits: (said: Extract<Params<'queue'>['content'], { readonly kind: 'text' }>) => boolean,
): Promise<void> {
  const waiting = await profile.call('waiting', { room });
  const own = waiting.findLast(
    ({ state, content }) => state === 'waiting' && content.kind === 'text' && fits(content),
  );
  if (own !== undefined) await profile.call('sent', { room, ids: [own.id], waitMs: WAIT_MS });
}

/** The files at the first of several readings of paths that leads to some. @throws UsageError */
async function filesOfWays(ways: readonly (readonly string[])[], text: TerminalText) {
  for (const paths of ways.slice(1)) {
    const found = await filesAt(paths);
    if (found.every((one) => 'file' in one)) return filesNamed(paths, text);
  }
  return filesNamed(ways[0] ?? [], text);
}

/** @throws UsageError */
function readNumber(rest: string, text: TerminalText): number | undefined {
  if (rest === '') return undefined;
  if (!/^[1-9]\d?$/.test(rest)) throw new UsageError(text.lines.fileNumber(sanitizeLine(rest)));
  return Number(rest);
}

function printAll(prompt: LinePrinter, { lines }: TerminalText, printed: readonly string[]): undefined {
  for (const line of printed) prompt.print(lines.system(line));
}

/** What the full screen calls its commands that open another room. A chat in lines has one room. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'room',
  'next',
  'previous',
  'unread-room',
  'palette',
  'go',
  'create',
  'new',
  'join',
]);

/**
 * Runs a line that begins with a slash.
 * @returns `quit` when the chat is over, `refused` when the line is no command, `elsewhere` if the lines after it would be meant for another room
 */
export async function runSlashCommand(
  line: string,
  context: SlashContext,
): Promise<'quit' | 'refused' | 'elsewhere' | undefined> {
  const [name = '', ...rest] = line.slice(1).trim().split(/\s+/);
  const whole = line.slice(1).trim().slice(name.length).trim();
  const { lines } = context.text;
  if (!isSlashName(name)) {
    const isElsewhere = Object.hasOwn(lines.verbs, name);
    context.prompt.print(
      isElsewhere
        ? lines.verbInstead(name, lines.verbs[name as keyof typeof lines.verbs])
        : lines.noCommand(sanitizeLine(name)),
    );
    return ELSEWHERE.has(name) ? 'elsewhere' : 'refused';
  }
  // The line may be a message, such as “/leave me alone”.
  const isMessage =
    name === 'return' ? rest.length > 1 || (rest[0] ?? 'yes') !== 'yes' : lines.slash[name].args === '';
  if (rest.length > 0 && isMessage) {
    context.prompt.print(lines.noArgument(name));
    return 'refused';
  }
  if (name === 'send' && whole === '') {
    context.prompt.print(lines.needsArgument(name, lines.slash[name].args));
    return 'refused';
  }
  // A path may have several blanks.
  return SLASH_COMMANDS[name](name === 'send' ? whole : rest.join(' '), context);
}

function isSlashName(name: string): name is SlashName {
  return Object.hasOwn(SLASH_COMMANDS, name);
}

/** Commands that need no room. */
const WITHOUT_ROOM: ReadonlySet<SlashName> = new Set(['help', 'rooms', 'quit']);

/** As {@link runSlashCommand}, before a room is chosen. */
export async function runWithoutRoom(
  line: string,
  context: Omit<SlashContext, 'room' | 'compared' | 'waitFor' | 'opened'>,
): Promise<'quit' | 'refused' | 'elsewhere' | undefined> {
  const [name = ''] = line.slice(1).split(/\s+/);
  if (!isSlashName(name) || WITHOUT_ROOM.has(name))
    return runSlashCommand(line, {
      ...context,
      room: '',
      compared: new Map(),
      waitFor: () => undefined,
      opened: { open: async () => false },
    });
  context.prompt.print(context.text.lines.needsRoom(name));
  return undefined;
}
