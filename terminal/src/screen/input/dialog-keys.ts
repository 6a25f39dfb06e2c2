import type { Actions } from '@gochat/view/actions';
import type { Dialog, Field, FormDialog } from '@gochat/view/dialog';
import { EDITS, type Editor, EMPTY, insert, replace } from '../edit/editor.ts';
import type { Input } from '../terminal/input-decoder.ts';
import type { DialogUi } from '../ui-state.ts';

type Answers = Pick<Actions, 'submit' | 'pick' | 'filter' | 'close'>;

/** Where a reader begins in a dialog that has just come. */
export function beginDialog(dialog: Dialog): DialogUi {
  const values =
    dialog.kind === 'form' ? Object.fromEntries(dialog.fields.map((f) => [f.name, f.value])) : {};
  // The first field that isn't filled yet is what is asked for.
  const empty =
    dialog.kind === 'form'
      ? dialog.fields.findIndex((field) => field.type === 'text' && field.value === '')
      : 0;
  // What can't be undone isn't done by a key that was meant for something else.
  const index = dialog.kind === 'form' && dialog.danger ? dialog.fields.length + 1 : Math.max(0, empty);
  const text =
    dialog.kind === 'form'
      ? textOf(dialog, values, index)
      : 'text' in dialog && typeof dialog.text === 'string'
        ? dialog.text
        : '';
  return {
    tick: dialog.tick,
    index,
    values,
    editor: replace(EMPTY, text),
    scroll: 0,
    untouched: dialog.kind === 'form',
  };
}

function textOf(dialog: FormDialog, values: Readonly<Record<string, string>>, index: number): string {
  const field = dialog.fields[index];
  return field?.type === 'text' ? (values[field.name] ?? field.value) : '';
}

/** How many things of a dialog can have the focus. */
function countOf(dialog: Dialog): number {
  if (dialog.kind === 'form') return dialog.fields.length + 2;
  return 'items' in dialog ? dialog.items.length : 0;
}

/** What a key does to a dialog. @returns where the reader is then; what was chosen is told to `answers` */
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
      return listKey(dialog, ui, input, answers);
    case 'invite':
      if (input.kind === 'key' && ['enter', 'y', 'c'].includes(input.name) && dialog.link !== '')
        answers.pick('copy');
      return ui;
    case 'help':
    case 'inspect':
      if (input.kind === 'key' && ['q', 'enter'].includes(input.name)) answers.close();
      return input.kind === 'key' ? { ...ui, scroll: scrollBy(input.name, ui.scroll, most) } : ui;
    default:
      return dialog satisfies never;
  }
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

/** The next item up or down, around the ends. */
function stepped(name: string, index: number, count: number): number | undefined {
  if (count === 0) return undefined;
  const by: Readonly<Record<string, number>> = { up: -1, 'C-p': -1, 'S-tab': -1, down: 1, 'C-n': 1, tab: 1 };
  if (by[name] !== undefined) return (index + by[name] + count) % count;
  if (name === 'pageup' || name === 'home') return 0;
  return name === 'pagedown' || name === 'end' ? count - 1 : undefined;
}

function listKey(
  dialog: Extract<Dialog, { kind: 'menu' | 'invites' | 'member' }>,
  ui: DialogUi,
  input: Extract<Input, { kind: 'key' | 'paste' }>,
  answers: Answers,
): DialogUi {
  if (input.kind === 'paste') return ui;
  const names =
    dialog.kind === 'invites'
      ? dialog.items.map(({ id, mayRevoke }) => (mayRevoke ? id : undefined))
      : dialog.items.map(({ name }) => name);
  const moved = stepped(
    input.name === 'k' ? 'up' : input.name === 'j' ? 'down' : input.name,
    ui.index,
    names.length,
  );
  if (moved !== undefined) return { ...ui, index: moved };
  const chosen = names[ui.index];
  if (input.name === 'enter' && chosen !== undefined) answers.pick(chosen);
  // The letter that stands beside an item is its own.
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
    // Home and End belong to the text.
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
  const onButton = field === undefined && (name === 'left' || name === 'right');
  if (name === 'enter') {
    if (ui.index > dialog.fields.length) answers.close();
    else if (!dialog.busy) answers.submit(ui.values);
    return ui;
  }
  const choosing = field?.type === 'choice' && ['up', 'down', 'left', 'right', ' '].includes(name);
  if (choosing) return valued(ui, field, choiceOf(field, ui, name === 'up' || name === 'left' ? -1 : 1));
  const moved = stepped(onButton ? (name === 'left' ? 'up' : 'down') : name, ui.index, countOf(dialog));
  if (moved !== undefined && name !== 'home' && name !== 'end')
    return { ...ui, index: moved, editor: replace(EMPTY, textOf(dialog, ui.values, moved)), untouched: true };
  if (field === undefined) return ui;
  if (field.type === 'toggle')
    return name === ' ' ? valued(ui, field, ui.values[field.name] === 'on' ? '' : 'on') : ui;
  if (field.type === 'choice') return ui;
  const isText = input.kind === 'paste' || input.text !== '' || name === 'backspace';
  const editor = edited(ui.untouched && isText ? EMPTY : ui.editor, input);
  return { ...valued(ui, field, editor.text), editor, untouched: false };
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

/** A field of one line: what is pasted loses its line feeds. */
function edited(editor: Editor, input: Extract<Input, { kind: 'key' | 'paste' }>): Editor {
  if (input.kind === 'paste') return insert(editor, input.text.replace(/\s*\n\s*/g, ' ').trim());
  const name = KEYS[input.name];
  if (name !== undefined) return EDITS[name](editor);
  return input.text === '' ? editor : insert(editor, input.text, 'type');
}

/** A click on an item of a dialog. */
export function dialogClick(dialog: Dialog, ui: DialogUi, index: number, answers: Answers): DialogUi {
  if (dialog.kind !== 'form') {
    const item = 'items' in dialog ? dialog.items[index] : undefined;
    if (item === undefined) return ui;
    if ('mayRevoke' in item) {
      if (item.mayRevoke) answers.pick(item.id);
    } else answers.pick('emoji' in item ? item.emoji : item.name);
    return { ...ui, index };
  }
  const field = dialog.fields[index];
  if (field === undefined) return ui;
  const text = textOf(dialog, ui.values, index);
  const there = { ...ui, index, editor: replace(EMPTY, text), untouched: false };
  if (field.type === 'toggle') return valued(there, field, ui.values[field.name] === 'on' ? '' : 'on');
  return field.type === 'choice' ? valued(there, field, choiceOf(field, ui, 1)) : there;
}
