import type { TerminalText } from '@gochat/view/terminal-words';
import type { PictureSource } from '../pictures/pictures.ts';
import type { Symbols } from './symbols.ts';

export type ScreenText = TerminalText['screen'];

/** The symbols, words and pictures that the screen is drawn with. */
export interface Look {
  readonly symbols: Symbols;
  readonly text: ScreenText;
  /** Undefined: pictures are shown by their text only. */
  readonly pictures?: PictureSource | undefined;
}
