import { readMessageLink } from '@gochat/client/message-link';
import type { Snapshot } from '@gochat/view/snapshot';
import type { View } from '@gochat/view/view';
import { DialogController } from './control/dialog-controller.ts';
import { FieldController } from './control/field-controller.ts';
import { TimelineController } from './control/timeline-controller.ts';
import { type Drawing, draw } from './draw/draw.ts';
import type { Look } from './draw/look.ts';
import { RowLines } from './draw/rows.ts';
import { Highlighter } from './highlighter.ts';
import type { ScreenHost } from './host.ts';
import type { Controls } from './input/controls.ts';
import { KEY_ACTIONS } from './input/key-actions.ts';
import { type KeyContext, Keymap, type KeymapName, written } from './input/keymap.ts';
import { handleMouse } from './input/mouse-actions.ts';
import { type GraphicsProbe, NO_GRAPHICS } from './pictures/graphics.ts';
import { type PictureParts, Pictures } from './pictures/pictures.ts';
import type { Input } from './terminal/input-decoder.ts';
import { titleSequence } from './terminal/notify.ts';
import type { Painter } from './terminal/painter.ts';
import { INITIAL_UI, type Ui } from './ui-state.ts';
import { UiStore } from './ui-store.ts';
import { NOT_SYNCED, syncUi, type UiSyncState } from './ui-sync.ts';

/** The least time between two paints that no input causes. */
const FRAME_MS = 1000 / 60;

export interface ScreenOptions extends Omit<Look, 'pictures'> {
  readonly painter: Painter;
  readonly host: ScreenHost;
  /** Whether the terminal has a title to set. */
  readonly titled: boolean;
  readonly keys: KeymapName;
  /** Undefined: pictures are shown by their text only. */
  readonly pictures?: ScreenPictures | undefined;
  /** Called when settings of the profile have changed. */
  readonly settings: (settings: Readonly<Record<string, string>>) => void;
}

/** What pictures are decoded with, and how the terminal shows them. */
export interface ScreenPictures
  extends Pick<PictureParts, 'decode' | 'rewrite' | 'sixels' | 'thumb' | 'env'> {
  readonly probe: GraphicsProbe;
}

/** The full screen: paints snapshots, and turns input into actions of the view and changes of its own state. */
export class Screen {
  readonly #options: ScreenOptions;
  readonly #view: View;
  readonly #ui = new UiStore(() => this.#schedule());
  readonly #controls: Controls;
  readonly #rowLines: RowLines;
  readonly #pictures: Pictures | undefined;
  readonly #unsubscribe: () => void;
  #keymap: Keymap;
  #synced: UiSyncState = NOT_SYNCED;
  #settings: Snapshot['settings'] | undefined;
  #drawing: Drawing | undefined;
  #timer: NodeJS.Timeout | undefined;
  #paintedAt = 0;
  /** Input has come that will be painted in this turn of the event loop. */
  #paintsSoon = false;
  #paused = false;
  #focused = true;
  #seen: string | undefined;
  #title = '';

  constructor(view: View, options: ScreenOptions) {
    this.#view = view;
    this.#options = options;
    this.#keymap = new Keymap(options.keys);
    const highlighter = new Highlighter(view, () => this.#redrawRows());
    const { symbols, text, host } = options;
    this.#pictures =
      options.pictures &&
      new Pictures({
        ...options.pictures,
        bytesOf: (row, index, which) => view.actions.picture(row, index, which),
        write: host.write,
        changed: () => this.#redrawRows(),
        random: Math.random,
        now: () => performance.now(),
      });
    this.#rowLines = new RowLines({
      symbols,
      text,
      pictures: this.#pictures,
      highlighted: (block) => highlighter.partsOf(block),
    });
    this.#useGraphics();
    const context = {
      view,
      host,
      ui: this.#ui,
      text,
      isVim: () => this.#keymap.profile === 'vim',
      drawing: () => this.#drawing,
      draw: () => this.#draw(),
    };
    this.#controls = {
      ...context,
      field: new FieldController(context),
      timeline: new TimelineController(context),
      dialogs: new DialogController(context),
      command: (name) => this.#command(name),
      openLink: (href) => this.openLink(href),
      repaint: () => this.repaint(),
      previousRoom: () => this.#synced.before,
    };
    this.#unsubscribe = view.subscribe(() => this.#schedule());
  }

  close(): void {
    this.#unsubscribe();
    this.#ui.close();
    clearTimeout(this.#timer);
    this.#releasePictures();
  }

  get ui(): Ui {
    return this.#ui.current;
  }

  /** The keys that run a command, as people write them; empty for none. */
  keysOf(command: string): string {
    return this.#keymap.keysOf(command);
  }

  /** Shows a note on the status line for some seconds. */
  note(text: string): void {
    this.#ui.note(text);
  }

  /** Opens a link with the desktop's program; without a desktop it is copied. One to a message is opened here. */
  async openLink(href: string): Promise<void> {
    const { host, text } = this.#options;
    if (readMessageLink(href) !== undefined) this.#view.actions.openLink(href);
    else if (host.openLink(href)) this.note(text.notes.linkOpened);
    else this.note((await host.copy(href)) ? text.notes.linkCopied : text.notes.linkNotCopied);
  }

  /** Handles input. The screen is painted before control returns to the event loop, once for all input of one read. */
  take(input: Input): void {
    // Earlier input may have changed the snapshot without a paint since.
    this.#sync();
    const { interruptedAt } = this.ui;
    switch (input.kind) {
      case 'focus':
        this.#focused = input.on;
        this.#view.actions.look(input.on);
        break;
      case 'mouse':
        handleMouse(this.#controls, input);
        break;
      case 'paste':
        if (this.#controls.dialogs.dialog === undefined) this.#controls.field.paste(input.text);
        else this.#controls.dialogs.input(input);
        break;
      case 'key':
        this.#endError();
        if (this.#controls.dialogs.dialog === undefined) this.#key(input);
        else this.#controls.dialogs.input(input);
        break;
      case 'reply':
        if (this.#options.pictures?.probe.take(input.sequence) === true) this.#useGraphics();
        break;
      default:
        input satisfies never;
    }
    const isText = input.kind === 'key' || input.kind === 'paste';
    if (isText && interruptedAt === this.ui.interruptedAt) this.#forgetInterrupt();
    if (this.#paintsSoon) return;
    this.#paintsSoon = true;
    queueMicrotask(() => {
      this.#paintsSoon = false;
      this.paint();
    });
  }

  /** Only Ctrl+C pressed twice without a key between quits. */
  #forgetInterrupt(): void {
    if (this.ui.interruptedAt === INITIAL_UI.interruptedAt) return;
    const { quitAgain } = this.#options.text.notes;
    this.#ui.set({
      interruptedAt: INITIAL_UI.interruptedAt,
      ...(this.ui.note === quitAgain && { note: '' }),
    });
  }

  /** An error line ends with the next key, which shows the hints again. */
  #endError(): void {
    const { flash } = this.#view.getSnapshot();
    if (flash?.tone === 'bad') this.#ui.set({ endedFlash: flash.tick });
  }

  /** Paints now, unless the terminal hasn't taken what was painted before. */
  paint(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { host, painter } = this.#options;
    if (this.#paused || host.isHeldUp(() => this.#schedule())) return;
    this.#paintedAt = performance.now();
    this.#sync();
    const drawing = this.#draw();
    this.#drawing = drawing;
    const out = painter.paint(drawing.frame) + this.#titleChange();
    if (out !== '') host.write(out);
    this.#report(drawing);
  }

  /** Paints everything, after something else has written to the terminal. */
  repaint(): void {
    this.#options.painter.forget();
    this.#title = '';
    this.paint();
  }

  /** While paused nothing is painted: another program has the terminal. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (paused) this.#releasePictures();
    else this.repaint();
  }

  #redrawRows(): void {
    this.#rowLines.forget();
    this.#schedule();
  }

  /** Takes the pictures back from the terminal. */
  #releasePictures(): void {
    const gone = this.#pictures?.release() ?? '';
    if (gone === '') return;
    this.#options.host.write(gone);
    this.#rowLines.forget();
  }

  #useGraphics(): void {
    const { painter, pictures } = this.#options;
    if (pictures !== undefined)
      this.#pictures?.use(painter.hasPictures ? pictures.probe.graphics : NO_GRAPHICS);
  }

  /** Paints soon, at most once per frame. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#paused) return;
    const wait = Math.max(0, this.#paintedAt + FRAME_MS - performance.now());
    this.#timer = setTimeout(() => this.paint(), wait);
  }

  #key(input: Extract<Input, { kind: 'key' }>): void {
    const { pending, mode } = this.ui;
    const { field } = this.#controls;
    const context: KeyContext = this.#view.getSnapshot().room === undefined ? 'welcome' : mode;
    const keys = pending === '' ? input.name : `${pending} ${input.name}`;
    const found = this.#keymap.find(context, keys);
    this.#ui.set({ pending: found === 'more' ? keys : '' });
    if (found === 'more') return;
    if (found === undefined) {
      if (pending === '' && input.text !== '') this.#type(input.text, context);
    } else if ('edit' in found) field.edit(found.edit);
    else if ('screen' in found) KEY_ACTIONS[found.screen](this.#controls);
    else this.#command(found.command);
  }

  #type(text: string, context: KeyContext): void {
    if (context === 'search' || context === 'write') this.#controls.field.type(text);
    else if (context === 'read') this.note(this.#options.text.unboundKey(written(text)));
  }

  #command(name: string): void {
    const { focus } = this.ui;
    this.#view.actions.run(name, '', focus);
    // These commands continue in the field.
    if (focus !== undefined && (name === 'reply' || name === 'edit' || name === 'cancel'))
      this.#ui.set({ mode: 'write', focus: undefined });
  }

  /** Updates the screen's state from the snapshot. */
  #sync(): void {
    const snapshot = this.#view.getSnapshot();
    const { room } = snapshot;
    this.#syncSettings(snapshot);
    const { ui, synced } = syncUi(snapshot, this.ui, this.#synced);
    this.#ui.set(ui);
    this.#synced = synced;
    this.#controls.timeline.syncSearch(room);
    const target = room?.timeline.target;
    if (room === undefined || target === undefined || target.tick === synced.target) return;
    this.#synced = { ...synced, target: target.tick };
    this.#controls.timeline.revealTarget(room, target.key);
  }

  #syncSettings({ settings }: Snapshot): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    const { keys } = settings;
    const profile: KeymapName = keys === 'vim' || keys === 'readline' ? keys : this.#options.keys;
    if (profile !== this.#keymap.profile) this.#keymap = new Keymap(profile);
    this.#options.settings(settings);
    this.#useGraphics();
    if (this.#pictures !== undefined) this.#pictures.size = settings.pictureSize;
  }

  #draw(): Drawing {
    const { symbols, text, host } = this.#options;
    return draw(this.#view.getSnapshot(), this.ui, host.size(), {
      symbols,
      text,
      pictures: this.#pictures,
      rowLines: this.#rowLines,
      keysOf: (command) => this.keysOf(command),
      screenKeysOf: (action) => this.#keymap.screenKeysOf(action),
    });
  }

  /** Reports to the view what was seen, and loads earlier history when its beginning is on the screen. */
  #report({ timeline }: Drawing): void {
    const { room } = this.#view.getSnapshot();
    if (room === undefined || timeline === undefined) return;
    if (timeline.atTop && room.timeline.more && !room.timeline.loading) this.#view.actions.loadEarlier();
    const seen = timeline.last === undefined ? undefined : `${room.id} ${timeline.last}`;
    const isHidden = !this.#focused || this.#controls.dialogs.dialog !== undefined;
    if (isHidden || seen === undefined || seen === this.#seen) return;
    this.#seen = seen;
    this.#view.actions.seen(timeline.last ?? '');
  }

  #titleChange(): string {
    if (!this.#options.titled) return '';
    const title = titleSequence(this.#view.getSnapshot().unread);
    if (title === this.#title) return '';
    this.#title = title;
    return title;
  }
}
