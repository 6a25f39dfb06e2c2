import { isBlank } from '@gochat/client/blank';
import { cleanFileName } from '@gochat/client/file-name';
import type { AttachedFile } from '../chat/actions.ts';
import type { Chat } from '../chat/chat.ts';
import type { PlatformFiles } from '../chat/platform-files.ts';
import { readSendArgs } from '../files/paths.ts';
import type { ComposerViewModel } from '../room/composer.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { FILE_BYTES, fenced, insertCode, languageOf } from './code-block.ts';
import type { MenuDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

type Attaching = Pick<Chat, 'words' | 'flashes' | 'navigation' | 'messages'>;

/** Takes files into the tray of the open room, and says why some can't be sent. What is in the field stays. */
export function attach(chat: Attaching, files: readonly AttachedFile[]): void {
  const { composer } = chat.messages;
  const { flashes, navigation } = chat;
  if (composer === undefined || navigation.room === undefined || files.length === 0) return;
  if (navigation.room.closed !== '') {
    flashes.bad(navigation.room.closed);
    return;
  }
  flashes.attempt(async () => {
    const why = await attachTo(chat, composer, files);
    if (why.length > 0) flashes.bad(why.join(' '));
  });
}

/** @returns why some can't be sent, a sentence each */
async function attachTo(
  chat: Attaching,
  composer: ComposerViewModel,
  files: readonly AttachedFile[],
): Promise<readonly string[]> {
  // A server without files takes texts: they are inserted as code.
  return (await composer.tray.limits(Math.max(0, ...files.map(({ bytes }) => bytes)))) === null
    ? insertTexts(chat, composer, files)
    : composer.tray.add(files);
}

async function insertTexts(
  chat: Attaching,
  composer: ComposerViewModel,
  files: readonly AttachedFile[],
): Promise<readonly string[]> {
  const text = chat.words.text;
  const refused: string[] = [];
  const empty: string[] = [];
  for (const file of files) {
    const name = cleanFileName(file.name);
    const read = file.bytes > FILE_BYTES ? undefined : await file.text();
    if (read === undefined) refused.push(name);
    else if (isBlank(read)) empty.push(name);
    else insertCode(composer, fenced(read, languageOf(file.name)));
  }
  return [
    ...(refused.length > 0 ? [text.files.tray.none(refused)] : []),
    ...(empty.length > 0 ? [text.flashes.emptyFiles(empty)] : []),
  ];
}

/** A text as a file. */
export function textFile(text: string, name: string): AttachedFile {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    type: 'text/plain',
    bytes: bytes.length,
    stream: async function* () {
      yield bytes;
    },
    text: async () => text,
  };
}

/** Asks what to do with a text that is too long for one message. */
export function askTooLong(chat: Attaching & Pick<Chat, 'dialogs'>, room: RoomViewModel): void {
  const { tooLong } = chat.words.text.dialogs;
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: tooLong.title,
      text: [chat.messages.composerOf(room).snapshot().space],
      code: [],
      items: [menuItem('file', tooLong.file), menuItem('edit', tooLong.edit)],
    },
    pick: (name, handle) => {
      handle.close();
      if (name === 'file' && chat.navigation.room === room) sendAsFile(chat);
    },
  });
}

/** Ends the program, after a question if files are attached, which would be gone. */
export function quit(chat: Pick<Chat, 'words' | 'dialogs' | 'messages' | 'platform'>): void {
  const { attached } = chat.messages;
  if (attached === 0) {
    chat.platform.quit();
    return;
  }
  const { title, text, submit } = chat.words.text.dialogs.quit;
  chat.dialogs.show({
    dialog: form(title(attached), [text], [], submit, true),
    submit: async () => chat.platform.quit(),
  });
}

/** Takes the text out of the field and into the tray, as a file. */
export function sendAsFile(chat: Attaching): void {
  const { composer } = chat.messages;
  if (composer === undefined || composer.isEditing || isBlank(composer.text)) return;
  const text = composer.text.replace(/^(\s*)\/\//, '$1/');
  chat.flashes.attempt(async () => {
    const restore = composer.clear(true);
    const why = await composer.tray.add([textFile(text, chat.words.text.files.textName)]);
    if (why.length === 0) return;
    restore();
    chat.flashes.bad(why.join(' '));
  });
}

/** The files at the first list of paths whose paths all lead to one; undefined if none does. */
export async function filesAtOne(
  files: Pick<PlatformFiles, 'at'>,
  ways: readonly (readonly string[])[],
): Promise<readonly AttachedFile[] | undefined> {
  for (const paths of ways) {
    const found = await files.at(paths);
    const there = found.flatMap((one) => ('file' in one ? [one.file] : []));
    if (there.length === paths.length && there.length > 0) return there;
  }
  return undefined;
}

/**
 * Attaches the files at the paths that were typed after `/send`, and sends them when nothing has to be known before; without paths it lets
 * the user pick files. @returns why they can't be attached
 */
export async function send(
  chat: Attaching & Pick<Chat, 'platform'>,
  args: string,
  room: RoomViewModel,
): Promise<string | undefined> {
  const composer = chat.messages.composerOf(room);
  const { at, quote } = chat.words.text.files;
  if (args === '') {
    const picked = await chat.platform.files.pick();
    return sayWhy(chat, composer, picked.length === 0 ? [] : await attachTo(chat, composer, picked));
  }
  const given = readSendArgs(args);
  if (given === undefined) return quote;
  const files = await filesAtOne(chat.platform.files, given.paths);
  if (files === undefined) {
    const found = await chat.platform.files.at(given.paths[0] ?? []);
    const failed = found.find((one) => 'failure' in one);
    return failed !== undefined && 'failure' in failed
      ? at[failed.failure](sanitizeLine(failed.path))
      : undefined;
  }
  const why = await composer.tray.add(files);
  if (given.caption !== '' && composer.text === '') composer.put(given.caption);
  if (why.length === 0) composer.sendWhenReady();
  return sayWhy(chat, composer, why);
}

/** @returns why nothing was attached; if something was, why the rest wasn't is shown beside it */
function sayWhy(
  { flashes }: Pick<Chat, 'flashes'>,
  { tray }: ComposerViewModel,
  why: readonly string[],
): string | undefined {
  if (why.length === 0) return undefined;
  if (tray.isEmpty) return why.join(' ');
  flashes.bad(why.join(' '));
  return undefined;
}
