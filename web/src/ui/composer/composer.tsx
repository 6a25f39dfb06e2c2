import type { Actions } from '@gochat/view/actions';
import type { Completion, Composer } from '@gochat/view/snapshot';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { hasCommandKey, letterOf } from '../command-key.ts';
import { isComposingKey } from '../composing-key.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';
import { difference, replaceText, undoLongEdit } from './edit-text.ts';
import { attached } from './text-file.ts';

interface ComposerProps {
  readonly composer: Composer;
  readonly typing: string;
  /** Whether Enter sends. If not, Enter starts a new line and Ctrl+Enter sends. */
  readonly enterSends: boolean;
  readonly actions: Actions;
}

export const COMPOSER_ID = 'composer';
const LIST_ID = 'suggestions';
const MARKS: Readonly<Record<string, string>> = { b: '**', i: '*', e: '`' };

export function ComposerView({ composer, typing, enterSends, actions }: ComposerProps) {
  const text = useText().composer;
  const field = useRef<HTMLTextAreaElement>(null);
  const taken = useRef<{ readonly box: HTMLTextAreaElement; readonly tick: number } | undefined>(undefined);

  useLayoutEffect(() => {
    const box = field.current;
    if (box === null || (taken.current?.box === box && taken.current.tick === composer.tick)) return;
    const isNew = taken.current?.box !== box;
    // A room that opens again has another field, which is still empty.
    taken.current = { box, tick: composer.tick };
    takeOver(box, composer);
    if (!isNew || matchMedia('(pointer: fine)').matches) box.focus({ preventScroll: true });
    grow(box);
  }, [composer.mode, composer.tick, composer.text]);

  useLayoutEffect(() => {
    if (composer.mode === 'edit' || composer.reply !== undefined) field.current?.focus();
  }, [composer.mode, composer.reply]);

  if (composer.mode === 'closed') {
    return (
      <div class="composer closed" role="status">
        <Icon name="eye" /> <p>{composer.hint}</p>
      </div>
    );
  }

  const changed = (box: HTMLTextAreaElement) => {
    grow(box);
    actions.type(box.value, box.selectionStart);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const box = event.currentTarget as HTMLTextAreaElement;
    if (isComposingKey(event)) return;
    if (composer.completion !== undefined && completes(event, composer.completion, actions)) return;
    if (undoLongEdit(box, event)) {
      event.preventDefault();
      changed(box);
      return;
    }
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (
      event.key === 'Enter' &&
      !event.shiftKey &&
      !event.altKey &&
      (event.ctrlKey || event.metaKey || enterSends)
    ) {
      event.preventDefault();
      actions.send();
    } else if (event.key === 'ArrowUp' && plain && box.value === '' && actions.editLast())
      event.preventDefault();
    else if (event.key === 'Escape' && actions.cancel()) {
      event.preventDefault();
      event.stopPropagation();
    } else if (hasCommandKey(event) && !event.altKey && Object.hasOwn(MARKS, letterOf(event))) {
      event.preventDefault();
      wrap(box, MARKS[letterOf(event)] ?? '');
      changed(box);
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0 && event.clipboardData?.types.includes('text/plain') !== true) {
      event.preventDefault();
      actions.attach(files.map(attached));
      return;
    }
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const box = event.currentTarget as HTMLTextAreaElement;
    if (pasted.split('\n').length <= 3 && !(box.selectionStart === 0 && pasted.startsWith('/'))) return;
    event.preventDefault();
    if (box.selectionStart !== box.selectionEnd) {
      replaceText(box, box.selectionStart, box.selectionEnd, '');
      changed(box);
    }
    actions.paste(pasted, box.selectionStart);
  };
  const { completion } = composer;
  return (
    <div class="composer">
      {composer.reply !== undefined && (
        <div class={`above colour-${composer.reply.colour}`}>
          <Icon name="reply" />
          <p>
            <bdi class="name">{text.replying(composer.reply.from)}</bdi>{' '}
            <span dir="auto">{composer.reply.text}</span>
          </p>
          <Cancel label={text.cancelReply} actions={actions} />
        </div>
      )}
      {composer.mode === 'edit' && (
        <div class="above">
          <Icon name="pencil" />
          <p>{text.editing}</p>
          <Cancel label={text.cancelEdit} actions={actions} />
        </div>
      )}
      {completion !== undefined && <Suggestions completion={completion} actions={actions} />}
      <div class="field">
        <button
          type="button"
          class="quiet"
          aria-label={text.emoji}
          title={text.emoji}
          onMouseDown={keepFocus}
          onClick={() => actions.run('emoji')}
        >
          <Icon name="smile" />
        </button>
        <textarea
          id={COMPOSER_ID}
          ref={field}
          rows={1}
          aria-label={text.label}
          placeholder={composer.hint}
          enterkeyhint={enterSends ? 'send' : 'enter'}
          autocomplete="off"
          aria-autocomplete="list"
          aria-controls={completion === undefined ? undefined : LIST_ID}
          aria-activedescendant={
            completion?.selected === undefined ? undefined : `${LIST_ID}-${completion.selected}`
          }
          onInput={(event) => changed(event.currentTarget as HTMLTextAreaElement)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <button
          type="button"
          class="accent"
          aria-label={text.send}
          title={text.send}
          disabled={composer.text.trim() === '' || composer.tooLong}
          onMouseDown={keepFocus}
          onClick={() => actions.send()}
        >
          <Icon name={composer.mode === 'edit' ? 'check' : 'send'} />
        </button>
      </div>
      <p
        class={`typing${composer.space === '' ? '' : ' space'}${composer.tooLong ? ' error' : ''}`}
        role="status"
      >
        {composer.space || composer.note || typing}
      </p>
    </div>
  );
}

function Cancel({ label, actions }: { readonly label: string; readonly actions: Actions }) {
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={label}
      title={label}
      onClick={() => actions.cancel()}
    >
      <Icon name="close" />
    </button>
  );
}

function Suggestions({
  completion,
  actions,
}: {
  readonly completion: Completion;
  readonly actions: Actions;
}) {
  return (
    <div class="suggestions" id={LIST_ID} role="listbox" aria-label={useText().suggestions}>
      {completion.items.map((item, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
        <div
          role="option"
          tabIndex={-1}
          key={item.insert}
          id={`${LIST_ID}-${i}`}
          aria-selected={i === completion.selected}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => actions.complete(i)}
        >
          <span dir="auto">{item.label}</span> <small dir="auto">{item.hint}</small>
        </div>
      ))}
    </div>
  );
}

/** Handles the keys of the suggestions. @returns whether the key is one of them. */
function completes(event: KeyboardEvent, { selected }: Completion, actions: Actions): boolean {
  const does: Readonly<Record<string, () => void>> = {
    ArrowUp: () => actions.select(-1),
    ArrowDown: () => actions.select(1),
    Tab: () => actions.complete(),
    ...(selected !== undefined && { Enter: () => actions.complete() }),
    Escape: () => actions.cancel(),
  };
  const act = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey ? undefined : does[event.key];
  if (act === undefined) return false;
  event.preventDefault();
  event.stopPropagation();
  act();
  return true;
}

/** Keeps the focus in the field, and with it the on-screen keyboard and the cursor. */
function keepFocus(event: MouseEvent): void {
  event.preventDefault();
}

/** Puts the view's text into the field. The text after the cursor stays after the cursor. */
function takeOver(box: HTMLTextAreaElement, { text, undoable }: Composer): void {
  if (box.value === text) return;
  const after = box.value.slice(box.selectionEnd);
  const at = text.endsWith(after) ? text.length - after.length : text.length;
  if (undoable) {
    const { from, to, text: inserted } = difference(box.value, text);
    replaceText(box, from, to, inserted);
  } else box.value = text;
  box.setSelectionRange(at, at);
}

function wrap(box: HTMLTextAreaElement, mark: string): void {
  const { selectionStart, selectionEnd, value } = box;
  const marked = `${mark}${value.slice(selectionStart, selectionEnd)}${mark}`;
  replaceText(box, selectionStart, selectionEnd, marked);
  if (selectionStart === selectionEnd)
    box.setSelectionRange(selectionStart + mark.length, selectionStart + mark.length);
}

function grow(box: HTMLTextAreaElement): void {
  box.style.height = 'auto';
  box.style.height = `${box.scrollHeight}px`;
}
