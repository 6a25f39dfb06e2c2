import type { Actions } from '@gochat/view/actions';
import type { Row } from '@gochat/view/row';
import type { RoomScreen } from '@gochat/view/snapshot';
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { ROOM_LEFT } from '../room-left.ts';
import { useWords } from '../words.ts';
import { isInPressedRow } from './pressed-row.ts';
import { RowView } from './row.tsx';
import { RowHeights } from './row-heights.ts';
import { dayAbove, keptAnchor, placeAt, type ScrollAnchor, SLACK, topOf } from './scroll-anchor.ts';

const ESTIMATE = 56;
/** Rows this far above and below the visible part are drawn, in pixels. */
const MARGIN = 700;
/** Earlier messages are requested when the visible part is this near to the first row, in pixels. */
const EARLIER = 600;
const MARKED_MS = 2400;

interface TimelineProps {
  readonly room: RoomScreen;
  /** Whether single letters are keys. */
  readonly letters: boolean;
  readonly actions: Actions;
}

/** The room's rows, of which only those near the screen are in the document. */
export function TimelineView({ room, letters, actions }: TimelineProps) {
  const words = useWords();
  const text = words.text.web.timeline;
  const { rows, target, unreadKey, more, loading, unread } = room.timeline;
  const scroller = useRef<HTMLDivElement>(null);
  const heights = useMemo(() => new RowHeights(ESTIMATE), []);
  const place = useRef<ScrollAnchor>({ key: unreadKey ?? '', offset: 80, atEnd: unreadKey === undefined });
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const [marked, setMarked] = useState<string | undefined>(undefined);
  const hadFocus = useRef(false);
  const days = useMemo(
    () => rows.flatMap((row, at) => (row.kind === 'day' ? [{ at, text: row.text }] : [])),
    [rows],
  );
  // The box was scrolled, and its scroll event is still to come.
  const last = useRef({ top: 0, rows });
  const there = scroller.current;
  if (there !== null && Math.abs(there.scrollTop - last.current.top) > 1)
    place.current = placeAt(last.current.rows, heights, there);
  useMemo(() => {
    place.current = keptAnchor(place.current, last.current.rows, rows, heights);
    heights.lay(rows.map(({ key }) => key));
  }, [rows, heights]);

  const view = scroller.current?.clientHeight ?? innerHeight;
  const top = topOf(place.current, heights, view);
  const [first, end] = heights.between(top - MARGIN, top + view + MARGIN);
  const shown = rows.slice(first, end);
  const tabbable = tabbableIn(shown, focused, rows.slice(...heights.between(top, top + view - SLACK)));
  const day = dayAbove(days, heights, top);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    if (heights.measure([...box.querySelectorAll<HTMLElement>('[data-key]')].map(heightOf)))
      redraw(undefined);
    const wanted = topOf(place.current, heights, box.clientHeight);
    if (Math.abs(box.scrollTop - wanted) > 0.5) box.scrollTop = wanted;
    last.current = { top: box.scrollTop, rows };
    // The focused row was removed from the document: the timeline takes the focus.
    if (hadFocus.current && document.activeElement === document.body) box.focus({ preventScroll: true });
    hadFocus.current = box.contains(document.activeElement);
  });

  useEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    let width = box.clientWidth;
    const watch = new ResizeObserver(() => {
      if (box.clientWidth !== width) heights.forget();
      width = box.clientWidth;
      redraw(undefined);
    });
    watch.observe(box);
    return () => watch.disconnect();
  }, [heights]);

  // A row can grow without being drawn again, as an opened notice does. That moves the rows below it.
  const rowSizes = useMemo(
    () =>
      new ResizeObserver((entries) => {
        // A row that has left the document is reported as well, without a height.
        const there = entries.filter(({ target: row }) => row.isConnected);
        if (heights.measure(there.map(({ target: row }) => heightOf(row as HTMLElement)))) redraw(undefined);
      }),
    [heights],
  );
  useEffect(() => () => rowSizes.disconnect(), [rowSizes]);
  useEffect(() => () => void dispatchEvent(new Event(ROOM_LEFT)), []);
  const lastShown = shown.at(-1)?.key;
  useEffect(() => {
    rowSizes.disconnect();
    for (const row of scroller.current?.querySelectorAll('[data-key]') ?? []) rowSizes.observe(row);
  }, [rowSizes, first, lastShown, shown.length]);

  // Each target is scrolled to once.
  const aimed = useRef(target?.tick ?? 0);
  useLayoutEffect(() => {
    const at = target && heights.index(target.key);
    if (target === undefined || target.tick === aimed.current || at === undefined) return;
    aimed.current = target.tick;
    const atEnd = at === rows.length - 1;
    place.current = { key: target.key, offset: view / 3, atEnd };
    setFocused(target.key);
    if (!atEnd) setMarked(target.key);
    if (scroller.current?.contains(document.activeElement) === true) focusSoon(target.key);
    redraw(undefined);
  }, [target, rows, heights, view]);

  useEffect(() => {
    if (marked === undefined) return;
    const timer = setTimeout(() => setMarked(undefined), MARKED_MS);
    return () => clearTimeout(timer);
  }, [marked]);

  const report = useRef<() => void>(() => undefined);
  report.current = () => {
    const box = scroller.current;
    if (box === null || !document.hasFocus() || document.visibilityState !== 'visible') return;
    const lowest = rows[heights.at(box.scrollTop + box.clientHeight - SLACK)];
    if (lowest !== undefined) actions.seen(lowest.key);
  };
  useEffect(() => report.current());
  useEffect(() => {
    const onFocus = () => report.current();
    addEventListener('focus', onFocus);
    return () => removeEventListener('focus', onFocus);
  }, []);

  const askEarlier = () => {
    const box = scroller.current;
    if (box !== null && more && !loading && (heights.total <= box.clientHeight || box.scrollTop < EARLIER))
      actions.loadEarlier();
  };
  useEffect(askEarlier, [more, loading, heights, actions, rows]);

  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    place.current = placeAt(rows, heights, box);
    askEarlier();
    redraw(undefined);
  };

  const focusSoon = (key: string) => {
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)
        ?.focus({ preventScroll: true }),
    );
  };

  const focusRow = (key: string) => {
    setFocused(key);
    const box = scroller.current;
    const at = heights.index(key) ?? 0;
    const rowTop = heights.top(at);
    const rowEnd = heights.top(at + 1);
    if (box !== null && (rowTop < box.scrollTop || rowEnd > box.scrollTop + box.clientHeight)) {
      const offset = rowTop < box.scrollTop ? 8 : Math.max(8, box.clientHeight - (rowEnd - rowTop) - 8);
      place.current = { key, offset, atEnd: at === rows.length - 1 };
      redraw(undefined);
    }
    focusSoon(key);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, k: -1, ArrowDown: 1, j: 1 }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key.length === 1 && (!letters || isInPressedRow(event.target))) return;
    const from = keyOf(event.target);
    const next = from === undefined ? tabbable : rows[(heights.index(from) ?? 0) + step]?.key;
    if (next === undefined) return;
    event.preventDefault();
    focusRow(next);
  };

  return (
    <div class="timeline-frame">
      <div
        class="timeline"
        role="log"
        aria-live="off"
        aria-label={text.label(room.name)}
        aria-busy={loading}
        tabIndex={-1}
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onFocusIn={(event) => setFocused(keyOf(event.target))}
        onContextMenu={(event) => {
          const key =
            event instanceof PointerEvent && event.pointerType === 'touch' ? keyOf(event.target) : undefined;
          if (key === undefined || (event.target as HTMLElement).closest('a') !== null) return;
          event.preventDefault();
          actions.menu(key);
        }}
      >
        <Spacer height={heights.top(first)} />
        {shown.map((row) => (
          <RowView
            key={row.key}
            row={row}
            actions={actions}
            tabbable={row.key === tabbable}
            marked={row.key === marked}
            writable={room.composer.mode !== 'closed'}
          />
        ))}
        <Spacer height={heights.total - heights.top(end)} />
      </div>
      {day !== undefined && (
        <p class="day-above" aria-hidden="true">
          {day}
        </p>
      )}
      <p class="earlier" aria-hidden="true">
        {loading ? text.loading : ''}
      </p>
      {!place.current.atEnd && top + view < heights.total - SLACK && (
        <button
          type="button"
          class="to-end"
          onClick={() => actions.jumpToNewest()}
          aria-label={unread > 0 ? text.newestOf(unread) : text.newest}
          title={text.newest}
        >
          <Icon name="down" />
          {unread > 0 && <span class="count">{words.number(unread)}</span>}
        </button>
      )}
    </div>
  );
}

/** Takes the space of the rows that aren't in the document. */
function Spacer({ height }: { readonly height: number }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // Set by script, because the page's content security policy forbids style attributes.
    if (element.current !== null) element.current.style.height = `${height}px`;
  }, [height]);
  return <div ref={element} aria-hidden="true" class="spacer" />;
}

function heightOf(row: HTMLElement): readonly [string, number] {
  return [row.dataset.key ?? '', row.getBoundingClientRect().height];
}

function keyOf(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>('[data-key]')?.dataset.key : undefined;
}

/** The row that is the tab stop: the last focused one, or else the lowest visible message. */
function tabbableIn(
  shown: readonly Row[],
  focused: string | undefined,
  seen: readonly Row[],
): string | undefined {
  if (focused !== undefined && shown.some(({ key }) => key === focused)) return focused;
  return (seen.findLast(({ kind }) => kind === 'message') ?? seen.at(-1))?.key;
}
