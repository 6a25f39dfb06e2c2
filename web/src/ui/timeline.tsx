import type { Actions } from '@gochat/view/actions';
import type { Row } from '@gochat/view/row';
import type { RoomScreen } from '@gochat/view/snapshot';
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.tsx';
import { RowView } from './row.tsx';
import { Heights } from './window.ts';
import { WORDS } from './words.ts';

const ESTIMATE = 56;
/** Drawn above and below what is seen. */
const MARGIN = 700;
/** So near the end counts as at it. */
const SLACK = 24;
const EARLIER = 600;
const MARKED_MS = 2400;

interface TimelineProps {
  readonly room: RoomScreen;
  readonly actions: Actions;
}

/** Where the reader stands: a row and how far its top lies below the top of the screen; or at the end, following what comes. */
interface Place {
  key: string;
  offset: number;
  atEnd: boolean;
}

/** The room's rows, of which only those near the screen are in the document. */
export function TimelineView({ room, actions }: TimelineProps) {
  const { rows, target, unreadKey, more, loading, unread } = room.timeline;
  const scroller = useRef<HTMLDivElement>(null);
  const heights = useMemo(() => new Heights(ESTIMATE), []);
  const place = useRef<Place>({ key: unreadKey ?? '', offset: 80, atEnd: unreadKey === undefined });
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const [marked, setMarked] = useState<string | undefined>(undefined);
  const index = useMemo(() => new Map(rows.map((row, i) => [row.key, i])), [rows]);
  useMemo(() => heights.lay(rows.map(({ key }) => key)), [rows, heights]);

  const view = scroller.current?.clientHeight ?? 800;
  const top = topOf(place.current, index, heights, view);
  const [first, end] = heights.between(top - MARGIN, top + view + MARGIN);
  const shown = rows.slice(first, end);
  const tabbable = focused !== undefined && index.has(focused) ? focused : lastMessage(rows);

  const settle = () => {
    const box = scroller.current;
    if (box === null) return;
    const measured = [...box.querySelectorAll<HTMLElement>('[data-key]')].map(
      (row) => [row.dataset.key ?? '', row.getBoundingClientRect().height] as const,
    );
    if (heights.measure(measured)) redraw(undefined);
    const wanted = topOf(place.current, index, heights, box.clientHeight);
    if (Math.abs(box.scrollTop - wanted) > 0.5) box.scrollTop = wanted;
  };
  useLayoutEffect(settle);

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

  // What was aimed at is obeyed once.
  const aimed = useRef(target?.tick ?? 0);
  useLayoutEffect(() => {
    if (target === undefined || target.tick === aimed.current || !index.has(target.key)) return;
    aimed.current = target.tick;
    const atEnd = index.get(target.key) === rows.length - 1;
    place.current = { key: target.key, offset: view / 3, atEnd };
    setFocused(target.key);
    if (!atEnd) setMarked(target.key);
    redraw(undefined);
  }, [target, index, rows.length, view]);

  useEffect(() => {
    if (marked === undefined) return;
    const timer = setTimeout(() => setMarked(undefined), MARKED_MS);
    return () => clearTimeout(timer);
  }, [marked]);

  const report = () => {
    const box = scroller.current;
    if (box === null || !document.hasFocus() || document.visibilityState !== 'visible') return;
    const lowest = rows[heights.at(box.scrollTop + box.clientHeight - SLACK)];
    if (lowest !== undefined) actions.seen(lowest.key);
  };
  useEffect(() => {
    report();
    addEventListener('focus', report);
    return () => removeEventListener('focus', report);
  });

  const onScroll = () => {
    const box = scroller.current;
    if (box === null) return;
    const at = heights.at(box.scrollTop);
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - SLACK;
    place.current = { key: rows[at]?.key ?? '', offset: heights.top(at) - box.scrollTop, atEnd };
    if (box.scrollTop < EARLIER && more && !loading) actions.loadEarlier();
    redraw(undefined);
  };

  useEffect(() => {
    const box = scroller.current;
    if (box !== null && more && !loading && (heights.total <= box.clientHeight || box.scrollTop < EARLIER))
      actions.loadEarlier();
  }, [more, loading, heights, actions, rows]);

  const onKeyDown = (event: KeyboardEvent) => {
    const from = (event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key;
    const step = { ArrowUp: -1, k: -1, ArrowDown: 1, j: 1 }[event.key];
    if (from === undefined || step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const next = rows[(index.get(from) ?? 0) + step];
    if (next === undefined) return;
    event.preventDefault();
    focusRow(next.key);
  };

  const focusRow = (key: string) => {
    setFocused(key);
    const box = scroller.current;
    const at = index.get(key) ?? 0;
    const rowTop = heights.top(at);
    const rowEnd = heights.top(at + 1);
    if (box !== null && (rowTop < box.scrollTop || rowEnd > box.scrollTop + box.clientHeight)) {
      const offset = rowTop < box.scrollTop ? 8 : Math.max(8, box.clientHeight - (rowEnd - rowTop) - 8);
      place.current = { key, offset, atEnd: false };
      redraw(undefined);
    }
    requestAnimationFrame(() =>
      box?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true }),
    );
  };

  return (
    <div class="timeline-frame">
      <div
        class="timeline"
        role="log"
        aria-live="off"
        aria-label={WORDS.messages(room.name)}
        aria-busy={loading}
        ref={scroller}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onFocusIn={(event) =>
          setFocused((event.target as HTMLElement).closest<HTMLElement>('[data-key]')?.dataset.key)
        }
      >
        <Spacer height={heights.top(first)} />
        {shown.map((row) => (
          <RowView
            key={row.key}
            row={row}
            actions={actions}
            tabbable={row.key === tabbable}
            marked={row.key === marked}
          />
        ))}
        <Spacer height={heights.total - heights.top(end)} />
      </div>
      {!place.current.atEnd && (
        <button
          type="button"
          class="to-end"
          onClick={() => actions.jumpToNewest()}
          aria-label={WORDS.newest}
          title={WORDS.newest}
        >
          <Icon name="down" />
          {unread > 0 && <span class="count">{unread}</span>}
        </button>
      )}
    </div>
  );
}

/** Keeps the place of rows that aren't in the document. */
function Spacer({ height }: { readonly height: number }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    // The style is set by script: the page's policy lets no style attribute in.
    if (element.current !== null) element.current.style.height = `${height}px`;
  }, [height]);
  return <div ref={element} aria-hidden="true" class="spacer" />;
}

function topOf(place: Place, index: ReadonlyMap<string, number>, heights: Heights, view: number): number {
  const bottom = Math.max(0, heights.total - view);
  if (place.atEnd) return bottom;
  const at = index.get(place.key);
  return at === undefined ? bottom : Math.max(0, Math.min(bottom, heights.top(at) - place.offset));
}

function lastMessage(rows: readonly Row[]): string | undefined {
  return rows.findLast(({ kind }) => kind === 'message')?.key ?? rows.at(-1)?.key;
}
