import type { TextItem } from '@gochat/client/history';
import { newMessageId } from '@gochat/client/message-id';
import type { Chat } from '../chat/chat.ts';
import type { FileContent } from '../files/file-kind.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import { inShort } from '../timeline/rows.ts';
import type { PaletteDialog } from './dialog.ts';
import { form, menuItem } from './forms.ts';

type Forwarding = Pick<
  Chat,
  'profile' | 'platform' | 'words' | 'dialogs' | 'flashes' | 'navigation' | 'rooms'
>;

/** Asks for the room that a message is sent to again, and then whether to. */
export async function askForward(chat: Forwarding, item: TextItem): Promise<undefined> {
  const from = chat.navigation.room;
  const words = (await chat.words.text.messageDialogs()).forward;
  if (from === undefined) return;
  const rooms = chat.rooms.all.filter(mayWriteIn);
  const fitting = (text: string) =>
    rooms
      .map(({ info }) => menuItem(info.id, sanitizeLine(info.name)))
      .filter(({ label }) => label.toLowerCase().includes(text.trim().toLowerCase()));
  const { none } = chat.words.text.dialogs.palette;
  const handle = chat.dialogs.show<PaletteDialog>({
    dialog: { kind: 'palette', title: words.where, text: '', items: fitting(''), empty: none },
    filter: (text) => handle.update({ text, items: fitting(text) }),
    pick: (id, dialog) => {
      dialog.close();
      const to = chat.rooms.all.find(({ info }) => info.id === id);
      if (to !== undefined) confirm(chat, item, from, to, words);
    },
  });
}

function mayWriteIn({ closed, info: { silence, direct } }: RoomViewModel): boolean {
  return closed === '' && silence === undefined && direct?.state !== 'left';
}

type ForwardWords = Awaited<ReturnType<Chat['words']['text']['messageDialogs']>>['forward'];

function confirm(
  chat: Forwarding,
  item: TextItem,
  from: RoomViewModel,
  to: RoomViewModel,
  words: ForwardWords,
): void {
  const name = sanitizeLine(to.info.name);
  const author = sanitizeLine(item.from);
  chat.dialogs.show({
    dialog: form(words.title(name), [inShort(item, from.context), words.text(author)], [], words.submit),
    submit: async (_values, handle) => {
      await forward(chat, item, from.info.id, to);
      handle.close();
      chat.flashes.good(words.done(name));
    },
  });
}

/**
 * Sends a message to another room. Its files are sealed for that room, so they are fetched first. Mentions stay words: they name members
 * of this room.
 */
async function forward(
  { profile, platform }: Forwarding,
  item: TextItem,
  from: string,
  to: RoomViewModel,
): Promise<void> {
  const { text, me, poll, files = [] } = item;
  const prepared: FileContent[] = [];
  try {
    for (const [index, file] of files.entries()) {
      const { name, type, bytes, alt, ms, wave } = file;
      const stream = () => profile.files.open(from, item, index);
      const voice = ms !== undefined && wave !== undefined ? { ms, wave } : undefined;
      const { content } = await profile.files.prepare(
        to.info.id,
        { name, type, bytes, stream },
        { alt, voice, makePreview: (...of) => platform.files.makePreview(...of) },
      );
      prepared.push(content);
    }
    const whose = { from: (item.forwarded?.from ?? item.from).slice(0, 128) };
    await to.queue(newMessageId(), {
      kind: 'text',
      text,
      ...(me && { me }),
      ...(poll && { poll }),
      ...(prepared.length > 0 && { files: prepared }),
      forwarded: whose,
    });
  } catch (error) {
    // Those of a message that is queued stay.
    await profile.files.discard(to.info.id, prepared).catch(() => undefined);
    throw error;
  }
}
