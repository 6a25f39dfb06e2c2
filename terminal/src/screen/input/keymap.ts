import type { CommandName } from '@gochat/view/command';
import type { EditName } from '../edit/editor.ts';

/** Where a key is bound: `normal` is vim's mode, `welcome` the screen without a room. */
export type KeyContext = 'write' | 'normal' | 'read' | 'search' | 'welcome';
export type KeymapName = 'readline' | 'vim';

/** Actions of keys besides editing and commands. */
export type ScreenActionName =
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
  | 'open-file'
  | 'tray'
  | 'message-menu'
  | 'jump-back'
  | 'toggle-members'
  | 'toggle-mouse'
  | 'toggle-text-only'
  | 'insert'
  | 'insert-start'
  | 'append'
  | 'append-end'
  | 'colon';

export type KeyAction =
  | { readonly edit: EditName }
  | { readonly screen: ScreenActionName }
  | { readonly command: CommandName };

export interface Binding {
  /** A key, or a sequence of keys such as `C-x C-e`; each entry is an alternative. */
  readonly keys: readonly string[];
  readonly action: KeyAction;
  readonly in: readonly KeyContext[];
  /** The command that does the same: help shows these keys for it. */
  readonly as?: CommandName;
  /** Only in this profile; undefined: in all. */
  readonly profile?: KeymapName;
}

const edit = (name: EditName): KeyAction => ({ edit: name });
const screenAction = (name: ScreenActionName): KeyAction => ({ screen: name });
const command = (name: CommandName): KeyAction => ({ command: name });

const ALL: readonly KeyContext[] = ['write', 'normal', 'read', 'welcome'];
const ROOM: readonly KeyContext[] = ['write', 'normal', 'read'];
const FIELDS: readonly KeyContext[] = ['write', 'search'];
const LETTERS: readonly KeyContext[] = ['normal', 'read'];

/** All keys outside dialogs. Help, menus and hints show the keys of this table. */
export const BINDINGS: readonly Binding[] = [
  // writing
  { keys: ['enter'], action: screenAction('send'), in: ['write', 'normal'] },
  { keys: ['M-enter', 'C-j'], action: screenAction('newline'), in: ['write'] },
  { keys: ['left', 'C-b'], action: edit('left'), in: FIELDS },
  { keys: ['right', 'C-f'], action: edit('right'), in: FIELDS },
  { keys: ['home', 'C-a'], action: edit('line-start'), in: FIELDS },
  { keys: ['end', 'C-e'], action: edit('line-end'), in: FIELDS },
  { keys: ['M-b', 'C-left', 'M-left'], action: edit('word-left'), in: FIELDS },
  { keys: ['M-f', 'C-right', 'M-right'], action: edit('word-right'), in: FIELDS },
  { keys: ['backspace', 'C-h'], action: edit('backspace'), in: FIELDS },
  { keys: ['delete'], action: edit('delete-right'), in: FIELDS },
  { keys: ['C-w'], action: edit('kill-word-left'), in: FIELDS },
  { keys: ['M-backspace'], action: edit('kill-part-left'), in: FIELDS },
  { keys: ['M-d'], action: edit('kill-word-right'), in: FIELDS },
  { keys: ['C-u'], action: edit('kill-left'), in: FIELDS },
  { keys: ['C-k'], action: screenAction('cut-or-palette'), in: ['write'] },
  { keys: ['C-k'], action: edit('kill-right'), in: ['search'] },
  { keys: ['C-y'], action: edit('yank'), in: FIELDS },
  { keys: ['C-t'], action: edit('transpose'), in: FIELDS },
  { keys: ['C-_'], action: edit('undo'), in: FIELDS },
  { keys: ['up'], action: screenAction('row-up'), in: ['write'] },
  { keys: ['down'], action: screenAction('row-down'), in: ['write'] },
  { keys: ['tab'], action: screenAction('complete'), in: ['write'] },
  { keys: ['S-tab'], action: screenAction('complete-back'), in: ['write'] },
  { keys: ['C-x C-e'], action: screenAction('external-editor'), in: ['write', 'normal'] },
  { keys: ['M-e'], action: command('emoji'), in: ['write'] },
  { keys: ['M-t'], action: screenAction('tray'), in: ['write', 'normal'] },
  // everywhere
  { keys: ['C-g', 'M-k'], action: command('palette'), in: ALL },
  { keys: ['f1', 'M-h'], action: command('help'), in: ALL },
  { keys: ['?'], action: command('help'), in: ['normal', 'welcome'] },
  { keys: ['escape'], action: screenAction('escape'), in: ROOM },
  { keys: ['C-c'], action: screenAction('interrupt'), in: [...ALL, 'search'] },
  { keys: ['C-d'], action: screenAction('delete-or-quit'), in: ['write', 'welcome'], as: 'quit' },
  { keys: ['C-d'], action: screenAction('delete-or-quit'), in: ['read'], profile: 'readline' },
  { keys: ['C-z'], action: screenAction('suspend'), in: [...ALL, 'search'] },
  { keys: ['C-l'], action: screenAction('redraw'), in: [...ALL, 'search'] },
  // rooms
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const).map(
    (n): Binding => ({ keys: [`M-${n % 10}`], action: screenAction(`room-${n}`), in: ALL }),
  ),
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map(
    (n): Binding => ({ keys: [`${n}`], action: screenAction(`room-${n}`), in: ['welcome'] }),
  ),
  { keys: ['C-n'], action: command('next'), in: ALL },
  { keys: ['C-p'], action: command('previous'), in: ALL },
  { keys: ['M-a'], action: command('unread-room'), in: ALL },
  { keys: ['M-/'], action: screenAction('last-room'), in: ALL },
  { keys: ['c'], action: command('create'), in: ['welcome'] },
  { keys: ['j'], action: command('join'), in: ['welcome'] },
  { keys: ['d'], action: command('link'), in: ['welcome'] },
  { keys: ['r'], action: command('recovery'), in: ['welcome'] },
  { keys: ['q'], action: command('quit'), in: ['welcome'] },
  // the timeline
  { keys: ['pageup', 'M-v'], action: screenAction('page-up'), in: ROOM },
  { keys: ['pagedown', 'C-v'], action: screenAction('page-down'), in: ROOM },
  { keys: ['M-home'], action: screenAction('top'), in: ROOM },
  { keys: ['M-end'], action: screenAction('bottom'), in: ROOM, as: 'newest' },
  { keys: ['home', 'g'], action: screenAction('focus-top'), in: ['read'], profile: 'readline' },
  { keys: ['end', 'G'], action: screenAction('focus-bottom'), in: ['read'], profile: 'readline' },
  { keys: ['M-u'], action: command('unread'), in: ROOM },
  { keys: ['C-s', 'C-r'], action: screenAction('search'), in: ROOM, as: 'search' },
  { keys: ['/'], action: screenAction('search'), in: LETTERS },
  { keys: ['enter'], action: screenAction('search-go'), in: ['search'] },
  { keys: ['escape', 'C-g'], action: screenAction('search-end'), in: ['search'] },
  { keys: ['up', 'C-s', 'C-r', 'C-p'], action: screenAction('hit-older'), in: ['search'] },
  { keys: ['down', 'C-n'], action: screenAction('hit-newer'), in: ['search'] },
  { keys: ['n'], action: screenAction('hit-older'), in: LETTERS },
  { keys: ['N'], action: screenAction('hit-newer'), in: LETTERS },
  { keys: ['C-o'], action: screenAction('jump-back'), in: ROOM },
  { keys: ['M-p'], action: screenAction('toggle-members'), in: ROOM, as: 'members' },
  { keys: ['M-m'], action: screenAction('toggle-mouse'), in: [...ALL, 'search'] },
  { keys: ['M-l'], action: screenAction('toggle-text-only'), in: ALL },
  { keys: ['M-i'], action: command('invite'), in: ROOM },
  // a message that has the focus
  { keys: ['M-up'], action: screenAction('focus-up'), in: ['write', 'read', 'normal'] },
  { keys: ['M-down'], action: screenAction('focus-down'), in: ['write', 'read', 'normal'] },
  { keys: ['up', 'k', 'K'], action: screenAction('focus-up'), in: LETTERS },
  { keys: ['down', 'j', 'J'], action: screenAction('focus-down'), in: LETTERS },
  { keys: ['r'], action: command('reply'), in: ['read'] },
  { keys: ['t'], action: command('thread'), in: ['read'] },
  { keys: ['e'], action: command('edit'), in: ['read'] },
  { keys: ['d'], action: command('delete'), in: ['read'] },
  { keys: ['+', ':'], action: command('react'), in: ['read'] },
  { keys: ['f'], action: command('forward'), in: ['read'] },
  { keys: ['P'], action: command('pin'), in: ['read'] },
  { keys: ['y'], action: command('copy'), in: ['read'] },
  { keys: ['Y'], action: command('copy-link'), in: ['read'] },
  { keys: ['Q'], action: command('quoted'), in: ['read'] },
  { keys: ['o'], action: screenAction('open-links'), in: ['read'] },
  { keys: ['p'], action: screenAction('open-file'), in: ['read'], as: 'show' },
  { keys: ['s'], action: command('save'), in: ['read'] },
  { keys: ['v'], action: command('author'), in: ['read'] },
  { keys: ['i'], action: command('inspect-message'), in: ['read'] },
  { keys: ['w'], action: command('cancel'), in: ['read'] },
  { keys: ['enter', '?'], action: screenAction('message-menu'), in: ['read'] },
  { keys: ['q'], action: screenAction('escape'), in: ['read'] },
  // vim
  { keys: ['i'], action: screenAction('insert'), in: ['normal'], profile: 'vim' },
  { keys: ['I'], action: screenAction('insert-start'), in: ['normal'], profile: 'vim' },
  { keys: ['a'], action: screenAction('append'), in: ['normal'], profile: 'vim' },
  { keys: ['A'], action: screenAction('append-end'), in: ['normal'], profile: 'vim' },
  { keys: ['h', 'left'], action: edit('left'), in: ['normal'], profile: 'vim' },
  { keys: ['l', 'right'], action: edit('right'), in: ['normal'], profile: 'vim' },
  { keys: ['w', 'e'], action: edit('word-right'), in: ['normal'], profile: 'vim' },
  { keys: ['b'], action: edit('word-left'), in: ['normal'], profile: 'vim' },
  { keys: ['0', '^', 'home'], action: edit('line-start'), in: ['normal'], profile: 'vim' },
  { keys: ['$', 'end'], action: edit('line-end'), in: ['normal'], profile: 'vim' },
  { keys: ['x', 'delete'], action: edit('delete-right'), in: ['normal'], profile: 'vim' },
  { keys: ['d d'], action: edit('kill-line'), in: ['normal'], profile: 'vim' },
  { keys: ['d w'], action: edit('kill-word-right'), in: ['normal'], profile: 'vim' },
  { keys: ['D'], action: edit('kill-right'), in: ['normal'], profile: 'vim' },
  { keys: ['p'], action: edit('yank'), in: ['normal'], profile: 'vim' },
  { keys: ['u'], action: edit('undo'), in: ['normal'], profile: 'vim' },
  { keys: [':'], action: screenAction('colon'), in: ['normal'], profile: 'vim' },
  { keys: ['g g'], action: screenAction('focus-top'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['G'], action: screenAction('focus-bottom'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['C-u'], action: screenAction('half-up'), in: ['normal', 'read'], profile: 'vim' },
  { keys: ['C-d'], action: screenAction('half-down'), in: ['normal', 'read'], profile: 'vim' },
];

/** The key bindings of a profile. */
export class Keymap {
  readonly #actions = new Map<string, KeyAction>();
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
          this.#actions.set(`${context} ${keys}`, binding.action);
          const names = keys.split(' ');
          for (let n = 1; n < names.length; n++) this.#begun.add(`${context} ${names.slice(0, n).join(' ')}`);
        }
  }

  /** @param keys pressed so far. @returns `more` when they begin a longer sequence; undefined when they are not bound */
  find(context: KeyContext, keys: string): KeyAction | 'more' | undefined {
    return (
      this.#actions.get(`${context} ${keys}`) ?? (this.#begun.has(`${context} ${keys}`) ? 'more' : undefined)
    );
  }

  /** The keys that run a command, as "Ctrl+G"; empty for none. */
  keysOf(name: string): string {
    const binding = this.#bindings.find(
      ({ action, as, in: contexts }) =>
        (as ?? ('command' in action ? action.command : undefined)) === name &&
        contexts.some((one) => one !== 'welcome'),
    );
    return binding === undefined ? '' : written(binding.keys[0] ?? '');
  }

  /** The keys of an action of the screen; empty for none. */
  screenKeysOf(name: ScreenActionName): string {
    const binding = this.#bindings.find(({ action }) => 'screen' in action && action.screen === name);
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
