import type { Actions } from '@gochat/view/actions';
import type { EmojiDialog, PaletteDialog } from '@gochat/view/dialog';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { isComposingKey } from '../composing-key.ts';
import { useText } from '../words.ts';

const LIST_ID = 'found';

interface FinderProps {
  readonly label: string;
  readonly text: string;
  readonly names: readonly string[];
  /** Entries in one line of the list. */
  readonly columns: () => number;
  readonly actions: Actions;
}

/** A field above a list: typing filters the list, the arrow keys select an entry, Enter picks it. */
function useFinder({ label, text, names, columns, actions }: FinderProps) {
  const { filter } = useText().dialogs;
  const [at, setAt] = useState(0);
  const selected = Math.min(at, names.length - 1);
  // With the drawing: a key that comes after it must not be undone.
  useLayoutEffect(() => setAt(0), [text]);
  useEffect(
    () => document.getElementById(`${LIST_ID}-${selected}`)?.scrollIntoView({ block: 'nearest' }),
    [selected],
  );
  const move = (by: number) => setAt(Math.max(0, Math.min(names.length - 1, selected + by)));
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposingKey(event)) return;
    const name = names[selected];
    const does: Readonly<Record<string, () => void>> = {
      ArrowDown: () => move(columns()),
      ArrowUp: () => move(-columns()),
      ...(columns() > 1 && { ArrowRight: () => move(1), ArrowLeft: () => move(-1) }),
      Enter: () => name !== undefined && actions.pick(name),
    };
    const act = does[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const field = (
    <input
      data-first=""
      role="combobox"
      aria-label={label}
      aria-expanded="true"
      aria-controls={LIST_ID}
      aria-activedescendant={names.length === 0 ? undefined : `${LIST_ID}-${selected}`}
      autocomplete="off"
      spellcheck={false}
      placeholder={filter}
      defaultValue={text}
      onInput={(event) => actions.filter((event.currentTarget as HTMLInputElement).value)}
      onKeyDown={onKeyDown}
    />
  );
  return { field, selected };
}

export function PaletteView({
  dialog,
  actions,
}: {
  readonly dialog: PaletteDialog;
  readonly actions: Actions;
}) {
  const { items } = dialog;
  const names = items.map(({ name }) => name);
  const { field, selected } = useFinder({
    label: dialog.title,
    text: dialog.text,
    names,
    columns: () => 1,
    actions,
  });
  return (
    <div class="finder">
      {field}
      <div id={LIST_ID} role="listbox" aria-label={dialog.title} class="list">
        {items.map((item, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            role="option"
            tabIndex={-1}
            key={item.name}
            id={`${LIST_ID}-${i}`}
            aria-selected={i === selected}
            onClick={() => actions.pick(item.name)}
          >
            <span dir="auto">{item.label}</span> <kbd>{item.hint}</kbd>
          </div>
        ))}
      </div>
      <p role="status">{items.length === 0 ? dialog.empty : ''}</p>
    </div>
  );
}

export function EmojiView({ dialog, actions }: { readonly dialog: EmojiDialog; readonly actions: Actions }) {
  const grid = useRef<HTMLDivElement>(null);
  const { items } = dialog;
  const columns = () => {
    const box = grid.current;
    const cell = box?.querySelector<HTMLElement>('[role=option]');
    return box === null || cell === null || cell === undefined
      ? 8
      : Math.max(1, Math.floor(box.clientWidth / cell.offsetWidth));
  };
  const names = items.map(({ emoji }) => emoji);
  const { field, selected } = useFinder({ label: dialog.title, text: dialog.text, names, columns, actions });
  return (
    <div class="finder">
      {field}
      <div
        id={LIST_ID}
        role="listbox"
        aria-label={dialog.title}
        aria-busy={dialog.busy}
        class="grid"
        ref={grid}
      >
        {items.map((item, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            role="option"
            tabIndex={-1}
            key={item.emoji}
            id={`${LIST_ID}-${i}`}
            aria-selected={i === selected}
            aria-label={item.name}
            title={item.name}
            onClick={() => actions.pick(item.emoji)}
          >
            {item.emoji}
          </div>
        ))}
      </div>
      <p role="status">{items.length === 0 && !dialog.busy ? dialog.empty : (items[selected]?.name ?? '')}</p>
    </div>
  );
}
