import type { CommandName } from '@gochat/view/command';
import type { EditName } from '../edit/editor.ts';

/** Where a key counts: `normal` is vim's mode for commands, `welcome` the screen without a room. */
export type KeyContext = 'write' | 'normal' | 'read' | 'search' | 'welcome';
export type KeymapName = 'readline' | 'vim';

/** What a key can do besides editing and running commands. */
export type MoveName =
  | 'send'
  | 'newline'
  | 'row-up'
  | 'row-down'
  | 'complete'
  | 'complete-back'
  | 'cut-or-palette'
  | 'delete-or-quit'
  | 'interrupt'
  | 'escape'
  | 'suspend'
  | 'redraw'
  | 'external-editor'
  | 'room-1'
  | 'room-2'
  | 'room-3'
  | 'room-4'
  | 'room-5'
  | 'room-6'
  | 'room-7'
  | 'room-8'
  | 'room-9'
  | 'room-10'
  | 'last-room'
  | 'page-up'
  | 'page-down'
  | 'half-up'
  | 'half-down'
  | 'top'
  | 'bottom'
  | 'search'
  | 'search-go'
  | 'search-end'
  | 'hit-older'
  | 'hit-newer'
  | 'focus-up'
  | 'focus-down'
  | 'focus-top'
  | 'focus-bottom'
  | 'open-links'
  | 'message-menu'
  | 'jump-back'
  | 'toggle-members'
  | 'toggle-mouse'
  | 'toggle-bare'
  | 'insert'
  | 'insert-start'
  | 'append'
  | 'append-end'
  | 'colon';

export type Does =
  | { readonly edit: EditName }
  | { readonly move: MoveName }
  | { readonly command: CommandName };

export interface Binding {
  /** Pressed one after the other where there is more than one name: `C-x C-e`. */
  readonly keys: readonly string[];
  readonly does: Does;
  readonly in: readonly KeyContext[];
  /** The command that does the same, whose keys these are in help. */
  readonly as?: CommandName;
  /** Of this profile alone; undefined for all. */
  readonly profile?: KeymapName;
}

const edit = (name: EditName): Does => ({ edit: name });
const move = (name: MoveName): Does => ({ move: name });
const command = (name: CommandName): Does => ({ command: name });

const ALL: readonly KeyContext[] = ['write', 'normal', 'read', 'welcome'];
const ROOM: readonly KeyContext[] = ['write', 'normal', 'read'];
const FIELDS: readonly KeyContext[] = ['write', 'search'];
const LETTERS: readonly KeyContext[] = ['normal', 'read'];

/** Every key of the screen outside of dialogs. Help, menus and hints take their keys from here. */
export const BINDINGS: readonly Binding[] = [
  // writing
  { keys: ['enter'], does: move('send'), in: ['write', 'normal'] },
  { keys: ['M-enter', 'C-j'], does: move('newline'), in: ['write'] },
  { keys: ['left', 'C-b'], does: edit('left'), in: FIELDS },
  { keys: ['right', 'C-f'], does: edit('right'), in: FIELDS },
  { keys: ['home', 'C-a'], does: edit('line-start'), in: FIELDS },
  { keys: ['end', 'C-e'], does: edit('line-end'), in: FIELDS },
  { keys: ['M-b', 'C-left', 'M-left'], does: edit('word-left'), in: FIELDS },
  { keys: ['M-f', 'C-right', 'M-right'], does: edit('word-right'), in: FIELDS },
  { keys: ['backspace', 'C-h'], does: edit('backspace'), in: FIELDS },
  { keys: ['delete'], does: edit('delete-right'), in: FIELDS },
  { keys: ['C-w'], does: edit('kill-word-left'), in: FIELDS },
  { keys: ['M-backspace'], does: edit('kill-part-left'), in: FIELDS },
  { keys: ['M-d'], does: edit('kill-word-right'), in: FIELDS },
  { keys: ['C-u'], does: edit('kill-left'), in: FIELDS },
  { keys: ['C-k'], does: move('cut-or-palette'), in: ['write'] },
  { keys: ['C-k'], does: edit('kill-right'), in: ['search'] },
  { keys: ['C-y'], does: edit('yank'), in: FIELDS },
  { keys: ['C-t'], does: edit('transpose'), in: FIELDS },
  { keys: ['C-_'], does: edit('undo'), in: FIELDS },
  { keys: ['up'], does: move('row-up'), in: ['write'] },
  { keys: ['down'], does: move('row-down'), in: ['write'] },
  { keys: ['tab'], does: move('complete'), in: ['write'] },
  { keys: ['S-tab'], does: move('complete-back'), in: ['write'] },
  { keys: ['C-x C-e'], does: move('external-editor'), in: ['write', 'normal'] },
  { keys: ['M-e'], does: command('emoji'), in: ['write'] },
  // everywhere
  { keys: ['C-g', 'M-k'], does: command('palette'), in: ALL },
  { keys: ['f1', 'M-h'], does: command('help'), in: ALL },
  { keys: ['?'], does: command('help'), in: ['normal', 'welcome'] },
  { keys: ['escape'], does: move('escape'), in: ROOM },
  { keys: ['C-c'], does: move('interrupt'), in: [...ALL, 'search'] },
  { keys: ['C-d'], does: move('delete-or-quit'), in: ['write', 'welcome'], as: 'quit' },
  { keys: ['C-d'], does: move('delete-or-quit'), in: ['read'], profile: 'readline' },
  { keys: ['C-z'], does: move('suspend'), in: [...ALL, 'search'] },
  { keys: ['C-l'], does: move('redraw'), in: [...ALL, 'search'] },
  // rooms
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const).map(
    (n): Binding => ({ keys: [`M-${n % 10}`], does: move(`room-${n}`), in: ALL }),
  ),
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map(
    (n): Binding => ({ keys: [`${n}`], does: move(`room-${n}`), in: ['welcome'] }),
  ),
  { keys: ['C-n'], does: command('next'), in: ALL },
  { keys: ['C-p'], does: command('previous'), in: ALL },
  { keys: ['M-a'], does: command('unread-room'), in: ALL },
  { keys: ['M-/'], does: move('last-room'), in: ALL },
  { keys: ['c'], does: command('create'), in: ['welcome'] },
  { keys: ['j'], does: command('join'), in: ['welcome'] },
  { keys: ['q'], does: command('quit'), in: ['welcome'] },
  // the timeline
  { keys: ['pageup', 'M-v'], does: move('page-up'), in: ROOM },
  { keys: ['pagedown', 'C-v'], does: move('page-down'), in: ROOM },
  { keys: ['M-home'], does: move('top'), in: ROOM },
  { keys: ['M-end'], does: move('bottom'), in: ROOM, as: 'newest' },
  { keys: ['home', 'g'], does: move('focus-top'), in: ['read'], profile: 'readline' },
  { keys: ['end', 'G'], does: move('focus-bottom'), in: ['read'], profile: 'readline' },
  { keys: ['M-u'], does: command('unread'), in: ROOM },
  { keys: ['C-s', 'C-r'], does: move('search'), in: ROOM, as: 'search' },
  { keys: ['/'], does: move('search'), in: LETTERS },
  { keys: ['enter'], does: move('search-go'), in: ['search'] },
  { keys: ['escape', 'C-g'], does: move('search-end'), in: ['search'] },
  { keys: ['up', 'C-s', 'C-r', 'C-p'], does: move('hit-older'), in: ['search'] },
  { keys: ['down', 'C-n'], does: move('hit-newer'), in: ['search'] },
  { keys: ['n'], does: move('hit-older'), in: LETTERS },
  { keys: ['N'], does: move('hit-newer'), in: LETTERS },
  { keys: ['C-o'], does: move('jump-back'), in: ROOM },
  { keys: ['M-p'], does: move('toggle-members'), in: ROOM, as: 'members' },
  { keys: ['M-m'], does: move('toggle-mouse'), in: [...ALL, 'search'] },
  { keys: ['M-l'], does: move('toggle-bare'), in: ALL },
  { keys: ['M-i'], does: command('invite'), in: ROOM },
  // a message that has the focus
  { keys: ['M-up'], does: move('focus-up'), in: ['write', 'read', 'normal'] },
  { keys: ['M-down'], does: move('focus-down'), in: ['write', 'read', 'normal'] },
  { keys: ['up', 'k', 'K'], does: move('focus-up'), in: LETTERS },
  { keys: ['down', 'j', 'J'], does: move('focus-down'), in: LETTERS },
  { keys: ['r'], does: command('reply'), in: ['read'] },
  { keys: ['e'], does: command('edit'), in: ['read'] },
  { keys: ['d'], does: command('delete'), in: ['read'] },
  { keys: ['+', ':'], does: command('react'), in: ['read'] },
  { keys: ['y'], does: command('copy'), in: ['read'] },
  { keys: ['Q'], does: command('quoted'), in: ['read'] },
  { keys: ['o'], does: move('open-links'), in: ['read'] },
  { keys: ['v'], does: command('author'), in: ['read'] },
  { keys: ['i'], does: command('inspect-message'), in: ['read'] },
  { keys: ['w'], does: command('withdraw'), in: ['read'] },
  { keys: ['enter', '?'], does: move('message-menu'), in: ['read'] },
  { keys: ['q'], does: move('escape'), in: ['read'] },
  // vim
  { keys: ['i'], does: move('insert'), in: ['normal'], profile: 'vim' },
  { keys: ['I'], does: move('insert-start'), in: ['normal'], profile: 'vim' },
  { keys: ['a'], does: move('append'), in: ['normal'], profile: 'vim' },
  { keys: ['A'], does: move('append-end'), in: ['normal'], profile: 'vim' },
  { keys: ['h', 'left'], does: edit('left'), in: ['normal'], profile: 'vim' },
  { keys: ['l', 'right'], does: edit('right'), in: ['normal'], profile: 'vim' },
  { keys: ['w', 'e'], does: edit('word-right'), in: ['normal'], profile: 'vim' },
  { keys: ['b'], does: edit('word-left'), in: ['normal'], profile: 'vim' },
  { keys: ['0', '^', 'home'], does: edit('line-start'), in: ['normal'], profile: 'vim' },
  { keys: ['$', 'end'], does: edit('line-end'), in: ['normal'], profile: 'vim' },
  { keys: ['x', 'delete'], does: edit('delete-right'), in: ['normal'], profile: 'vim' },
  { keys: ['d d'], does: edit('kill-line'), in: ['normal'], profile: 'vim' },
  { keys: ['d w'], does: edit('kill-word-right'), in: ['normal'], profile: 'vim' },
  { keys: ['D'], does: edit('kill-right'), in: ['normal'], profile: 'vim' },
  { keys: ['p'], does: edit('yank'), in: ['normal'], profile: 'vim' },
  { keys: ['u'], does: edit('undo'), in: ['normal'], profile: 'vim' },
  { keys: [':'], does: move('colon'), in: ['normal'], profile: 'vim' },
  { keys: ['g g'], does: move('focus-top'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['G'], does: move('focus-bottom'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['C-u'], does: move('half-up'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['C-d'], does: move('half-down'), in: ['normal', 'read'], profile: 'vim' },
];

/** What the keys of a profile do. */
export class Keymap {
  readonly #does = new Map<string, Does>();
  readonly #begun = new Set<string>();
  readonly profile: KeymapName;
  readonly #bindings: readonly Binding[];

  constructor(profile: KeymapName, bindings: readonly Binding[] = BINDINGS) {
    this.profile = profile;
    this.#bindings = bindings.filter(
      (binding) => binding.profile === undefined || binding.profile === profile,
    );
    for (const binding of this.#bindings)
      for (const context of binding.in)
        for (const keys of binding.keys) {
          this.#does.set(`${context} ${keys}`, binding.does);
          const names = keys.split(' ');
          for (let n = 1; n < names.length; n++) this.#begun.add(`${context} ${names.slice(0, n).join(' ')}`);
        }
  }

  /** @param keys those pressed so far. @returns `more` while they are the beginning of something */
  find(context: KeyContext, keys: string): Does | 'more' | undefined {
    return (
      this.#does.get(`${context} ${keys}`) ?? (this.#begun.has(`${context} ${keys}`) ? 'more' : undefined)
    );
  }

  /** The keys that run a command, as people write them: "Ctrl+G", empty for none. */
  keysOf(name: string): string {
    const binding = this.#bindings.find(
      ({ does, as, in: contexts }) =>
        (as ?? ('command' in does ? does.command : undefined)) === name &&
        contexts.some((one) => one !== 'welcome'),
    );
    return binding === undefined ? '' : written(binding.keys[0] ?? '');
  }
}

/** "C-x C-e" as "Ctrl+X Ctrl+E". */
export function written(keys: string): string {
  return keys
    .split(' ')
    .map((name) => {
      const [, mods = '', key = ''] = /^((?:[CMS]-)*)(.+)$/.exec(name) ?? [];
      const words = mods.replaceAll('C-', 'Ctrl+').replaceAll('M-', 'Alt+').replaceAll('S-', 'Shift+');
      const shown = key.length === 1 && mods === '' ? key : key.charAt(0).toUpperCase() + key.slice(1);
      return `${words}${shown}`;
    })
    .join(' ');
}
