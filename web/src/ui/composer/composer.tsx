import type { Actions } from '@gochat/view/actions';
import type { Completion, Composer } from '@gochat/view/snapshot';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { attached } from '../../files/attached.ts';
import { pickFiles } from '../../files/pick.ts';
import { hasCommandKey, letterOf } from '../command-key.ts';
import { isComposingKey } from '../composing-key.ts';
import { useFileParts } from '../files/load.ts';
import { Icon } from '../icons.tsx';
import { useText } from '../words.ts';
import { difference, replaceText, undoLongEdit } from './edit-text.ts';
import { ATTACH_ID, COMPOSER_ID } from './ids.ts';

interface ComposerProps {
  readonly composer: Composer;
  readonly typing: string;
  /** Whether Enter sends. If not, Enter starts a new line and Ctrl+Enter sends. */
  readonly enterSends: boolean;
  readonly actions: Actions;
}

const LIST_ID = 'suggestions';
const MARKS: Readonly<Record<string, string>> = { b: '**', i: '*', e: '`' };

export function ComposerView({ composer, typing, enterSends, actions }: ComposerProps) {
  const text = useText().composer;
  const field = useRef<HTMLTextAreaElement>(null);
  const { tray } = composer;
  const [recording, setRecording] = useState(false);
  const parts = useFileParts(tray.length > 0 || recording);
  const sendWithFile = useSendWithFile(composer, actions);
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
    const fit = () => field.current && grow(field.current);
    fit();
    addEventListener('resize', fit);
    return () => removeEventListener('resize', fit);
  }, [composer.hint]);

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
      actions.attach(files.map((file) => attached(file)));
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
  if (recording && parts !== undefined)
    return (
      <div class="composer">
        <parts.RecorderView
          done={(recorded) => {
            setRecording(false);
            if (recorded === undefined) return;
            const { file, ms, wave } = recorded;
            actions.attach([attached(file, { ms, wave })]);
            sendWithFile();
          }}
        />
      </div>
    );
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
      {tray.length > 0 && parts !== undefined && <parts.TrayView tray={tray} actions={actions} />}
      <div class="field">
        {composer.mode === 'new' && !composer.silenced && <Attach actions={actions} />}
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
        <Send composer={composer} actions={actions} record={() => setRecording(true)} />
      </div>
      <p
        class={`typing${composer.space === '' && composer.note === '' ? '' : ' space'}${composer.tooLong ? ' error' : ''}`}
        role="status"
      >
        {composer.space || composer.note || (composer.turn === '' ? typing : '')}
      </p>
      {composer.turn !== '' && composer.space === '' && composer.note === '' && (
        <p class="typing space" role="timer">
          {composer.turn}
        </p>
      )}
      {composer.tooLong && (
        <button type="button" class="soft as-file" onClick={() => actions.sendAsFile()}>
          <Icon name="file" /> {text.sendAsFile}
        </button>
      )}
    </div>
  );
}

/** @returns what sends the message once the next file is in its tray */
function useSendWithFile({ tray }: Composer, actions: Actions): () => void {
  const [waits, setWaits] = useState(false);
  const isThere = tray.length > 0;
  useEffect(() => {
    if (!waits || !isThere) return;
    setWaits(false);
    actions.send();
  }, [waits, isThere, actions]);
  return () => setWaits(true);
}

function Attach({ actions }: { readonly actions: Actions }) {
  const text = useText().composer;
  const pick = async (camera: boolean) => {
    const files = await pickFiles(camera);
    if (files.length > 0) actions.attach(files);
  };
  return (
    <>
      <button
        type="button"
        id={ATTACH_ID}
        class="quiet"
        aria-label={text.attach}
        title={text.attach}
        onClick={() => void pick(false)}
      >
        <Icon name="clip" />
      </button>
      <button
        type="button"
        class="quiet touch-only"
        aria-label={text.camera}
        title={text.camera}
        onClick={() => void pick(true)}
      >
        <Icon name="camera" />
      </button>
    </>
  );
}

interface SendProps {
  readonly composer: Composer;
  readonly actions: Actions;
  readonly record: () => void;
}

/** Sends what there is; where there is nothing yet, a voice message can be recorded. */
function Send({ composer: { mode, silenced, text: written, tooLong, tray }, actions, record }: SendProps) {
  const text = useText().composer;
  const isEmpty = written.trim() === '' && tray.length === 0;
  if (isEmpty && mode === 'new' && !silenced)
    return (
      <button type="button" class="quiet" aria-label={text.record} title={text.record} onClick={record}>
        <Icon name="microphone" />
      </button>
    );
  return (
    <button
      type="button"
      class="accent"
      aria-label={text.send}
      title={text.send}
      disabled={isEmpty || tooLong}
      onMouseDown={keepFocus}
      onClick={() => actions.send()}
    >
      <Icon name={mode === 'edit' ? 'check' : 'send'} />
    </button>
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
