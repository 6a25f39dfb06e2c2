import type { MenuDialog } from '@gochat/view/dialog';
import type { CodePart } from '@gochat/view/rich';
import type { RoomScreen, Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import type { CodeBlock } from './draw/blocks.ts';
import { type Drawing, draw } from './draw/draw.ts';
import type { Size } from './draw/frame.ts';
import { RowLines } from './draw/rows.ts';
import type { Symbols } from './draw/symbols.ts';
import { revealed, scrolled } from './draw/timeline.ts';
import { EDITS, type EditName, type Editor, insert } from './edit/editor.ts';
import { dialogKey } from './input/dialog-keys.ts';
import { performKeyAction } from './input/key-actions.ts';
import { type KeyContext, Keymap, type KeymapName, written } from './input/keymap.ts';
import { handleMouse } from './input/mouse-actions.ts';
import type { Input } from './terminal/input-decoder.ts';
import { titleSequence } from './terminal/notify.ts';
import type { Painter } from './terminal/painter.ts';
import { START, type Ui } from './ui-state.ts';
import { isFocusable, NOT_SYNCED, syncUi, type UiSyncState } from './ui-sync.ts';

/** The paints of a second, when nobody types. */
const FRAME_MS = 1000 / 60;
const NOTE_MS = 4000;

/** What a screen may do to the world around it. */
export interface ScreenHost {
  readonly size: () => Size;
  readonly write: (text: string) => void;
  /** Whether what was written has not left yet; if so, `then` is called once it has. */
  readonly isHeldUp: (then: () => void) => boolean;
  readonly mouse: (on: boolean) => void;
  readonly openLink: (href: string) => boolean;
  readonly copy: (text: string) => Promise<boolean>;
  /** Lets the user change a text elsewhere; the screen is theirs meanwhile. */
  readonly edit: (text: string) => Promise<string | undefined>;
  readonly suspend: () => void;
  readonly quit: () => void;
}

export interface ScreenOptions {
  readonly painter: Painter;
  readonly symbols: Symbols;
  readonly host: ScreenHost;
  /** Whether the terminal has a title to set. */
  readonly titled: boolean;
  readonly keys: KeymapName;
  /** Called when settings of the profile have changed. */
  readonly settings: (settings: Readonly<Record<string, string>>) => void;
}

/** The full screen: snapshots to frames, inputs to actions. */
export class Screen {
  readonly view: View;
  readonly host: ScreenHost;
  ui: Ui = START;
  synced: UiSyncState = NOT_SYNCED;
  /** What stood in the field before something older was recalled. */
  draft: string | undefined;
  /** When Ctrl+C was pressed last. */
  interruptedAt = Number.NEGATIVE_INFINITY;
  readonly #options: ScreenOptions;
  readonly #rowLines: RowLines;
  readonly #highlights = new WeakMap<CodeBlock, readonly CodePart[] | 'asked'>();
  #keymap: Keymap;
  #drawing: Drawing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #paintedAt = 0;
  #focused = true;
  #seen: string | undefined;
  #title = '';
  #settings: Snapshot['settings'] | undefined;
  #noteEnd: NodeJS.Timeout | undefined;
  #paused = false;
  #keyed = false;
  #awaitsHit = false;
  #pick: (name: string) => void = () => undefined;
  readonly #stop: () => void;

  constructor(view: View, options: ScreenOptions) {
    this.view = view;
    this.host = options.host;
    this.#options = options;
    this.#keymap = new Keymap(options.keys);
    this.#rowLines = new RowLines({
      symbols: options.symbols,
      highlighted: (block) => this.#highlighted(block),
    });
    this.#stop = view.subscribe(() => this.schedule());
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
    clearTimeout(this.#noteEnd);
  }

  get snapshot(): Snapshot {
    return this.view.getSnapshot();
  }

  get room(): RoomScreen | undefined {
    return this.snapshot.room;
  }

  get drawing(): Drawing | undefined {
    return this.#drawing;
  }

  /** The keys that run a command. */
  keysOf(command: string): string {
    return this.#keymap.keysOf(command);
  }

  get isVim(): boolean {
    return this.#keymap.profile === 'vim';
  }

  /** Takes what came from the terminal. What it changes is on the screen before anything else is. */
  take(input: Input): void {
    // What the one before has changed counts for this one, painted or not.
    this.#syncUi(this.snapshot);
    switch (input.kind) {
      case 'focus':
        this.#focused = input.on;
        this.view.actions.look(input.on);
        break;
      case 'mouse':
        handleMouse(this, input);
        break;
      case 'paste':
        this.#paste(input);
        break;
      case 'key':
        this.#key(input);
        break;
      default:
        input satisfies never;
    }
    // Keys that come in one piece are painted once.
    if (this.#keyed) return;
    this.#keyed = true;
    queueMicrotask(() => {
      this.#keyed = false;
      this.paint();
    });
  }

  /** Paints soon: not more often than a screen shows. */
  schedule(): void {
    if (this.#timer !== undefined || this.#paused) return;
    const wait = Math.max(0, this.#paintedAt + FRAME_MS - performance.now());
    this.#timer = setTimeout(() => this.paint(), wait);
  }

  /** Brings the screen up to date, now. */
  paint(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#paused || this.host.isHeldUp(() => this.schedule())) return;
    this.#paintedAt = performance.now();
    const { snapshot } = this;
    this.#syncUi(snapshot);
    const drawing = this.#draw(snapshot);
    this.#drawing = drawing;
    const out = this.#options.painter.paint(drawing.frame) + this.#titled(snapshot);
    if (out !== '') this.host.write(out);
    this.#report(snapshot, drawing);
  }

  /** Draws all of it again: what is on the screen isn't ours any more. */
  repaint(): void {
    this.#options.painter.forget();
    this.#title = '';
    this.paint();
  }

  /** While the terminal is somebody else's nothing is painted. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.repaint();
  }

  set(change: Partial<Ui>): void {
    this.ui = { ...this.ui, ...change };
  }

  /** Says something of the screen's own, for some seconds. */
  note(text: string): void {
    this.set({ note: text });
    clearTimeout(this.#noteEnd);
    this.#noteEnd = setTimeout(() => {
      this.set({ note: '' });
      this.schedule();
    }, NOTE_MS);
    this.schedule();
  }

  /** Asks with a menu of the screen's own. */
  ask(menu: MenuDialog, pick: (name: string) => void): void {
    this.#pick = pick;
    this.set({ menu });
  }

  /** The text in the field is another one now. */
  write(editor: Editor): void {
    const { text, cursor } = this.ui.editor;
    this.set({ editor });
    if (this.room?.composer.mode === 'closed') return;
    if (editor.text !== text || editor.cursor !== cursor) this.view.actions.type(editor.text, editor.cursor);
  }

  edit(name: EditName): void {
    if (this.ui.mode === 'search') this.set({ searchEditor: EDITS[name](this.ui.searchEditor) });
    else this.write(EDITS[name](this.ui.editor));
  }

  scroll(lines: number): void {
    const layout = this.#drawing?.layout;
    if (layout !== undefined) this.set({ top: scrolled(layout, this.ui.top, lines) });
  }

  /** Gives a row the focus and brings it into view. */
  focus(key: string | undefined): void {
    if (key === undefined) {
      this.set({ focus: undefined, mode: this.isVim ? 'normal' : 'write' });
      return;
    }
    const layout = this.#drawing?.layout;
    const top = layout === undefined ? this.ui.top : revealed(layout, this.ui.top, key, false);
    this.set({ focus: key, mode: 'read', top });
  }

  /** Searches the room; the newest hit is gone to once it is there. */
  find(text: string): void {
    this.view.actions.search(text);
    this.#awaitsHit = true;
  }

  /** The focus goes along when what has it is scrolled off the screen. */
  keepFocusInView(by: 1 | -1): void {
    const { room } = this;
    if (room === undefined) return;
    const { timeline } = this.#draw(this.snapshot);
    const keys = timeline?.keys.filter((key) => key !== undefined) ?? [];
    if (this.ui.focus !== undefined && keys.includes(this.ui.focus)) return;
    const visible = room.timeline.rows.filter((row) => keys.includes(row.key) && isFocusable(row));
    const next = by === 1 ? visible[0] : visible.at(-1);
    if (next !== undefined) this.set({ focus: next.key });
  }

  /** Opens an address outside; where that can't be done it is copied. */
  async openLink(href: string): Promise<void> {
    if (this.host.openLink(href)) this.note('Opened');
    else if (await this.host.copy(href))
      this.note('There is no desktop here to open it: the link was copied');
    else this.note('There is no desktop here to open it, and it could not be copied');
  }

  /** The dialog in front, if any. */
  get dialog() {
    return this.ui.menu ?? this.snapshot.dialog;
  }

  /** What answers the dialog in front: the view, or for a menu of the screen's own the screen. */
  get answers() {
    if (this.ui.menu === undefined) return this.view.actions;
    const end = () => this.set({ menu: undefined, dialog: undefined });
    const pick = (name: string) => {
      end();
      this.#pick(name);
    };
    return { submit: end, pick, filter: () => undefined, close: end };
  }

  #key(input: Extract<Input, { kind: 'key' }>): void {
    const dialog = this.dialog;
    if (dialog !== undefined) {
      this.inDialog(input);
      return;
    }
    const context = this.#context;
    const keys = this.ui.pending === '' ? input.name : `${this.ui.pending} ${input.name}`;
    const found = this.#keymap.find(context, keys);
    const wasPending = this.ui.pending !== '';
    this.set({ pending: found === 'more' ? keys : '' });
    if (found === 'more') return;
    if (found === undefined) {
      if (!wasPending && input.text !== '') this.#type(input.text, context);
      return;
    }
    if ('edit' in found) this.edit(found.edit);
    else if ('screen' in found) performKeyAction(this, found.screen);
    else this.command(found.command);
  }

  get #context(): KeyContext {
    return this.room === undefined ? 'welcome' : this.ui.mode;
  }

  #type(text: string, context: KeyContext): void {
    if (context === 'search') this.set({ searchEditor: insert(this.ui.searchEditor, text, 'type') });
    else if (context === 'write' && this.room?.composer.mode !== 'closed')
      this.write(insert(this.ui.editor, text, 'type'));
    else if (context === 'read') this.note(`${written(text)} does nothing here; Esc goes back to writing`);
  }

  /** Runs a command of the view; about the row that has the focus, if one has. */
  command(name: string): void {
    const { focus } = this.ui;
    this.view.actions.run(name, '', focus);
    // What is to be written now is written in the field.
    if (focus !== undefined && (name === 'reply' || name === 'edit' || name === 'withdraw'))
      this.set({ mode: 'write', focus: undefined });
  }

  /** A key or a paste while a dialog is in front. */
  inDialog(input: Extract<Input, { kind: 'key' | 'paste' }>): void {
    const dialog = this.dialog;
    const ui = this.ui.dialog;
    if (dialog === undefined || ui === undefined) return;
    const scroll = this.#drawing?.dialog?.mostScroll ?? 0;
    const page = Math.max(1, this.host.size().rows - 4);
    const next = dialogKey(dialog, ui, input, this.answers, { scroll, page });
    // A menu of our own may have closed itself.
    if (this.dialog?.tick === dialog.tick) this.set({ dialog: next });
  }

  #paste(input: Extract<Input, { kind: 'paste' }>): void {
    const { room } = this;
    if (this.dialog !== undefined) this.inDialog(input);
    else if (this.ui.mode === 'search')
      this.set({ searchEditor: insert(this.ui.searchEditor, input.text.replaceAll('\n', ' ')) });
    else if (room === undefined) {
      if (/^https?:\/\/\S+$/.test(input.text.trim())) this.view.actions.openLink(input.text.trim());
    } else if (room.composer.mode !== 'closed') {
      this.set({ mode: 'write', focus: undefined });
      this.view.actions.paste(input.text, this.ui.editor.cursor);
    }
  }

  #syncUi(snapshot: Snapshot): void {
    if (snapshot.settings !== this.#settings) {
      this.#settings = snapshot.settings;
      const profile: KeymapName =
        snapshot.settings.keys === 'vim' || snapshot.settings.keys === 'readline'
          ? snapshot.settings.keys
          : this.#options.keys;
      if (profile !== this.#keymap.profile) this.#keymap = new Keymap(profile);
      this.#options.settings(snapshot.settings);
    }
    const { ui, synced } = syncUi(snapshot, this.ui, this.synced);
    this.ui = ui;
    this.synced = synced;
    const { room } = snapshot;
    const search = room?.search;
    if (this.#awaitsHit && search?.busy === false) {
      this.#awaitsHit = false;
      if (search.hits.length > 0) this.view.actions.hit(1);
    }
    const target = room?.timeline.target;
    if (room === undefined || target === undefined || target.tick === synced.target) return;
    this.synced = { ...synced, target: target.tick };
    const { layout } = this.#draw(snapshot);
    if (layout === undefined) return;
    const isEnd = room.timeline.rows.at(-1)?.key === target.key;
    const top = isEnd ? undefined : revealed(layout, this.ui.top, target.key, true);
    this.set({ top, jumpTarget: isEnd ? undefined : target.key });
    // A hit of a search can be answered at once, and n goes to the next one.
    if (room.search !== undefined && (this.ui.mode === 'read' || this.ui.mode === 'search'))
      this.set({ focus: target.key, mode: 'read' });
    else if (this.ui.mode === 'read') this.set({ focus: target.key });
  }

  #draw(snapshot: Snapshot): Drawing {
    return draw(snapshot, this.ui, this.host.size(), {
      symbols: this.#options.symbols,
      rowLines: this.#rowLines,
      keysOf: (command) => this.keysOf(command),
    });
  }

  /** Tells the view what was seen, and asks for more where the reader has come to the top. */
  #report(snapshot: Snapshot, { timeline }: Drawing): void {
    const { room } = snapshot;
    if (room === undefined || timeline === undefined) return;
    if (timeline.atTop && room.timeline.more && !room.timeline.loading) this.view.actions.loadEarlier();
    const seen = timeline.last === undefined ? undefined : `${room.id} ${timeline.last}`;
    if (!this.#focused || this.dialog !== undefined || seen === undefined || seen === this.#seen) return;
    this.#seen = seen;
    this.view.actions.seen(timeline.last ?? '');
  }

  #titled({ unread, room }: Snapshot): string {
    if (!this.#options.titled) return '';
    const title = titleSequence(unread, room?.name ?? '');
    if (title === this.#title) return '';
    this.#title = title;
    return title;
  }

  #highlighted(block: CodeBlock): readonly CodePart[] | undefined {
    const known = this.#highlights.get(block);
    if (known !== undefined) return known === 'asked' ? undefined : known;
    this.#highlights.set(block, 'asked');
    if (block.language === '') return undefined;
    this.view.actions.highlight(block.language, block.text).then(
      (parts) => {
        if (parts === undefined) return;
        this.#highlights.set(block, parts);
        this.#rowLines.forget();
        this.schedule();
      },
      // It stays plain.
      () => undefined,
    );
    return undefined;
  }
}
