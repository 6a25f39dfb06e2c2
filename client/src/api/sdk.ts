import type { Content, FileContent, Ref } from '@gochat/crypto/content';
import type { HistorySetting } from '@gochat/crypto/packs';
import { LIMITS } from '@gochat/protocol/limits';
import { isOver, pickRoom } from '../account/pick-room.ts';
import type { FileSource, OpenFileOptions } from '../files/files.ts';
import type { HistoryItem, TextItem } from '../room/history.ts';
import { linkToMessage, readMessageLink } from '../room/message-link.ts';
import type { Outcome } from '../room/outgoing.ts';
import { answerEmoji, type PollText, pollContent, readPoll } from '../room/polls.ts';
import { readMessage, readThread } from '../room/read-thread.ts';
import { LONGEST_MS } from '../schedule/timer.ts';
import { ChatError } from './chat-error.ts';
import { historyPages } from './history-pages.ts';
import { type Stage, Stages } from './linking-stages.ts';
import { newMessageId } from './message-id.ts';
import type {
  ChatEvent,
  DeviceOfPerson,
  DeviceRemoval,
  DirectRequest,
  KnockInfo,
  MemberInfo,
  OlderHistory,
  OwnKnock,
  Params,
  Problem,
  RecoveryLink,
  RecoveryState,
  Role,
  RoomInfo,
  RoomRules,
  SafetyInfo,
} from './methods.ts';
import { type OpenOptions, openChat, type Profile } from './open.ts';
import { checkFlag, checkOptions } from './options.ts';

export type { ChatErrorCode, ErrorData } from './chat-error.ts';
export type {
  ChatEvent,
  DeviceOfPerson,
  DeviceRemoval,
  DirectRequest,
  FileContent,
  FileSource,
  HistoryItem,
  KnockInfo,
  MemberInfo,
  OlderHistory,
  OpenOptions,
  OwnKnock,
  Profile,
  RecoveryLink,
  RecoveryState,
  Role,
  RoomInfo,
  RoomRules,
  SafetyInfo,
};
export { ChatError, openChat };

const SEND_FILE_OPTIONS = {
  text: 'other',
  alt: 'other',
  reply: 'other',
  mentions: 'other',
  name: 'other',
  keepMetadata: 'flag',
  waitMs: 'other',
  signal: 'other',
} as const;
const WAIT_MS = 30_000;
const PAGE = 500;
const POSITION = /^\d{1,15}$/;

/** A message of this profile. It can be edited, deleted, reacted and replied to. */
export interface SentMessage {
  readonly id: string;
  /**
   * `waiting`: it is stored in the queue, and sent as soon as the server is reached. `missed`: it was posted, but perhaps not everybody
   * could read it: {@link ChatRoom.resend}.
   */
  readonly state: 'posted' | 'waiting' | 'missed';
  /** Its position in the log; absent while it waits. */
  readonly seq?: string;
}

/** What {@link ChatRoom.sendFile} sends: a path on this machine, a Blob or File, or a {@link FileSource}. */
export type FileInput = string | Blob | FileSource;

export interface SendFileOptions {
  /** The text above the files. */
  readonly text?: string;
  /** What is to be seen or heard, in words: for people who can't see the picture, and for searches. Of several files, a list in their order. */
  readonly alt?: string | readonly string[];
  /** The message that this one answers. */
  readonly reply?: HistoryItem | SentMessage;
  readonly mentions?: readonly Mentioned[];
  /** The name of a Blob, which has none. */
  readonly name?: string;
  /** Sends pictures with what they say about camera, place and programs. */
  readonly keepMetadata?: boolean;
  /** How long to wait until the server has all. After that they stay queued. 5 s when absent; may be infinite. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** Whom a message mentions. */
type Mentioned = Pick<MemberInfo, 'identity'>;

/** What another device becomes, and where it is linked. */
export interface LinkTerms {
  readonly limited?: boolean;
  readonly server?: string;
  readonly token?: string;
}

/** A link with which another device can become one of this person's. */
export interface DeviceOffer {
  readonly link: string;
  /** In milliseconds since 1970. */
  readonly expires: number;
  /** Resolves when another device has opened the link, and shows digits. @throws ChatError when it has ended without */
  opened(): Promise<void>;
  /**
   * Gives that device everything. @param digits those that it shows. @returns its label, once it has all
   * @throws ChatError `refused` for others: `link-digits`, with the number of tries `left`; `usage` if nobody waits for them
   */
  confirm(digits: string): Promise<string>;
  /** Ends the link. Nothing changes once the digits were right. */
  cancel(): Promise<void>;
}

/** A profile that becomes another person's device. */
export interface DeviceArrival {
  /** Six digits, to be typed on the other device. */
  readonly digits: string;
  /** Resolves when this device is in its rooms, but for those that are `missing`, which are tried again. @throws ChatError when it has ended without */
  joined(): Promise<Omit<Stage<'joined'>, 'stage'>>;
}

/** A profile with its rooms as objects, for scripts and bots. Several processes may use one profile at once. */
export class GoChat {
  readonly profile: Profile;
  /** By id. */
  readonly #rooms = new Map<string, ChatRoom>();

  private constructor(profile: Profile) {
    this.profile = profile;
  }

  /** Opens the profile in a folder, which is created when absent. @throws ChatError `locked` without the right passphrase */
  static async open(dir: string, options: Omit<OpenOptions, 'dir'> = {}): Promise<GoChat> {
    const given = checkOptions(options, {
      passphrase: 'other',
      ca: 'other',
      insecure: 'flag',
      proxy: 'other',
      unlinked: 'flag',
      env: 'other',
    });
    return new GoChat(await openChat({ ...given, dir }));
  }

  /**
   * Joins by an invite link, or finds the room when the profile is already in it.
   * @param link may be surrounded by other text; undefined is refused, as by a script that got no argument.
   * @param as the name in the room. The profile keeps the first one as its own, which is taken when `as` is absent.
   * @param words what is said to those who let people in, if the link needs approval. Then it is joined once somebody has approved: by
   * this profile, as long as it is open, or by the same call made again
   * @throws ChatError `refused` when the invite no longer works; `usage` when the text has no invite link, or without a name; `offline`
   *   `knock-waiting` while nobody has approved, `refused` `knock-declined`
   */
  async join(link: string | undefined, as?: string, words = ''): Promise<ChatRoom> {
    const params = { link: textOf(link), ...given(as), words: textOf(words), waitMs: WAIT_MS };
    return this.#room(await this.profile.call('join', params));
  }

  /**
   * Creates a room on a server.
   * @param as as for {@link join}. @param history how much of the history newcomers are shown
   * @throws ChatError `usage` without a server's address
   */
  async create(
    name: string,
    as: string | undefined,
    server: string,
    history: HistorySetting = 'none',
  ): Promise<ChatRoom> {
    const params = { name: textOf(name), ...given(as), server: textOf(server), history, waitMs: WAIT_MS };
    return this.#room(await this.profile.call('create', params));
  }

  /**
   * The room of this profile with this id or name, or whose id begins with it, as for commands. An id is never taken for another
   * room's name, and a room that was left is found only if no other fits.
   * @throws ChatError `unknown-room`, `ambiguous`; `not-member` if another device of this person has removed this one
   */
  async room(name: string): Promise<ChatRoom> {
    const rooms = await this.profile.call('rooms', {});
    if (rooms.length === 0 && (await this.profile.call('preferences', {})).removed !== undefined)
      throw new ChatError({ reason: 'device-removed' });
    return this.#room(
      pickRoom(
        rooms.map((room) => ({ ...room, left: isOver(room) })),
        textOf(name),
      ),
    );
  }

  /**
   * The message that a link leads to, with its room. No server is asked.
   * @throws ChatError `usage` if it is no link to a message; `unknown-room`, `unknown-entry` if this profile doesn't have the room or the message
   */
  async message(link: string): Promise<{ readonly room: ChatRoom; readonly item: TextItem }> {
    const place = readMessageLink(textOf(link));
    if (place === undefined) throw new ChatError({ reason: 'link-invalid', why: 'form' });
    const room = await this.room(place.room);
    const item = await readMessage(this.profile, room.id, place);
    if (item === undefined) throw new ChatError({ reason: 'entry-unknown', seq: place.seq });
    return { room, item };
  }

  /** This person's devices, this one first. @param waitMs how long to wait for what the servers have of them */
  devices(waitMs = 5000): Promise<readonly DeviceOfPerson[]> {
    return this.profile.call('devices', { waitMs });
  }

  /** Names a device. @param device its key or the beginning of it; this device when absent. @throws ChatError `unknown-member`, `usage` */
  async labelDevice(label: string, device?: string): Promise<void> {
    const which = device === undefined ? {} : { device: textOf(device) };
    await this.profile.call('labelDevice', { label: textOf(label), ...which });
  }

  /**
   * Asks the other devices for messages of a room that are older than those that this one has; they are in its history when they have come.
   * @throws ChatError `unknown-room`, `ambiguous`; `usage` on a limited device
   */
  async olderHistory(room: string, waitMs = WAIT_MS): Promise<OlderHistory> {
    return this.profile.call('olderHistory', { room: (await this.room(room)).id, waitMs });
  }

  /**
   * Removes a device that was lost or sold from all rooms. What can't be done within `waitMs` is done later.
   * @returns the rooms that are left, and why. @throws ChatError `unknown-member`; `usage` for this device, or on a limited one
   */
  removeDevice(device: string, waitMs = WAIT_MS): Promise<DeviceRemoval> {
    return this.profile.call('removeDevice', { device: textOf(device), waitMs });
  }

  /**
   * Begins to take another device in. @param terms `limited`: a device that links and removes none, such as a bot. `server`: where the
   * two meet, that of the first room when absent. `token`: for a server that requires one for creating rooms
   * @throws ChatError `usage` without a room, or on a limited device; `offline`, `token`
   */
  async linkDevice(terms: LinkTerms = {}): Promise<DeviceOffer> {
    const { limited, server, token } = checkOptions(terms, {
      limited: 'flag',
      server: 'other',
      token: 'other',
    });
    const { link, expires } = await this.profile.call('linkOffer', {
      ...(limited && { limited }),
      ...(server !== undefined && { server: textOf(server) }),
      ...(token !== undefined && { token: textOf(token) }),
      waitMs: WAIT_MS,
    });
    const { profile } = this;
    return {
      link,
      expires,
      opened: () => staged(profile, async (stages) => void (await stages.until('opened'))),
      confirm: async (digits) => {
        await profile.call('linkConfirm', { digits: textOf(digits), waitMs: WAIT_MS });
        return staged(profile, async (stages) => (await stages.until('sent')).label);
      },
      cancel: async () => void (await profile.call('linkCancel', {})),
    };
  }

  /**
   * Makes this profile, which must have no room, a device of the person whose link this is. A repeated call goes on.
   * @param label what that person calls this device
   * @throws ChatError `usage` if it has one, or the text has no such link; `refused` if it doesn't work any more; `offline`
   */
  async becomeDevice(link: string | undefined, label: string): Promise<DeviceArrival> {
    const params = { link: textOf(link), label: textOf(label), waitMs: WAIT_MS };
    const { digits } = await this.profile.call('linkAccept', params);
    const { profile } = this;
    return { digits, joined: () => joinedRooms(profile) };
  }

  /**
   * Makes a recovery link: whoever has it becomes this person. It is not stored, and an older one ends.
   * @param terms as for {@link linkDevice}; `server`: where the link leads to
   * @throws ChatError `usage` without a room, or on a limited device; `offline`, `token`
   */
  async recoveryLink(terms: Omit<LinkTerms, 'limited'> = {}): Promise<RecoveryLink> {
    const { server, token } = checkOptions(terms, { server: 'other', token: 'other' });
    return this.profile.call('recoveryLink', {
      ...(server !== undefined && { server: textOf(server) }),
      ...(token !== undefined && { token: textOf(token) }),
      waitMs: WAIT_MS,
    });
  }

  /** Whether this person has a recovery link, since when, and for how many rooms. @param waitMs how long to wait for what the servers have of it */
  recovery(waitMs = 5000): Promise<RecoveryState> {
    return this.profile.call('recovery', { waitMs });
  }

  /**
   * Makes this profile, which must have no room, a new device of the person whose recovery link this is. A repeated call goes on.
   * @param label what that person calls this device
   * @throws ChatError `usage` if it has one, or the text has no such link; `refused` if the link has ended; `offline`
   */
  async recover(link: string | undefined, label: string): Promise<Pick<DeviceArrival, 'joined'>> {
    await this.profile.call('recover', { link: textOf(link), label: textOf(label), waitMs: WAIT_MS });
    return { joined: () => joinedRooms(this.profile) };
  }

  #room(info: RoomInfo): ChatRoom {
    const room = this.#rooms.get(info.id) ?? new ChatRoom(this.profile, info);
    this.#rooms.set(info.id, room);
    return room;
  }

  /** Who asks to write to this person alone. */
  requests(): Promise<readonly DirectRequest[]> {
    return this.profile.call('requests', {});
  }

  /** @param id of a request, or its beginning. @returns the conversation. @throws ChatError `unknown-entry`; `refused` if it has ended */
  async accept(id: string): Promise<ChatRoom> {
    return this.#room(await this.profile.call('acceptRequest', { id: textOf(id), waitMs: WAIT_MS }));
  }

  /** Who asks doesn't learn of it. @throws ChatError `unknown-entry` */
  async ignore(id: string): Promise<void> {
    await this.profile.call('ignoreRequest', { id: textOf(id) });
  }

  /** The rooms into which this person waits to be let, by links that need approval. */
  knocking(): Promise<readonly OwnKnock[]> {
    return this.profile.call('knocking', {});
  }

  /** Waits no longer to be let into a room. @param room its id or name. @throws ChatError `unknown-entry` */
  async cancelKnock(room: string): Promise<void> {
    await this.profile.call('cancelKnock', { room: textOf(room) });
  }

  rooms(): Promise<readonly RoomInfo[]> {
    return this.profile.call('rooms', {});
  }

  close(): Promise<void> {
    return this.profile.close();
  }
}

/** A room of a profile. */
export class ChatRoom {
  readonly id: string;
  readonly #profile: Profile;
  #name: string;

  constructor(profile: Profile, { id, name }: Pick<RoomInfo, 'id' | 'name'>) {
    this.#profile = profile;
    this.id = id;
    this.#name = name;
    profile.on((event) => {
      if (event.kind === 'room' && event.room.id === id) this.#name = event.room.name;
    });
  }

  /** The room's present name. */
  get name(): string {
    return this.#name;
  }

  /**
   * Sends a message. Names in it mention nobody by themselves: a program's text often repeats what others wrote.
   * @param waitMs how long to wait until the server has it; may be infinite. After that it stays queued.
   * @param mentions members of {@link members} whom it notifies. For readers, write their names in the text: `@ana`.
   * @throws ChatError `not-member` when it is not sent and never will be; `usage` above 64 KiB
   */
  async send(text: string, waitMs = 5000, mentions: readonly Mentioned[] = []): Promise<SentMessage> {
    return this.#say({ kind: 'text', text, ...mentioning(mentions) }, waitMs);
  }

  /** Answers a message. As {@link send}. @throws ChatError `offline` for an own message that waits to be sent; `usage` for none */
  async reply(
    to: HistoryItem | SentMessage,
    text: string,
    waitMs = 5000,
    mentions: readonly Mentioned[] = [],
  ): Promise<SentMessage> {
    const reply = await this.#ref(to, waitMs);
    return this.#say({ kind: 'text', text, reply, ...mentioning(mentions) }, waitMs);
  }

  /**
   * Sends a file, or up to 8 with one message. Once this has begun to wait for the server, the files are in the profile: they may be
   * deleted, and are sent by the next process if this one ends.
   * @throws ChatError as {@link send}; `usage` for a file that is too large for the server or can't be read; `refused` if the server
   * stores no files
   */
  async sendFile(
    file: FileInput | readonly FileInput[],
    options: SendFileOptions = {},
  ): Promise<SentMessage> {
    checkOptions(options, SEND_FILE_OPTIONS);
    const { text = '', alt, reply, mentions = [], name, keepMetadata, waitMs = 5000, signal } = options;
    if (name !== undefined && typeof name !== 'string') throw new ChatError({ reason: 'content-invalid' });
    const given = Array.isArray(file) ? (file as readonly FileInput[]) : [file as FileInput];
    const alts = Array.isArray(alt) ? alt : alt === undefined ? [] : [alt];
    if (
      given.length === 0 ||
      given.length > LIMITS.filesPerMessage ||
      alts.length > given.length ||
      (given.length > 1 && typeof alt === 'string')
    )
      throw new ChatError({ reason: 'content-invalid' });
    const to = reply === undefined ? {} : { reply: await this.#ref(reply, waitMs) };
    const { files } = this.#profile;
    const prepared: FileContent[] = [];
    try {
      for (const [i, one] of given.entries()) {
        const source = await sourceFrom(one, name);
        prepared.push(
          (await files.prepare(this.id, source, { alt: alts[i], keepMetadata, signal, isSending: true }))
            .content,
        );
      }
      return await this.#say({ kind: 'text', text, ...to, ...mentioning(mentions), files: prepared }, waitMs);
    } catch (error) {
      // Those of a message that is queued stay.
      await files.discard(this.id, prepared).catch(() => undefined);
      throw error;
    }
  }

  /**
   * The bytes of a file of a message, as they come. All are what its author sent only when the loop has ended without an error.
   * @param item a message with `files`. @param index which of them
   * @throws ChatError `refused` if the server doesn't have it any more, or it is damaged; `offline`; `unknown-entry` if there is none
   */
  file(item: HistoryItem, index = 0, options: OpenFileOptions = {}): AsyncIterable<Uint8Array> {
    const { seq, id } = item.kind === 'text' ? item : { seq: item.seq, id: '' };
    const given = checkOptions(options, { preview: 'flag', signal: 'other', progress: 'other' });
    return this.#profile.files.open(this.id, { seq, id }, index, given);
  }

  /**
   * Posts messages again that perhaps not everybody could read, because this device had not followed the others (`missed`).
   * @returns the ids of the messages that are queued again
   */
  async resend(): Promise<readonly string[]> {
    return (await this.#profile.call('resend', { room: this.id })).ids;
  }

  /**
   * Edits an own message.
   * @returns true when the server has the edit; false when it is queued
   * @throws ChatError as {@link reply}; `not-author` and `message-deleted`, code `refused`: nothing is sent
   */
  async edit(message: HistoryItem | SentMessage, text: string, waitMs = 5000): Promise<boolean> {
    return this.#change({ kind: 'edit', of: await this.#ref(message, waitMs), text }, waitMs);
  }

  /** Deletes a message for all members: an own one, or as an admin any. As {@link edit}. */
  async delete(message: HistoryItem | SentMessage, waitMs = 5000): Promise<boolean> {
    return this.#change({ kind: 'delete', of: await this.#ref(message, waitMs) }, waitMs);
  }

  /** Adds a reaction to a message that isn't deleted; with `on` false, removes it. As {@link edit}. */
  async react(message: HistoryItem | SentMessage, emoji: string, on = true, waitMs = 5000): Promise<boolean> {
    return this.#change(
      { kind: 'react', to: await this.#ref(message, waitMs), emoji: textOf(emoji), on },
      waitMs,
    );
  }

  /** Changes the own name in the room, for all members. @throws ChatError `usage` for a name that can't be, `refused` on another device than the first */
  async nick(name: string): Promise<string> {
    const { name: as } = await this.#profile.call('nick', {
      room: this.id,
      name: textOf(name),
      waitMs: WAIT_MS,
    });
    return as;
  }

  /**
   * Asks a poll. @param answers from 2 to 10, each in one line. @param options `many`: a member may choose several answers
   * @throws ChatError as {@link send}; `usage` for too few or too many answers, or line breaks in them
   */
  async poll(
    question: string,
    answers: readonly string[],
    options: { readonly many?: boolean; readonly waitMs?: number } = {},
  ): Promise<SentMessage> {
    const { many = false, waitMs = 5000 } = checkOptions(options, { many: 'flag', waitMs: 'other' });
    const given = Array.isArray(answers) ? answers.map(textOf) : [];
    return this.#say(pollContent(textOf(question), given, many ? 'many' : 'one'), waitMs);
  }

  /**
   * Chooses an answer of a poll, counted from 1; with `on` false, takes the choice back. As {@link edit}.
   * @throws ChatError `usage` `poll-answer` if the poll has no such answer, `not-a-poll`
   */
  async vote(poll: HistoryItem | SentMessage, answer: number, on = true, waitMs = 5000): Promise<boolean> {
    checkFlag('on', on);
    const to = await this.#ref(poll, waitMs);
    const asked = await this.#pollAt(to);
    if (asked === undefined) throw new ChatError({ reason: 'not-a-poll' });
    const emoji = answerEmoji(asked, String(answer));
    if (emoji === undefined) throw new ChatError({ reason: 'poll-answer', most: asked.answers.length });
    return this.#change({ kind: 'react', to, emoji, on }, waitMs);
  }

  /** What a poll asks at present, which its author may have edited. */
  async #pollAt(to: Ref): Promise<PollText | undefined> {
    const item = await readMessage(this.#profile, this.id, to);
    return item?.poll && readPoll(item.text);
  }

  /**
   * A message and the replies to it, with the replies to these, oldest first, as far as this profile has them. Of a reply without any, those
   * of the message that it answers. @throws ChatError as {@link reply}; `unknown-entry` for a message that this profile doesn't have
   */
  async thread(message: HistoryItem | SentMessage): Promise<readonly TextItem[]> {
    const place = await this.#ref(message, WAIT_MS);
    const item = await readMessage(this.#profile, this.id, place);
    if (item === undefined) throw new ChatError({ reason: 'entry-unknown', seq: place.seq });
    return readThread(this.#profile, this.id, item);
  }

  /** A link to a message, for members of the room: {@link GoChat.message} reads it. It has no secret. @throws ChatError as {@link reply} */
  async linkTo(message: HistoryItem | SentMessage): Promise<string> {
    return linkToMessage(this.#profile, this.id, await this.#ref(message, WAIT_MS));
  }

  /** Closes a poll, an own one or as an admin or moderator any: later votes don't count. As {@link edit}. @throws ChatError `usage` for what is no poll */
  async closePoll(poll: HistoryItem | SentMessage, waitMs = 5000): Promise<boolean> {
    return this.#change({ kind: 'close', of: await this.#ref(poll, waitMs) }, waitMs);
  }

  async #change(content: Content, waitMs: number): Promise<boolean> {
    return (await this.#say(content, waitMs)).state === 'posted';
  }

  async #say(content: Content, waitMs: number): Promise<SentMessage> {
    const id = newMessageId();
    await this.#profile.call('queue', { room: this.id, id, content, allowed: true });
    return sentMessage(await this.#sent(id, waitMs));
  }

  async #sent(id: string, waitMs: number): Promise<Outcome> {
    const { outcomes } = await this.#profile.call('sent', {
      room: this.id,
      ids: [id],
      waitMs: Math.min(waitMs, LONGEST_MS),
    });
    return outcomes[0] ?? { id, state: 'waiting' };
  }

  async #ref(message: HistoryItem | SentMessage, waitMs: number): Promise<Ref> {
    if (!isMessage(message)) throw new ChatError({ reason: 'not-a-message' });
    if ('kind' in message) return { seq: message.seq, id: message.id };
    const { id } = message;
    if (message.seq !== undefined) return { seq: message.seq as Ref['seq'], id };
    const { seq, state } = sentMessage(await this.#sent(id, waitMs));
    // No message with this id was sent here.
    if (seq === undefined)
      throw new ChatError({ reason: state === 'posted' ? 'not-a-message' : 'message-waiting' });
    return { seq: seq as Ref['seq'], id };
  }

  /**
   * All lines after `after` ("0" is the beginning), oldest first, then new ones as they come, each once. It ends when the profile is
   * closed.
   * @throws ChatError `not-member` after the last line, when the profile is no longer a member of the room, or its device was
   * removed; `usage` when `after` is no position
   */
  async *items(after?: string): AsyncGenerator<HistoryItem, void, undefined> {
    // Nothing would ever come after another text.
    if (after !== undefined && !POSITION.test(after)) throw new ChatError({ reason: 'entry-number' });
    let last = Number(after ?? (await this.#newest()));
    let wake: () => void = () => undefined;
    let problem: Problem | undefined;
    const stop = this.#profile.on((event) => {
      // This device was removed: the next call says so.
      if (event.kind === 'linking' && event.linking.stage === 'removed') wake();
      if ((event.kind !== 'items' && event.kind !== 'online') || event.room !== this.id) return;
      if (event.kind === 'online') problem = event.problem;
      wake();
    });
    let isOpen = true;
    void this.#profile.closed.then(() => {
      isOpen = false;
      wake();
    });
    try {
      problem = (await this.#profile.call('follow', { room: this.id })).problem;
      while (isOpen) {
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        // Lines that came before the membership ended are in this page.
        const end = problem?.code === 'not-member' ? problem : undefined;
        const page = await this.#profile.call('history', { room: this.id, after: String(last), limit: PAGE });
        for (const item of page) {
          last = Math.max(last, Number(item.seq));
          yield item;
        }
        if (page.length > 0) continue;
        if (end !== undefined) throw new ChatError(end.data);
        await more;
      }
    } catch (error) {
      // A call fails when the profile is closed in the middle.
      if (isOpen) throw error;
    } finally {
      stop();
    }
  }

  /**
   * The lines that this profile has, from the one after `after` ("0" is the beginning) to the newest one, oldest first, each as it is
   * now. Unlike {@link items} it ends there, and asks no server: for exports and statistics.
   * @throws ChatError `usage` when `after` is no position
   */
  async *history(after = '0'): AsyncGenerator<HistoryItem, void, undefined> {
    if (!POSITION.test(after)) throw new ChatError({ reason: 'entry-number' });
    for await (const page of historyPages(this.#profile, this.id, after)) yield* page;
  }

  async #newest(): Promise<string> {
    return (await this.#profile.call('history', { room: this.id, limit: 1 })).at(-1)?.seq ?? '0';
  }

  /**
   * Writes to a member alone: asks first, or says it in the conversation that there is. What is said waits here until the other accepts.
   * @param member its name or id
   * @param terms `token`: for a server that requires one for creating rooms
   * @returns the conversation, as `rooms` lists it. @throws ChatError `unknown-member`, `usage`, `token`
   */
  write(member: string, text = '', terms: { readonly token?: string } = {}): Promise<RoomInfo> {
    const { token } = checkOptions(terms, { token: 'other' });
    const words = text === '' ? {} : { text: textOf(text) };
    return this.#profile.call('dm', {
      room: this.id,
      member: textOf(member),
      ...words,
      ...(token !== undefined && { token: textOf(token) }),
      waitMs: WAIT_MS,
    });
  }

  members(): Promise<readonly MemberInfo[]> {
    return this.#profile.call('members', { room: this.id });
  }

  /**
   * Reports that a device of this profile's person was copied, lost or stolen: another device is removed, and admins' clients end what a
   * copy can still use.
   * @param device its key, as in `devices` of {@link members}, or the beginning of it; this device when absent
   * @throws ChatError `unknown-member`
   */
  async reportCompromise(device?: string): Promise<void> {
    const which = device === undefined ? {} : { device: textOf(device) };
    await this.#profile.call('reportCompromise', { room: this.id, ...which, waitMs: WAIT_MS });
  }

  /**
   * The codes to compare with other members over another channel: the room code compares the epoch, the log code the log within it.
   * @param at the entry of the epoch whose log code is wanted, one of the last 256; the last multiple of 8 when absent
   * @throws ChatError `unknown-entry` when that code isn't known
   */
  safety(at?: number): Promise<SafetyInfo> {
    return this.#profile.call('safety', {
      room: this.id,
      member: undefined,
      ...(at !== undefined && { at }),
    });
  }

  /** Gives a member another role. @throws ChatError `refused` without the right to it */
  async setRole({ identity }: Mentioned, role: Role): Promise<void> {
    await this.#profile.call('setRole', { room: this.id, member: identity, role, waitMs: WAIT_MS });
  }

  /** The rules that hold in the room: who may speak and invite, slow mode, and after how many seconds messages disappear. */
  rules(): Promise<RoomRules> {
    return this.#profile.call('rules', { room: this.id });
  }

  /** Changes those rules that are given; admins only. @param rules `slow` and `expire` in seconds, null to end them */
  async setRules(
    rules: Partial<Omit<Params<'configure'>, 'room' | 'name' | 'topic' | 'waitMs'>>,
  ): Promise<void> {
    await this.#profile.call('configure', { ...rules, room: this.id, waitMs: WAIT_MS });
  }

  /** Removes a person with all devices, and lets the person join never again; or with `on` false, ends the ban. All invites end. */
  async ban({ identity }: Mentioned, on = true): Promise<void> {
    checkFlag('on', on);
    await this.#profile.call(on ? 'ban' : 'unban', { room: this.id, member: identity, waitMs: WAIT_MS });
  }

  /** Pins a message for all members; with `on` false, unpins it. */
  async pin(message: HistoryItem | SentMessage, on = true): Promise<void> {
    checkFlag('on', on);
    const { id } = await this.#ref(message, WAIT_MS);
    await this.#profile.call(on ? 'pin' : 'unpin', { room: this.id, id, waitMs: WAIT_MS });
  }

  /** Who asks to join by a link that needs approval, oldest first. */
  knocks(): Promise<readonly KnockInfo[]> {
    return this.#profile.call('knocks', { room: this.id });
  }

  /** Lets somebody in who asks to join. @param knock its id. @throws ChatError `refused` `not-staff`, `knock-decided`, `banned`; `unknown-entry` */
  async approve(knock: string): Promise<void> {
    await this.#profile.call('approveKnock', { room: this.id, knock: textOf(knock), waitMs: WAIT_MS });
  }

  /** Declines, which is final for this knock. As {@link approve}. */
  async decline(knock: string): Promise<void> {
    await this.#profile.call('declineKnock', { room: this.id, knock: textOf(knock), waitMs: WAIT_MS });
  }

  /**
   * Creates an invite link. @param terms `expiresMs` from now: seven days when absent. `uses` is how often it can be used: unlimited when absent.
   * `approve`: who uses it asks to join, and an admin or moderator decides: see {@link knocks}
   */
  async invite(
    terms: { readonly expiresMs?: number; readonly uses?: number; readonly approve?: boolean } = {},
  ): Promise<string> {
    if (typeof terms !== 'object' || terms === null)
      throw new ChatError({ reason: 'invite-terms', most: LIMITS.inviteUses });
    const { expiresMs, uses, approve } = checkOptions(terms, {
      expiresMs: 'other',
      uses: 'other',
      approve: 'flag',
    });
    const how = approve ? { approve } : {};
    const params = { room: this.id, expiresMs, uses, ...how, waitMs: WAIT_MS };
    return (await this.#profile.call('invite', params)).link;
  }
}

/** Waits until a new device is in its rooms, but for those that are `missing`. */
function joinedRooms(profile: Profile): ReturnType<DeviceArrival['joined']> {
  return staged(profile, async (stages) => {
    const { joined, missing } = await stages.until('joined');
    return { joined, missing };
  });
}

async function staged<T>(profile: Profile, wait: (stages: Stages) => Promise<T>): Promise<T> {
  const stages = new Stages(profile);
  try {
    return await wait(stages);
  } finally {
    stages.close();
  }
}

/** @throws ChatError for a message that is not sent any more: `not-member`, or `refused` if its author may not say it */
function sentMessage({ id, state, seq }: Outcome): SentMessage {
  if (state === 'silenced') throw new ChatError({ reason: 'silenced' });
  if (state === 'refused' || state === 'cancelled' || state === 'unknown')
    throw new ChatError({ reason: 'not-sent', state });
  return { id, state, ...(seq !== undefined && { seq }) };
}

/** A program without types may give anything. */
async function sourceFrom(file: FileInput, name: string | undefined): Promise<FileSource> {
  const { sourceAt, sourceOf } = await import('../files/path-source.ts');
  if (typeof file === 'string') return sourceAt(file);
  if (file instanceof Blob) return sourceOf(file, name);
  if (typeof file?.stream === 'function' && Number.isSafeInteger(file.bytes) && typeof file.name === 'string')
    return file;
  throw new ChatError({ reason: 'content-invalid' });
}

function mentioning(members: readonly Mentioned[]): { readonly mentions?: string[] } {
  if (!Array.isArray(members) || members.some((member) => typeof member?.identity !== 'string'))
    throw new ChatError({ reason: 'content-invalid' });
  return members.length === 0 ? {} : { mentions: members.map(({ identity }) => identity) };
}

/** A program without types may give anything. */
function isMessage(message: HistoryItem | SentMessage): message is TextItem | SentMessage {
  if (typeof message !== 'object' || message === null) return false;
  return (
    'id' in message && typeof message.id === 'string' && (!('kind' in message) || message.kind === 'text')
  );
}

/** A program without types may give anything: what is no text is refused as an empty one. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A program without types may give anything. */
function given(as: unknown): { readonly as?: string } {
  return typeof as === 'string' ? { as } : {};
}
