import type { RoomScreen } from '@gochat/view/snapshot';
import type { ScreenContext } from '../context.ts';
import { revealed, scrolled } from '../draw/timeline.ts';
import { EMPTY, replace } from '../edit/editor.ts';
import { isFocusable, nextFocus } from './row-focus.ts';

/** Scrolling, focus and search in the timeline of the open room. */
export class TimelineController {
  readonly #context: ScreenContext;
  /** A search has begun: its newest match is revealed when it is found. */
  #awaitsMatch = false;
  /** The text of the search that was last shown. */
  #searched: string | undefined;

  constructor(context: ScreenContext) {
    this.#context = context;
  }

  scroll(lines: number): void {
    const layout = this.#context.drawing()?.layout;
    if (layout !== undefined) this.#ui.set({ top: scrolled(layout, this.#ui.current.top, lines) });
  }

  /** Scrolls by a share of the timeline's height, less one line that stays visible. */
  page(by: 1 | -1, share: number): void {
    const height = this.#context.drawing()?.layout?.height ?? 1;
    this.scroll(by * Math.max(1, Math.floor((height - 1) * share)));
    if (this.#ui.current.mode === 'read') this.#keepFocusInView(by);
  }

  toTop(): void {
    const first = this.#room?.timeline.rows[0];
    if (first !== undefined) this.#ui.set({ top: { key: first.key, line: 0 } });
  }

  toEnd(): void {
    this.#ui.set({ top: undefined, jumpTarget: undefined });
  }

  /** Moves the focus to a row and reveals it; undefined moves it back to the field. */
  focus(key: string | undefined): void {
    if (key === undefined) {
      this.#ui.set({ focus: undefined, mode: this.#writingMode });
      return;
    }
    const { top } = this.#ui.current;
    const layout = this.#context.drawing()?.layout;
    this.#ui.set({
      focus: key,
      mode: 'read',
      top: layout === undefined ? top : revealed(layout, top, key, false),
    });
  }

  /** Moves the focus to the next row; down from the last one it returns to the field. */
  step(by: 1 | -1): void {
    const { focus } = this.#ui.current;
    const room = this.#room;
    if (room === undefined || (focus === undefined && by === 1)) return;
    const next = nextFocus(room.timeline.rows, focus, this.#context.drawing()?.timeline?.last, by);
    if (next !== undefined) this.focus(next);
    else if (by === 1) {
      this.focus(undefined);
      this.#ui.set({ top: undefined });
    }
  }

  /** Moves the focus to the first or the last row that can have it. */
  focusEnd(which: 'first' | 'last'): void {
    const rows = this.#room?.timeline.rows ?? [];
    const end = which === 'first' ? rows[0] : rows.at(-1);
    if (end !== undefined)
      this.focus(nextFocus(rows, undefined, end.key, -1) ?? nextFocus(rows, end.key, undefined, 1));
  }

  /** Moves the focus back to the field, and ends the search and the mark of a jump. */
  leave(): void {
    if (this.#room?.search !== undefined) this.#context.view.actions.search('');
    this.#ui.set({ jumpTarget: undefined });
    this.focus(undefined);
  }

  beginSearch(): void {
    this.#ui.set({ mode: 'search', searchEditor: replace(EMPTY, this.#room?.search?.text ?? '') });
  }

  /** Searches for the text in the search field; for the same text again, goes to the next older match. */
  search(): void {
    const { actions } = this.#context.view;
    const { text } = this.#ui.current.searchEditor;
    if (text.trim() === '') this.endSearch();
    else if (this.#room?.search?.text === text.trim()) actions.hit(1);
    else {
      this.#searched = text.trim();
      this.#awaitsMatch = true;
      actions.search(text);
    }
  }

  endSearch(): void {
    this.#context.view.actions.search('');
    this.#ui.set({ mode: this.#writingMode, focus: undefined, jumpTarget: undefined });
  }

  /** Shows a search that a command began, and goes to the newest match of one that has just ended. */
  syncSearch(room: RoomScreen | undefined): void {
    const search = room?.search;
    if (search !== undefined && search.text !== this.#searched) {
      this.#ui.set({ mode: 'search', focus: undefined, searchEditor: replace(EMPTY, search.text) });
      this.#awaitsMatch = true;
    }
    this.#searched = search?.text;
    if (!this.#awaitsMatch || search?.busy !== false) return;
    this.#awaitsMatch = false;
    if (search.hits.length > 0) this.#context.view.actions.hit(1);
  }

  /** Reveals the row that the view has jumped to. */
  revealTarget(room: RoomScreen, key: string): void {
    const { layout } = this.#context.draw();
    if (layout === undefined) return;
    const { mode, top } = this.#ui.current;
    const isEnd = room.timeline.rows.at(-1)?.key === key;
    this.#ui.set(
      isEnd
        ? { top: undefined, jumpTarget: undefined }
        : { top: revealed(layout, top, key, true), jumpTarget: key },
    );
    // With the focus the user can reply to a match, and go on to others with n.
    if (mode === 'read' || (mode === 'search' && room.search !== undefined))
      this.#ui.set({ focus: key, mode: 'read' });
  }

  /** When the row that has the focus was scrolled off the screen, the nearest visible one gets it. */
  #keepFocusInView(by: 1 | -1): void {
    const room = this.#room;
    if (room === undefined) return;
    const keys = this.#context.draw().timeline?.keys.filter((key) => key !== undefined) ?? [];
    const { focus } = this.#ui.current;
    if (focus !== undefined && keys.includes(focus)) return;
    const visible = room.timeline.rows.filter((row) => keys.includes(row.key) && isFocusable(row));
    const next = by === 1 ? visible[0] : visible.at(-1);
    if (next !== undefined) this.#ui.set({ focus: next.key });
  }

  get #ui() {
    return this.#context.ui;
  }

  get #room(): RoomScreen | undefined {
    return this.#context.view.getSnapshot().room;
  }

  get #writingMode(): 'normal' | 'write' {
    return this.#context.isVim() ? 'normal' : 'write';
  }
}
