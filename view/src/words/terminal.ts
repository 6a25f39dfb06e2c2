import type { Platform } from '../chat/platform.ts';
import { english } from './english.ts';
import type { Formats } from './formats.ts';
import type { Catalogue } from './words.ts';

/** What the terminal says, in English: the view's text, and its own under `terminal`. */
export const terminalEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type TerminalText = ReturnType<typeof text>;

function text(f: Formats) {
  return { ...english.text(f), terminal: { writingKeys: WRITING_KEYS, settings: SETTINGS } };
}

/** How text is written, for help. */
const WRITING_KEYS: Platform['writingKeys'] = [
  { keys: 'Enter', usage: 'send', text: 'Alt+Enter or Ctrl+J begins a line; //word sends a slash' },
  { keys: 'Tab', usage: 'complete', text: '@member, :emoji: or /command; Up and Down choose' },
  {
    keys: 'Up',
    usage: 'edit',
    text: 'In an empty field: changes your last message; else what you sent before',
  },
  { keys: 'Ctrl+X Ctrl+E', usage: 'editor', text: 'Writes in the editor of VISUAL or EDITOR' },
  {
    keys: 'Ctrl+A E W U',
    usage: 'readline',
    text: 'Moves and cuts as a shell does, Ctrl+K and Ctrl+Y too; Ctrl+_ takes back',
  },
  {
    keys: 'Esc, Alt+Up',
    usage: 'messages',
    text: 'Goes to the messages: j and k move, Enter shows what can be done',
  },
  { keys: 'o', usage: 'open', text: 'On a message: opens its link' },
  { keys: 'PgUp, PgDn', usage: 'scroll', text: 'Alt+Home and Alt+End go to the ends' },
  { keys: 'Ctrl+S', usage: 'search', text: 'n and N go through what was found, Esc ends it' },
  {
    keys: 'Alt+1…0',
    usage: 'rooms',
    text: 'Alt+/ goes to the room before, Alt+A to the next with something new',
  },
  { keys: 'Alt+P', usage: 'members', text: 'Shows or hides who is in' },
  {
    keys: 'Alt+L',
    usage: 'bare',
    text: 'Leaves nothing but text, for selecting with the mouse; Alt+M frees the mouse',
  },
  { keys: 'Ctrl+Z', usage: 'suspend', text: 'Puts the chat into the background of the shell' },
];

/** The terminal's own settings. */
const SETTINGS: Platform['settings'] = [
  {
    name: 'keys',
    label: 'Keys',
    value: 'readline',
    hint: '',
    type: 'choice',
    choices: [
      { value: 'readline', label: 'as in a shell' },
      { value: 'vim', label: 'as in vim' },
    ],
  },
  {
    name: 'mouse',
    label: 'Use the mouse',
    value: 'on',
    hint: 'Shift selects text all the same.',
    type: 'toggle',
    choices: [],
  },
];
