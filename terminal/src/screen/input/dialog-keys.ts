import type { Actions } from '@gochat/view/actions';
import type { Dialog, Field, FormDialog, InviteDialog } from '@gochat/view/dialog';
import { EDITS, type Editor, EMPTY, insert, replace } from '../edit/editor.ts';
import type { Input } from '../terminal/input-decoder.ts';
import type { DialogUi } from '../ui-state.ts';

type Answers = Pick<Actions, 'submit' | 'pick' | 'filter' | 'close'>;

/** The state of a dialog that has just opened. */
export function beginDialog(dialog: Dialog): DialogUi {
  if (dialog.kind === 'form') return beginForm(dialog);
  const text = 'text' in dialog && typeof dialog.text === 'string' ? dialog.text : '';
  return {
    tick: dialog.tick,
    index: 0,
    values: {},
    editor: replace(EMPTY, text),
    scroll: 0,
    untouched: false,
    revealed: false,
  };
}

function beginForm(dialog: FormDialog): DialogUi {
  const values = Object.fromEntries(dialog.fields.map((field) => [field.name, field.value]));
  const asked = dialog.fields.findIndex(({ name }) => name === dialog.focus);
  const empty = dialog.fields.findIndex((field) => isTyped(field) && field.value === '');
  // Without a field to begin with, the first empty one has the focus. In front of a dangerous action it is the button that cancels.
  const index = dialog.danger ? submitIndex(dialog) + 1 : asked === -1 ? Math.max(0, empty) : asked;
  const editor = replace(EMPTY, textOf(dialog, values, index));
  return { tick: dialog.tick, index, values, editor, scroll: 0, untouched: true, revealed: false };
}

function textOf(dialog: FormDialog, values: Readonly<Record<string, string>>, index: number): string {
  const field = dialog.fields[index];
  return field !== undefined && isTyped(field) ? (values[field.name] ?? field.value) : '';
}

function isTyped({ type }: Field): boolean {
  return type === 'text' || type === 'secret';
}

/** What a form leads to besides its answers. */
function leadsOf({ more }: FormDialog): readonly string[] {
  return more?.items.map(({ name }) => name) ?? [];
}

/** The place of a form's first button: after the fields and what the form leads to. The other button follows. */
export function submitIndex(dialog: FormDialog): number {
  return dialog.fields.length + leadsOf(dialog).length;
}

/** How many items of a dialog can have the focus. */
function countOf(dialog: Dialog): number {
  if (dialog.kind === 'form') return submitIndex(dialog) + 2;
  return 'items' in dialog ? dialog.items.length : 0;
}

/** Handles a key or a paste in a dialog. @param answers is called with what the user chose. @returns the dialog's state after it */
export function dialogKey(
  dialog: Dialog,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  answers: Answers,
  most: { readonly scroll: number; readonly page: number },
): DialogUi {
  if (input.kind === 'key' && (input.name === 'escape' || input.name === 'C-c' || input.name === 'C-g')) {
    answers.close();
    return ui;
  }
  switch (dialog.kind) {
    case 'form':
      return formKey(dialog, ui, input, answers);
    case 'palette':
    case 'emoji':
      return filterKey(dialog, ui, input, answers);
    case 'menu':
    case 'invites':
    case 'member':
    case 'devices':
    case 'device':
      return listKey(dialog, ui, input, answers);
    case 'invite':
      if (input.kind === 'key' && dialog.link !== '') inviteKey(dialog, input.name, answers);
      return ui;
    case 'picture':
      if (input.kind === 'key') pictureKey(input.name, answers);
      return ui;
    case 'help':
    case 'inspect':
      if (input.kind === 'key' && ['q', 'enter'].includes(input.name)) answers.close();
      return input.kind === 'key' ? { ...ui, scroll: scrollBy(input.name, ui.scroll, most) } : ui;
    default:
      return dialog satisfies never;
  }
}

function inviteKey({ mayRevoke, paper }: InviteDialog, key: string, answers: Answers): void {
  if (['enter', 'y', 'c'].includes(key)) answers.pick('copy');
  else if (key === 't' && paper === undefined) answers.pick('terms');
  else if (key === 'w' && mayRevoke) answers.pick('revoke');
}

function pictureKey(key: string, answers: Answers): void {
  if (['left', 'h', 'p'].includes(key)) answers.pick('previous');
  else if (['right', 'l', 'n'].includes(key)) answers.pick('next');
  else if (key === 's') answers.pick('save');
  else if (key === 'o') answers.pick('open');
  else if (key === 'q') answers.close();
}

function scrollBy(name: string, at: number, { scroll, page }: { scroll: number; page: number }): number {
  const by: Readonly<Record<string, number>> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageup: -page,
    pagedown: page,
    ' ': page,
    home: -scroll,
    end: scroll,
    g: -scroll,
    G: scroll,
  };
  return Math.max(0, Math.min(scroll, Math.min(at, scroll) + (by[name] ?? 0)));
}

/** The index of the next item, wrapping around the ends; undefined when the key moves nothing. */
function stepped(name: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const by: Readonly<Record<string, number>> = { up: -1, 'C-p': -1, 'S-tab': -1, down: 1, 'C-n': 1, tab: 1 };
  if (by[name] !== undefined) return (index + by[name] + count) % count;
  if (name === 'pageup' || name === 'home') return 0;
  return name === 'pagedown' || name === 'end' ? count - 1 : undefined;
}

type ListDialog = Extract<Dialog, { kind: 'menu' | 'invites' | 'member' | 'devices' | 'device' }>;

/** What picking each item of a list answers; undefined for an item that does nothing. */
function namesIn(dialog: ListDialog): readonly (string | undefined)[] {
  if (dialog.kind === 'invites')
    return dialog.items.map(({ id, mayRevoke, hasLink }) => (mayRevoke || hasLink ? id : undefined));
  const items = dialog.kind === 'devices' ? [...dialog.items, ...dialog.more] : dialog.items;
  return items.map(({ name }) => name);
}

function listKey(
  dialog: ListDialog,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  answers: Answers,
): DialogUi {
  if (input.kind === 'paste') return ui;
  const names = namesIn(dialog);
  const moved = stepped(
    input.name === 'k' ? 'up' : input.name === 'j' ? 'down' : input.name,
    ui.index,
    names.length,
  );
  if (moved !== undefined) return { ...ui, index: moved };
  const chosen = names[ui.index];
  if (input.name === 'enter' && chosen !== undefined) answers.pick(chosen);
  // A menu shows the letter of each item as its hint.
  const byLetter = dialog.kind === 'menu' ? dialog.items.find(({ hint }) => hint === input.name) : undefined;
  if (byLetter !== undefined) answers.pick(byLetter.name);
  return ui;
}

function filterKey(
  dialog: Extract<Dialog, { kind: 'palette' | 'emoji' }>,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  answers: Answers,
): DialogUi {
  const names =
    dialog.kind === 'palette' ? dialog.items.map(({ name }) => name) : dialog.items.map(({ emoji }) => emoji);
  if (input.kind === 'key') {
    const index = Math.min(ui.index, Math.max(0, names.length - 1));
    const moved = stepped(input.name, index, names.length);
    // Home and End move in the text.
    if (moved !== undefined && input.name !== 'home' && input.name !== 'end') return { ...ui, index: moved };
    if (input.name === 'enter') {
      const chosen = names[index];
      if (chosen !== undefined) answers.pick(chosen);
      return ui;
    }
  }
  const editor = edited(ui.editor, input);
  if (editor.text === ui.editor.text) return { ...ui, editor };
  answers.filter(editor.text);
  return { ...ui, editor, index: 0 };
}

function formKey(
  dialog: FormDialog,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  answers: Answers,
): DialogUi {
  const field = dialog.fields[ui.index];
  const name = input.kind === 'key' ? input.name : '';
  if (name === 'enter') {
    const leads = leadsOf(dialog)[ui.index - dialog.fields.length];
    if (ui.index > submitIndex(dialog)) answers.close();
    else if (leads !== undefined) answers.pick(leads);
    else if (!dialog.busy) answers.submit(ui.values);
    return ui;
  }
  if (field?.type === 'choice' && CHOICE_STEPS[name] !== undefined)
    return valued(ui, field, choiceOf(field, ui, CHOICE_STEPS[name]));
  if (field?.type === 'secret' && name === REVEAL) return { ...ui, revealed: !ui.revealed };
  return movedInForm(dialog, ui, name) ?? (field === undefined ? ui : fieldKey(field, ui, input, name));
}

/** Shows what is typed into a secret field, and hides it. */
const REVEAL = 'M-v';

/** The keys that step through the choices of a field. */
const CHOICE_STEPS: Readonly<Record<string, 1 | -1>> = { up: -1, left: -1, down: 1, right: 1, ' ': 1 };

/** The form's state when a key moves the focus; undefined for other keys. Home and End move in the text of a field. */
function movedInForm(dialog: FormDialog, ui: DialogUi, name: string): DialogUi | undefined {
  if (name === 'home' || name === 'end') return undefined;
  const isButton = ui.index >= dialog.fields.length;
  const key = isButton && name === 'left' ? 'up' : isButton && name === 'right' ? 'down' : name;
  const index = stepped(key, ui.index, countOf(dialog));
  if (index === undefined) return undefined;
  return { ...ui, index, editor: replace(EMPTY, textOf(dialog, ui.values, index)), untouched: true };
}

function fieldKey(
  field: Field,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  name: string,
): DialogUi {
  if (field.type === 'choice') return ui;
  if (field.type === 'toggle') return name === ' ' ? toggled(ui, field) : ui;
  const isText = input.kind === 'paste' || input.text !== '' || name === 'backspace';
  const editor = edited(ui.untouched && isText ? EMPTY : ui.editor, input);
  return { ...valued(ui, field, editor.text), editor, untouched: false };
}

function toggled(ui: DialogUi, field: Field): DialogUi {
  return valued(ui, field, ui.values[field.name] === 'on' ? '' : 'on');
}

function valued(ui: DialogUi, field: Field, value: string): DialogUi {
  return { ...ui, values: { ...ui.values, [field.name]: value } };
}

function choiceOf(field: Field, ui: DialogUi, by: 1 | -1): string {
  const at = field.choices.findIndex(({ value }) => value === (ui.values[field.name] ?? field.value));
  const { length } = field.choices;
  return field.choices[(at + by + length) % Math.max(1, length)]?.value ?? '';
}

const KEYS: Readonly<Record<string, keyof typeof EDITS>> = {
  left: 'left',
  'C-b': 'left',
  right: 'right',
  'C-f': 'right',
  home: 'line-start',
  'C-a': 'line-start',
  end: 'line-end',
  'C-e': 'line-end',
  'M-b': 'word-left',
  'C-left': 'word-left',
  'M-f': 'word-right',
  'C-right': 'word-right',
  backspace: 'backspace',
  'C-h': 'backspace',
  delete: 'delete-right',
  'C-d': 'delete-right',
  'C-w': 'kill-word-left',
  'M-backspace': 'kill-part-left',
  'M-d': 'kill-word-right',
  'C-u': 'kill-left',
  'C-k': 'kill-right',
  'C-y': 'yank',
  'C-_': 'undo',
};

/** Edits a field of one line: line feeds of a paste become blanks. */
function edited(editor: Editor, input: Extract<Input, { kind: 'key' | 'paste' }>): Editor {
  if (input.kind === 'paste') return insert(editor, input.text.replace(/\s*\n\s*/g, ' ').trim());
  const name = KEYS[input.name];
  if (name !== undefined) return EDITS[name](editor);
  return input.text === '' ? editor : insert(editor, input.text, 'type');
}

function itemsOf(dialog: Exclude<Dialog, { kind: 'form' }>) {
  return 'items' in dialog ? dialog.items : [];
}

/** A click on an item of a dialog. */
export function dialogClick(dialog: Dialog, ui: DialogUi, index: number, answers: Answers): DialogUi {
  if (dialog.kind !== 'form') {
    const all = dialog.kind === 'devices' ? [...dialog.items, ...dialog.more] : itemsOf(dialog);
    const item = all[index];
    if (item === undefined) return ui;
    if ('mayRevoke' in item) {
      if (item.mayRevoke || item.hasLink) answers.pick(item.id);
    } else answers.pick('emoji' in item ? item.emoji : item.name);
    return { ...ui, index };
  }
  const field = dialog.fields[index];
  const leads = leadsOf(dialog)[index - dialog.fields.length];
  if (leads !== undefined) answers.pick(leads);
  if (field === undefined) return ui;
  const text = textOf(dialog, ui.values, index);
  const there = { ...ui, index, editor: replace(EMPTY, text), untouched: false };
  if (field.type === 'toggle') return toggled(there, field);
  return field.type === 'choice' ? valued(there, field, choiceOf(field, ui, 1)) : there;
}
