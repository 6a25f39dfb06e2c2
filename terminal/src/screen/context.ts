import type { View } from '@gochat/view/view';
import type { Drawing } from './draw/draw.ts';
import type { ScreenText } from './draw/look.ts';
import type { ScreenHost } from './host.ts';
import type { UiStore } from './ui-store.ts';

/** What the controllers of one screen share. */
export interface ScreenContext {
  readonly view: View;
  readonly host: ScreenHost;
  readonly ui: UiStore;
  readonly text: ScreenText;
  readonly isVim: () => boolean;
  /** What was painted last; undefined before the first time. */
  readonly drawing: () => Drawing | undefined;
  /** Draws the current state without painting it. */
  readonly draw: () => Drawing;
}
