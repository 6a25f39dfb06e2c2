import type { Host } from '../chat/host.ts';
import type { Command } from '../commands/command.ts';
import { sanitizeLine } from '../text/sanitize.ts';
import type { HelpDialog, MenuDialog, MenuItem, PaletteDialog } from './dialog.ts';
import { menuItem } from './forms.ts';

/** All commands with this screen's keys. */
export function showHelp(host: Host): void {
  const { help } = host.words.text.dialogs;
  const group = (about: Command['about']) => ({
    title: help[about],
    items: host.commands
      .filter((command) => command.about === about)
      .map((command) => ({
        keys: host.platform.keysOf(command.name),
        usage: `/${command.name} ${command.args}`.trimEnd(),
        text: command.help,
      })),
  });
  const writing = { title: help.text, items: host.platform.writingKeys };
  host.ask<HelpDialog>({
    dialog: {
      kind: 'help',
      title: help.title,
      groups: [group('app'), group('room'), group('message'), writing],
    },
  });
}

const ROOM = 'room:';

/** Rooms and commands that fit what is typed. */
export function askPalette(host: Host): void {
  const { palette } = host.words.text.dialogs;
  const shown = host.ask<PaletteDialog>({
    dialog: {
      kind: 'palette',
      title: palette.title,
      text: '',
      items: fitting(host, ''),
      empty: palette.none,
    },
    filter: (text) => shown.update({ text, items: fitting(host, text) }),
    pick: (name, dialog) => {
      dialog.close();
      if (name.startsWith(ROOM)) host.open(name.slice(ROOM.length));
      else host.run(name as Command['name']);
    },
  });
}

function fitting(host: Host, text: string): MenuItem[] {
  const wanted = text.trim().toLowerCase();
  const rooms = host.panes.map((pane) => {
    const { unread } = pane;
    const hint = unread === 0 ? '' : host.words.text.status.unread(unread);
    return {
      item: menuItem(`${ROOM}${pane.info.id}`, sanitizeLine(pane.info.name), hint),
      words: pane.info.name,
    };
  });
  const commands = host.commands
    .filter(({ about, name }) => about !== 'message' && name !== 'palette' && name !== 'me')
    .filter(({ name }) => host.isAvailable(name))
    .map(({ name, label, danger }) => ({
      item: menuItem(name, label, host.platform.keysOf(name) || `/${name}`, danger),
      words: `${label} /${name}`,
    }));
  return [...rooms, ...commands]
    .map(({ item, words }) => ({ item, rank: rankOf(words.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
    .map(({ item }) => item);
}

/** Lower fits better: at the start, at a word's start, inside, or its letters in this order. */
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

/** What can be done with a message. */
export function showMenu(host: Host, row: string): void {
  const items = host.commands
    .filter(({ about, name }) => about === 'message' && host.isAvailable(name, row))
    .map(({ name, label, danger }) => menuItem(name, label, host.platform.keysOf(name), danger));
  if (items.length === 0) return;
  host.ask<MenuDialog>({
    dialog: { kind: 'menu', title: host.words.text.dialogs.menu.title, text: [], items },
    pick: (name, shown) => {
      shown.close();
      host.run(name as Command['name'], '', row);
    },
  });
}
