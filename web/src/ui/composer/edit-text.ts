import { hasCommandKey, letterOf } from '../command-key.ts';

/** Browsers need seconds to insert or delete more lines than this as a step of their own undo: Chromium a time that grows with their square. */
const MOST_LINES = 100;

/** The last edit of a field that the browser's own undo doesn't know. */
const longEdits = new WeakMap<HTMLTextAreaElement, { readonly before: string; readonly after: string }>();

/**
 * Replaces a part of a field's text as one step that the browser's own undo undoes, or {@link undoLongEdit} if it is long, and sets the cursor after it. The field gets the
 * focus. No `input` event reaches the field's listeners.
 * @param from UTF-16 offset, as is `to`
 */
export function replaceText(box: HTMLTextAreaElement, from: number, to: number, text: string): void {
  if (from === to && text === '') return;
  const before = box.value;
  const after = before.slice(0, from) + text + before.slice(to);
  box.addEventListener('input', stop, true);
  box.focus({ preventScroll: true });
  box.setSelectionRange(from, to);
  // It is marked as deprecated, and is the only way to edit that browsers can undo.
  if (linesIn(text) <= MOST_LINES && linesIn(before.slice(from, to)) <= MOST_LINES)
    document.execCommand(text === '' ? 'delete' : 'insertText', false, text);
  box.removeEventListener('input', stop, true);
  // A browser refuses where the field can't have the focus.
  if (box.value !== after) {
    box.value = after;
    longEdits.set(box, { before, after });
  }
  box.setSelectionRange(from + text.length, from + text.length);
}

/** Takes a long edit back, or makes it again, if nothing was written since. @returns whether the key did so */
export function undoLongEdit(box: HTMLTextAreaElement, event: KeyboardEvent): boolean {
  const edit = longEdits.get(box);
  if (edit === undefined || !hasCommandKey(event) || event.altKey) return false;
  const key = `${event.shiftKey ? 'Shift+' : ''}${letterOf(event)}`;
  if (key === 'z' && box.value === edit.after) box.value = edit.before;
  else if ((key === 'y' || key === 'Shift+z') && box.value === edit.before) box.value = edit.after;
  else return false;
  return true;
}

function linesIn(text: string): number {
  return text.split('\n').length;
}

function stop(event: Event): void {
  event.stopImmediatePropagation();
}

/** The smallest part in which two texts differ: `[from, to)` of `before` became `text`. No character is split, however many code points it has. */
export function difference(
  before: string,
  after: string,
): { readonly from: number; readonly to: number; readonly text: string } {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  while (!isBetween(before, from) || !isBetween(after, from)) from--;
  let same = 0;
  while (same < most - from && before.at(-1 - same) === after.at(-1 - same)) same++;
  while (!isBetween(before, before.length - same) || !isBetween(after, after.length - same)) same--;
  return { from, to: before.length - same, text: after.slice(from, after.length - same) };
}

/** Whether an offset is certainly between two characters: at an end of the text, or between two of ASCII. */
function isBetween(text: string, at: number): boolean {
  return at <= 0 || at >= text.length || /^[\n -~]{2}$/.test(text.slice(at - 1, at + 1));
}
