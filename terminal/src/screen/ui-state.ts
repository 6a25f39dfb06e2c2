import type { FormDialog, MenuDialog } from '@gochat/view/dialog';
import type { ScrollAnchor } from './draw/timeline.ts';
import { type Editor, EMPTY } from './edit/editor.ts';

/** The state of a screen besides the snapshot: scrolling, focus, the text being written. It is immutable. */
export interface Ui {
  /** `normal` is vim's mode in which letters are commands. In `read`, a message has the focus. */
  readonly mode: 'write' | 'normal' | 'read' | 'search';
  readonly editor: Editor;
  /** The text of a search, while it is written. */
  readonly searchEditor: Editor;
  /** The key of the row that has the focus, in `read`. */
  readonly focus: string | undefined;
  /** The first visible line; undefined at the end of the timeline. */
  readonly top: ScrollAnchor | undefined;
  /** The key of the row that was jumped to. */
  readonly jumpTarget: string | undefined;
  /** Shows only the timeline and the field, to select text with the mouse. */
  readonly textOnly: boolean;
  /** Whether members are shown; undefined: if there is space for them. */
  readonly members: boolean | undefined;
  readonly dialog: DialogUi | undefined;
  /** A dialog of the screen itself, which is not in the snapshot. */
  readonly menu: MenuDialog | FormDialog | undefined;
  /** A note of the screen itself, for the status line. */
  readonly note: string;
  /** The tick of the last error line that a key has ended. */
  readonly endedFlash: number;
  /** The keys so far of a sequence such as Ctrl+X Ctrl+E. */
  readonly pending: string;
  /** When Ctrl+C was last pressed, by `performance.now()`. */
  readonly interruptedAt: number;
}

/** The state of an open dialog. */
export interface DialogUi {
  /** The tick of the dialog: another dialog gets a new state. */
  readonly tick: number;
  /** The field, item or part that has the focus. */
  readonly index: number;
  readonly values: Readonly<Record<string, string>>;
  /** The text of the field that has the focus, or of the filter. */
  readonly editor: Editor;
  readonly scroll: number;
  /** Whether the text of the field is unchanged: then typed text replaces it. */
  readonly untouched: boolean;
  /** Whether secrets can be read. */
  readonly revealed: boolean;
}

export const INITIAL_UI: Ui = {
  mode: 'write',
  editor: EMPTY,
  searchEditor: EMPTY,
  focus: undefined,
  top: undefined,
  jumpTarget: undefined,
  textOnly: false,
  members: undefined,
  dialog: undefined,
  menu: undefined,
  note: '',
  endedFlash: 0,
  pending: '',
  interruptedAt: Number.NEGATIVE_INFINITY,
};
