import type { Size } from './draw/frame.ts';

/** What the screen uses of the terminal and the process. */
export interface ScreenHost {
  readonly size: () => Size;
  readonly write: (text: string) => void;
  /** Whether earlier output is still buffered; if so, `then` is called once it has drained. */
  readonly isHeldUp: (then: () => void) => boolean;
  readonly mouse: (on: boolean) => void;
  /** Opens a link with the desktop's program. @returns false when there is no desktop */
  readonly openLink: (href: string) => boolean;
  /** Copies to the clipboard. @returns false when the terminal can't */
  readonly copy: (text: string) => Promise<boolean>;
  /** Opens a text in the user's editor, which has the terminal until it ends. @returns undefined when it failed */
  readonly edit: (text: string) => Promise<string | undefined>;
  /** Stops the sound or video that is played. @returns whether one was */
  readonly stopPlaying: () => boolean;
  readonly suspend: () => void;
}
