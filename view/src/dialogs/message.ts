import { isBlank } from '@gochat/client/blank';
import { cleanFileName } from '@gochat/client/file-name';
import type { TextItem } from '@gochat/client/history';
import type { AttachedFile } from '../chat/actions.ts';
import type { Chat } from '../chat/chat.ts';
import { pastedPaths } from '../files/paths.ts';
import type { ComposerViewModel } from '../room/composer.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import { attach, filesAtOne, textFile } from './attach.ts';
import { FILE_BYTES, fenced, insertCode, languageOf } from './code-block.ts';
import type { EmojiDialog, InspectDialog, MenuDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

const EMOJI_SHOWN = 240;
const INSPECT_WAIT_MS = 10_000;

/** Lets the person pick an emoji by name. */
export function askEmoji(
  chat: Pick<Chat, 'words' | 'dialogs' | 'emoji'>,
  title: string,
  picked: (emoji: string) => void,
): void {
  const { none } = chat.words.text.dialogs.emoji;
  const handle = chat.dialogs.show<EmojiDialog>({
    dialog: { kind: 'emoji', title, text: '', busy: true, items: [], empty: none },
    pick: (emoji, dialog) => {
      dialog.close();
      picked(emoji);
    },
    filter: (text) => {
      handle.update({ text });
      void chat.emoji
        .load()
        .then((book) => handle.update({ busy: false, items: book.find(text, EMOJI_SHOWN) }));
    },
  });
  void chat.emoji.load().then((book) => handle.update({ busy: false, items: book.find('', EMOJI_SHOWN) }));
}

/** Deletes a message, after a question. */
export function askDelete(
  chat: Pick<Chat, 'words' | 'dialogs' | 'navigation' | 'messages'>,
  item: TextItem,
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { seq, id } = item;
  const text = chat.words.text.dialogs.delete;
  chat.dialogs.show({
    dialog: form(text.title, [text.text], [], text.submit, true),
    submit: async (_values, handle) => {
      await chat.messages.queue(room, { kind: 'delete', of: { seq, id } });
      handle.close();
    },
  });
}

/** Adds the own reaction to a message, or removes it if it is there. @throws ChatError */
export async function react(
  chat: Pick<Chat, 'navigation' | 'messages'>,
  item: TextItem,
  emoji: string,
): Promise<undefined> {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const { seq, id } = item;
  const self = room.self?.identity;
  const on = !(item.reactions ?? []).some(
    (one) => one.emoji === emoji && one.by.some(({ identity }) => identity === self),
  );
  await chat.messages.queue(room, { kind: 'react', to: { seq, id }, emoji, on });
}

/** Shows an entry as the server stores it. @param seq the newest when undefined. */
export function inspect(
  chat: Pick<Chat, 'profile' | 'words' | 'dialogs' | 'flashes' | 'navigation'>,
  seq: string | undefined,
): void {
  const { room } = chat.navigation;
  if (room === undefined) return;
  const text = chat.words.text.dialogs.inspect;
  const handle = chat.dialogs.show<InspectDialog>({
    dialog: { kind: 'inspect', title: text.title, text: [text.text], parts: [], busy: true },
  });
  chat.flashes.attempt(async () => {
    const entry = await chat.profile
      .call('inspect', { room: room.info.id, seq, waitMs: INSPECT_WAIT_MS })
      .catch((error: unknown) => {
        handle.close();
        throw error;
      });
    const parts = [
      { label: text.position, value: entry.seq },
      { label: text.time, value: chat.words.clock.date(entry.at) },
      { label: text.size, value: text.bytes(entry.bytes) },
      { label: text.ciphertext, value: entry.body },
      ...entry.says.map((item) => ({
        label: text.decrypted,
        value:
          item.kind === 'text'
            ? sanitizeText(item.text)
            : chat.words.text.event(item, [sanitizeLine(item.from)]),
      })),
    ];
    handle.update({ parts, busy: false });
  });
}

/** For more lines than this a paste asks first. */
const PASTED_LINES = 3;

/** Inserts a paste at the cursor. It never runs as a command: a slash at its start is doubled. For paths of files it asks what is meant. */
export function paste(
  chat: Pick<Chat, 'words' | 'dialogs' | 'messages' | 'flashes' | 'platform' | 'navigation'>,
  text: string,
  cursor: number,
): void {
  const { composer } = chat.messages;
  const { room } = chat.navigation;
  if (composer === undefined) return;
  const before = composer.text;
  const isLong = linesOf(text) > PASTED_LINES;
  const paths = pastedPaths(text);
  // Keys that follow belong behind it.
  if (paths.length === 0 || !isLong) pasteText(chat, composer, text, cursor);
  if (paths.length === 0) return;
  const after = composer.text;
  chat.flashes.attempt(async () => {
    const files = await filesAtOne(chat.platform.files, paths);
    if (chat.navigation.room !== room) return;
    const asText = () => isLong && pasteText(chat, composer, text, cursor);
    if (files === undefined) asText();
    else
      askAttach(chat, files, asText, () => {
        if (!isLong && composer.text === after) composer.revise(before);
        attach(chat, files);
      });
  });
}

/** What was dropped on a terminal comes as a paste: it is never sent, nor taken for text, without a question. */
function askAttach(
  chat: Parameters<typeof paste>[0],
  files: readonly AttachedFile[],
  asText: () => void,
  asFiles: () => void,
): void {
  const words = chat.words.text.dialogs.attach;
  const { size } = chat.words.text.files;
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: words.title(files.length),
      quoted: files.map(({ name, bytes }) => `${cleanFileName(name)}, ${size(bytes)}`).join('\n'),
      text: [],
      code: [],
      items: [menuItem('attach', words.attach), menuItem('text', words.text)],
    },
    pick: (name, handle) => {
      handle.close();
      if (name === 'attach') asFiles();
      else asText();
    },
  });
}

function pasteText(
  chat: Pick<Chat, 'words' | 'dialogs' | 'messages' | 'flashes' | 'navigation'>,
  composer: ComposerViewModel,
  text: string,
  cursor: number,
): void {
  const clean = text.replace(/\r\n?/g, '\n');
  const lines = linesOf(text);
  const literal = cursor === 0 && clean.startsWith('/') ? `/${clean}` : clean;
  if (lines <= PASTED_LINES) {
    composer.insert(literal, cursor);
    return;
  }
  const words = chat.words.text.dialogs.paste;
  const items = [
    menuItem('edit', words.edit),
    menuItem('code', words.code),
    menuItem('as-is', words.send),
    menuItem('file', words.file),
    menuItem('drop', words.cancel),
  ];
  chat.dialogs.show<MenuDialog>({
    dialog: {
      kind: 'menu',
      title: words.title(lines),
      quoted: firstLines(clean),
      text: [],
      code: [],
      items,
    },
    pick: (name, handle) => {
      handle.close();
      if (name === 'drop') return;
      if (name === 'file') {
        attach(chat, [textFile(clean, chat.words.text.files.textName)]);
        return;
      }
      if (name === 'code') insertCode(composer, fenced(clean), cursor);
      else composer.insert(literal, cursor);
      if (name === 'as-is') chat.messages.send();
    },
  });
}

function linesOf(text: string): number {
  return text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n').length;
}

function firstLines(text: string): string {
  const lines = sanitizeText(text.slice(0, 400)).split('\n').slice(0, 4);
  return `${lines.join('\n')}…`;
}

/** Inserts a text file into the field, as code in the language of its extension. @returns why it can't be inserted */
export async function askFile(
  chat: Pick<Chat, 'platform' | 'words' | 'messages'>,
  path: string | undefined,
): Promise<string | undefined> {
  const { composer } = chat.messages;
  const { noFile, fileTooLong, emptyFiles } = chat.words.text.flashes;
  const file = await chat.platform.pickText(path);
  if (file === undefined) return noFile;
  if (new TextEncoder().encode(file.text).length > FILE_BYTES) return fileTooLong;
  if (isBlank(file.text)) return emptyFiles([sanitizeLine(file.name)]);
  if (composer !== undefined) insertCode(composer, fenced(file.text, languageOf(file.name)));
  return undefined;
}
