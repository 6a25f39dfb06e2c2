import type { TerminalText } from '@gochat/view/terminal-words';
import type { Symbols } from './symbols.ts';

export type ScreenText = TerminalText['screen'];

/** The symbols and the words that the screen is drawn with. */
export interface Look {
  readonly symbols: Symbols;
  readonly text: ScreenText;
}
