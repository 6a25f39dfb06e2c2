import type { ScreenContext } from '../context.ts';
import type { DialogController } from '../control/dialog-controller.ts';
import type { FieldController } from '../control/field-controller.ts';
import type { TimelineController } from '../control/timeline-controller.ts';

/** What keys and the mouse control. */
export interface Controls extends ScreenContext {
  readonly field: FieldController;
  readonly timeline: TimelineController;
  readonly dialogs: DialogController;
  /** Runs a command of the view, on the row that has the focus if one has. */
  readonly command: (name: string) => void;
  readonly openLink: (href: string) => Promise<void>;
  readonly repaint: () => void;
  /** The room that was open before this one. */
  readonly previousRoom: () => string | undefined;
}
