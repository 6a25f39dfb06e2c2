import type { Chat } from '../chat/chat.ts';
import type { Command } from '../commands/command.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { HelpDialog, MenuDialog, MenuItem, PaletteDialog } from './dialog.ts';
import { menuItem } from './forms.ts';

/** Shows all commands with this screen's keys. */
export function showHelp(chat: Pick<Chat, 'platform' | 'words' | 'dialogs' | 'commands'>): void {
  const { help } = chat.words.text.dialogs;
  const group = (about: Command['about']) => ({
    title: help[about],
    items: chat.commands.all
      .filter((command) => command.about === about)
      .map((command) => ({
        keys: chat.platform.keysOf(command.name),
        usage: `/${command.name} ${command.args}`.trimEnd(),
        text: command.help,
      })),
  });
  const writing = { title: help.text, items: chat.platform.writingKeys };
  chat.dialogs.show<HelpDialog>({
    dialog: {
      kind: 'help',
      title: help.title,
      groups: [group('app'), group('room'), group('message'), writing],
    },
  });
}

const ROOM = 'room:';

/** Lists the rooms and commands that match what is typed. */
export function askPalette(
  chat: Pick<Chat, 'platform' | 'words' | 'dialogs' | 'rooms' | 'navigation' | 'commands'>,
): void {
  const { palette } = chat.words.text.dialogs;
  const handle = chat.dialogs.show<PaletteDialog>({
    dialog: {
      kind: 'palette',
      title: palette.title,
      text: '',
      items: fitting(chat, ''),
      empty: palette.none,
    },
    filter: (text) => handle.update({ text, items: fitting(chat, text) }),
    pick: (name, dialog) => {
      dialog.close();
      if (name.startsWith(ROOM)) chat.navigation.open(name.slice(ROOM.length));
      else chat.commands.run(name as Command['name']);
    },
  });
}

function fitting(chat: Pick<Chat, 'platform' | 'words' | 'rooms' | 'commands'>, text: string): MenuItem[] {
  const wanted = text.trim().toLowerCase();
  const rooms = chat.rooms.all.map((room) => {
    const { unread } = room;
    const hint = unread === 0 ? '' : chat.words.text.status.unread(unread);
    return {
      item: menuItem(`${ROOM}${room.info.id}`, sanitizeLine(room.info.name), hint),
      words: room.info.name,
    };
  });
  const commands = chat.commands.all
    .filter(({ about, name }) => about !== 'message' && name !== 'palette' && name !== 'me')
    .filter(({ name }) => chat.commands.isAvailable(name))
    .map(({ name, label, danger }) => ({
      item: menuItem(name, label, chat.platform.keysOf(name) || `/${name}`, danger),
      words: `${label} /${name}`,
    }));
  return [...rooms, ...commands]
    .map(({ item, words }) => ({ item, rank: rankOf(words.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ item }) => item);
}

/** A lower rank is a better match: at the start, at a word's start, inside, or the letters in this order. */
function rankOf(words: string, wanted: string): number | undefined {
  if (wanted === '' || words.startsWith(wanted)) return 0;
  if (words.includes(` ${wanted}`) || words.includes(`/${wanted}`)) return 1;
  if (words.includes(wanted)) return 2;
  let at = 0;
  for (const letter of wanted) {
    at = words.indexOf(letter, at) + 1;
    if (at === 0) return undefined;
  }
  return 3;
}

/** Shows what can be done with a message. */
export function showMenu(chat: Pick<Chat, 'platform' | 'words' | 'dialogs' | 'commands'>, row: string): void {
  const items = chat.commands.all
    .filter(({ about, name }) => about === 'message' && chat.commands.isAvailable(name, row))
    .map(({ name, label, danger }) => menuItem(name, label, chat.platform.keysOf(name), danger));
  if (items.length === 0) return;
  chat.dialogs.show<MenuDialog>({
    dialog: { kind: 'menu', title: chat.words.text.dialogs.menu.title, text: [], code: [], items },
    pick: (name, handle) => {
      handle.close();
      chat.commands.run(name as Command['name'], '', row);
    },
  });
}
