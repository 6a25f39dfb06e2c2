import type { MenuDialog } from '@gochat/view/dialog';
import type { ScrollAnchor } from './draw/timeline.ts';
import { type Editor, EMPTY } from './edit/editor.ts';

/** What a screen knows besides the snapshot: where its reader looks and types. A value, as a snapshot is one. */
export interface Ui {
  /** `normal` is vim's: letters are commands. `read`: a message has the focus. */
  readonly mode: 'write' | 'normal' | 'read' | 'search';
  readonly editor: Editor;
  /** What is searched for, while it is written. */
  readonly searchEditor: Editor;
  /** The key of the row that has the focus, in `read`. */
  readonly focus: string | undefined;
  /** The first line that is shown; undefined at the end. */
  readonly top: ScrollAnchor | undefined;
  /** The key of the row that was jumped to. */
  readonly jumpTarget: string | undefined;
  /** Nothing but the timeline and the field, for selecting with the mouse. */
  readonly textOnly: boolean;
  /** Whether members are shown; undefined: where there is room for them. */
  readonly members: boolean | undefined;
  readonly dialog: DialogUi | undefined;
  /** A menu of the screen's own, which the view knows nothing of. */
  readonly menu: MenuDialog | undefined;
  /** What the screen itself has to say. */
  readonly note: string;
  /** The keys so far of a sequence such as Ctrl+X Ctrl+E. */
  readonly pending: string;
  /** When Ctrl+C was last pressed, by `performance.now()`. */
  readonly interruptedAt: number;
}

/** Where somebody is in a dialog. */
export interface DialogUi {
  /** The dialog's: another one begins anew. */
  readonly tick: number;
  /** The field, item or part that has the focus. */
  readonly index: number;
  readonly values: Readonly<Record<string, string>>;
  /** The text of the field that has the focus, or of the filter. */
  readonly editor: Editor;
  readonly scroll: number;
  /** Whether the text of the field is as it was given: then what is typed takes its place. */
  readonly untouched: boolean;
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
  pending: '',
  interruptedAt: Number.NEGATIVE_INFINITY,
};
