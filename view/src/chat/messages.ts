import { isBlank } from '@gochat/client/blank';
import { newMessageId } from '@gochat/client/message-id';
import type { Commands } from '../commands/command.ts';
import type { ComposerParts, ComposerViewModel, Content } from '../room/composer.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { EmojiLoader } from '../text/emoji.ts';
import type { ViewWords } from '../words/english.ts';
import type { Flashes } from './flashes.ts';
import type { Navigation } from './navigation.ts';
import type { Platform } from './platform.ts';
import type { RoomList } from './room-list.ts';

export interface MessagesParts {
  readonly platform: Pick<Platform, 'now' | 'after'>;
  readonly words: ViewWords;
  readonly rooms: RoomList;
  readonly navigation: Navigation;
  readonly flashes: Flashes;
  readonly commands: Commands;
  readonly emoji: EmojiLoader;
  readonly files: ComposerParts['files'];
  /** Makes the composer of a room, by code that is loaded with the first one. */
  readonly compose: (parts: ComposerParts) => ComposerViewModel;
  /** Asks what to do with a text that is too long for a message. */
  readonly tooLong: (room: RoomViewModel) => void;
  /** A message was queued. */
  readonly sent: () => void;
  readonly changed: () => void;
}

/** What is written in the rooms, and its way to the server. */
export class Messages {
  readonly #parts: MessagesParts;
  /** By room id. */
  readonly #composers = new Map<string, ComposerViewModel>();

  constructor(parts: MessagesParts) {
    this.#parts = parts;
  }

  /** The open room's. */
  get composer(): ComposerViewModel | undefined {
    const { room } = this.#parts.navigation;
    return room && this.composerOf(room);
  }

  composerOf(room: RoomViewModel): ComposerViewModel {
    const known = this.#composers.get(room.info.id);
    if (known !== undefined) return known;
    const { platform, words, rooms, commands, emoji, files, changed } = this.#parts;
    const composer = this.#parts.compose({
      room,
      words,
      completing: () => ({
        members: room.recentSpeakers,
        rooms: rooms.all.map(({ info }) => info.name),
        commands: commands.all.filter(
          ({ about, name, findsMessage }) =>
            (about !== 'message' || findsMessage) && commands.isAvailable(name),
        ),
        emoji: emoji.book,
      }),
      emoji: () => emoji.load(),
      clock: platform,
      files,
      send: () => this.sendIn(room),
      changed,
    });
    this.#composers.set(room.info.id, composer);
    return composer;
  }

  /** How many files are attached in all rooms. */
  get attached(): number {
    return [...this.#composers.values()].reduce((sum, { tray }) => sum + tray.items().length, 0);
  }

  /** Drops what is in the trays. */
  close(): void {
    for (const composer of this.#composers.values()) {
      composer.tray.close();
      composer.close();
    }
  }

  /** Queues a message or a change of one. @throws ChatError */
  async queue(room: RoomViewModel, content: Content): Promise<void> {
    await room.queue(newMessageId(), content);
  }

  /** Takes over what is being written in a room on another screen of the profile. @param room its id */
  follow(room: string): void {
    this.#composers.get(room)?.follow();
  }

  /** Messages of a room have disappeared. @param room its id. @param until as in the event `expired` */
  expire(room: string, until: number): void {
    this.#composers.get(room)?.expire(until);
    const { search } = this.#parts.navigation;
    if (search?.room.info.id === room) search.expire(until);
  }

  /** Sends what is in the composer, or runs it when it is a command; a `//` at the start sends a slash. */
  send(): void {
    const { room } = this.#parts.navigation;
    if (room !== undefined) this.sendIn(room);
  }

  /** The same in a room that need not be open. */
  sendIn(room: RoomViewModel): void {
    const composer = this.composerOf(room);
    if (room.closed !== '') return;
    const { text } = composer;
    const command = /^\s*\/(?!\/)(\S*)\s*([\s\S]*)$/.exec(text);
    // An edit doesn't change whether a message is in the third person.
    if (command !== null && (!composer.isEditing || (composer.isEditingAction && command[1] === 'me')))
      this.#run(composer, room, command[1] ?? '', command[2] ?? '');
    else this.#send(composer, room, text.replace(/^(\s*)\/\//, '$1/'), false);
  }

  #run(composer: ComposerViewModel, room: RoomViewModel, word: string, args: string): void {
    const { commands, flashes, words } = this.#parts;
    const command = commands.named(word);
    const { unknownCommand, noArgument, usage } = words.text.flashes;
    if (command === undefined) {
      flashes.bad(unknownCommand(word));
      return;
    }
    // What is refused stays in the field: it may be a message.
    if (args.trim() !== '' && command.args === '') {
      flashes.bad(noArgument(word));
      return;
    }
    if (args.trim() === '' && command.needsArgument && command.completes !== 'member') {
      flashes.bad(usage(`/${command.name} ${command.args}`));
      return;
    }
    if (command.name === 'me') {
      this.#send(composer, room, args, true);
      return;
    }
    // The message that is being answered is the one that was chosen.
    const row = command.about === 'message' ? composer.answered : undefined;
    // A command without an argument gets the alias that was typed.
    const given = command.args === '' && word !== command.name ? word : args;
    const refusal = commands.refusal(command.name, given, row);
    if (refusal === undefined)
      commands.run(command.name, given, row, composer.clear(command.about !== 'message'));
    else flashes.bad(refusal);
  }

  #send(composer: ComposerViewModel, room: RoomViewModel, text: string, me: boolean): void {
    const { flashes, navigation, words } = this.#parts;
    if (composer.isEditing && !composer.isEditingFiles && isBlank(text)) {
      flashes.bad(words.text.flashes.emptyEdit);
      return;
    }
    const { silence } = room.info;
    if (silence !== undefined) {
      flashes.bad(words.text.rules.silence[silence]);
      return;
    }
    if (composer.dropLostEdit()) {
      flashes.bad(words.text.flashes.editGone);
      return;
    }
    const lost = composer.takeLost() ?? (room.dropLostThread() ? 'thread' : undefined);
    if (lost !== undefined && !(isBlank(text) && composer.tray.isEmpty)) {
      flashes.bad(words.text.flashes.lost[lost]);
      return;
    }
    const { tooLong, space } = composer.snapshot();
    if (tooLong) {
      if (composer.isEditing) flashes.bad(space);
      else this.#parts.tooLong(room);
      return;
    }
    if (!composer.isEditing && !composer.tray.isReady) {
      const { failed } = composer.tray;
      if (failed === undefined) composer.sendWhenReady();
      else flashes.bad(words.text.files.tray.failedOne(failed));
      return;
    }
    const taken = composer.take(text, me);
    if (taken === undefined) return;
    room.reading.clearUnreadLine();
    if (room === navigation.room) navigation.jumpToNewest();
    flashes.attempt(async () => {
      try {
        await this.queue(room, taken.content);
        this.#parts.sent();
      } catch (error) {
        taken.restore();
        throw error;
      }
    });
  }

  /** Begins to edit the last own message, in an empty composer only. @returns whether there is one. */
  editLast(): boolean {
    const { composer } = this;
    const { room } = this.#parts.navigation;
    if (composer === undefined || room === undefined || room.closed !== '' || composer.text !== '')
      return false;
    // While a newer message is being sent, the last one that can be edited is not the one that is meant.
    const item = room.isSending ? undefined : room.lastOwn();
    if (item === undefined) return false;
    composer.edit(item);
    return true;
  }
}
