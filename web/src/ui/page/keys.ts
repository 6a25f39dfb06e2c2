import type { Actions } from '@gochat/view/actions';
import type { CommandName } from '@gochat/view/command';
import type { Row } from '@gochat/view/row';
import type { Snapshot } from '@gochat/view/snapshot';
import { hasCommandKey, isApple, isTextKey, keyNames, letterOf } from '../command-key.ts';
import { isComposingKey } from '../composing-key.ts';
import { isInPressedRow } from '../timeline/pressed-row.ts';

/** What keys do on the page itself, besides commands. */
export type PageKey =
  | 'search-panel'
  | 'details'
  | 'attach'
  | 'next-landmark'
  | 'previous-landmark'
  | 'first-row'
  | 'reply-up'
  | 'reply-down';

type Does = { readonly command: CommandName } | { readonly page: PageKey } | { readonly room: number };

export interface Binding {
  /** Such as `Ctrl+Shift+K`: modifiers in this order, then the browser's name of the key, with letters in capitals. */
  readonly keys: string;
  readonly does: Does;
  /** Works only while a message has the focus that was reached by keys. These are single letters, which a setting turns off (WCAG 2.1.4). */
  readonly onMessage?: true;
}

const command = (keys: string, name: CommandName): Binding => ({ keys, does: { command: name } });
const onMessage = (keys: string, name: CommandName): Binding => ({
  keys,
  does: { command: name },
  onMessage: true,
});
const page = (keys: string, name: PageKey): Binding => ({ keys, does: { page: name } });

/** All key bindings of the page. */
const BINDINGS: readonly Binding[] = [
  command('Ctrl+K', 'palette'),
  command('Ctrl+/', 'help'),
  command('Alt+ArrowDown', 'next'),
  command('Alt+ArrowUp', 'previous'),
  command('Alt+Shift+ArrowDown', 'unread-room'),
  command('Shift+PageUp', 'unread'),
  command('Ctrl+End', 'newest'),
  page('Ctrl+Home', 'first-row'),
  page('Ctrl+F', 'search-panel'),
  page('Ctrl+.', 'details'),
  page('Ctrl+Shift+U', 'attach'),
  page('F6', 'next-landmark'),
  page('Ctrl+F6', 'previous-landmark'),
  page('Ctrl+ArrowUp', 'reply-up'),
  page('Ctrl+ArrowDown', 'reply-down'),
  ...Array.from({ length: 9 }, (_, i): Binding => ({ keys: `Alt+${i + 1}`, does: { room: i } })),
  onMessage('R', 'reply'),
  onMessage('T', 'thread'),
  onMessage('E', 'edit'),
  onMessage('+', 'react'),
  onMessage(':', 'react'),
  onMessage('D', 'delete'),
  onMessage('F', 'forward'),
  onMessage('P', 'pin'),
  onMessage('Y', 'copy'),
  onMessage('L', 'copy-link'),
  onMessage('>', 'quoted'),
  onMessage('V', 'author'),
  onMessage('I', 'inspect-message'),
  { keys: '?', does: { command: 'help' }, onMessage: true },
];

/** The keys of a command as help shows them. */
export function keysOf(name: string): string {
  return BINDINGS.filter(({ does }) => 'command' in does && does.command === name)
    .map(({ keys }) => keyNames(keys))
    .join(', ');
}

/** How an event's keys are written in the table. */
function written(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? letterOf(event).toUpperCase() : event.key;
  // A character such as `?` needs Shift on some keyboards and not on others.
  const shift = event.shiftKey && (event.key.length > 1 || /\p{L}/u.test(event.key));
  const digit = event.altKey && /^Digit[1-9]$/.test(event.code) ? event.code.slice(-1) : key;
  return [
    hasCommandKey(event) || event.ctrlKey ? 'Ctrl' : '',
    event.altKey ? 'Alt' : '',
    shift ? 'Shift' : '',
    digit,
  ]
    .filter((part) => part !== '')
    .join('+');
}

/** In a text that isn't empty these move the cursor, or select. */
const MOVES = /^(?:Ctrl\+(?:Home|End)|Shift\+PageUp)$/;
const APPLE_MOVES = /^(?:Ctrl|Alt)\+(?:Shift\+)?Arrow(?:Up|Down)$/;

interface Handling {
  readonly actions: Actions;
  readonly snapshot: Snapshot;
  readonly page: (name: PageKey) => void;
}

/** Runs what a key is bound to. @returns whether it is bound. */
export function handleKey(event: KeyboardEvent, { actions, snapshot, page: doPage }: Handling): boolean {
  if (snapshot.dialog !== undefined || isComposingKey(event)) return false;
  const element = event.target instanceof HTMLElement ? event.target : undefined;
  const writing = element?.closest('input, textarea, select') !== null && element !== undefined;
  const row = element?.closest<HTMLElement>('[data-key]')?.dataset.key;
  const keys = written(event);
  if (writing && isTextKey(event)) return false;
  const moving = writing && element instanceof HTMLTextAreaElement && element.value !== '';
  if (moving && (isApple() ? APPLE_MOVES : MOVES).test(keys)) return false;
  if (row !== undefined && !writing && keys === 'Enter' && element?.dataset.key === row) {
    actions.menu(row);
    return true;
  }
  const letters = snapshot.settings.letters !== 'off' && !isInPressedRow(event.target);
  const found = BINDINGS.find((binding) => {
    if (
      binding.keys !== keys &&
      !(binding.onMessage === true && binding.keys === keys.replace(/^Shift\+/, ''))
    )
      return false;
    return binding.onMessage !== true || (letters && row !== undefined && !writing);
  });
  if (found === undefined) return false;
  const { does } = found;
  if ('page' in does) doPage(does.page);
  else if ('room' in does) {
    const room = snapshot.rooms[does.room];
    if (room === undefined) return false;
    actions.open(room.id);
  } else actions.run(does.command, '', found.onMessage === true ? row : undefined);
  return true;
}

/** Whether a key writes a character while nothing has the focus, or a message that was pressed, or the timeline around the messages. */
export function isTyped(event: KeyboardEvent): boolean {
  const { activeElement } = document;
  const nowhere =
    activeElement === null ||
    activeElement === document.body ||
    activeElement.matches('.timeline') ||
    // The space bar presses a button.
    (isInPressedRow(activeElement) && event.key !== ' ');
  return nowhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** The key of the message above (-1) or below (1) the one that is replied to; at first, of the newest message. */
export function replyNeighbour(
  rows: readonly Row[],
  key: string | undefined,
  by: 1 | -1,
): string | undefined {
  const messages = rows.filter((row) => row.kind === 'message' && row.seq !== '');
  const at = key === undefined ? messages.length : messages.findIndex((row) => row.key === key);
  return messages[at + by]?.key;
}
