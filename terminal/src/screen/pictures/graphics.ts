import { chosenPictures, type PictureChoice } from '../../picture-choice.ts';
import { isConfirmation, query as kittyQuery } from './kitty.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A cell of the terminal, in pixels. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** How a terminal shows pictures. */
export interface Graphics {
  /** As text: half-blocks, or placeholders of kitty's protocol. */
  readonly inline: 'none' | 'blocks' | 'kitty';
  /** Over the text, once; undefined where text has to do. */
  readonly over: { readonly kind: 'sixel' | 'iterm2'; readonly cell: CellSize } | undefined;
}

export const NO_GRAPHICS: Graphics = { inline: 'none', over: undefined };

const ESC = '\u001b';
/** Asks for the terminal's name and version, for the size of a cell in pixels, and for what the terminal has. */
const QUESTIONS = `${ESC}[>q${ESC}[16t${ESC}[c`;
// biome-ignore-start lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const NAME = /^\u001bP>\|([ -~]{1,64})\u001b\\$/;
const CELL = /^\u001b\[6;(\d{1,4});(\d{1,4})t$/;
const ATTRIBUTES = /^\u001b\[\?([\d;]{1,64})c$/;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
/** Terminals with kitty's placeholders. Others, such as WezTerm, confirm the protocol too and would show the bare text. */
const PLACES_BY_TEXT = /^(?:kitty|ghostty)\b/i;
/** A larger one is no cell. */
const CELL_PIXELS = 200;
const USUAL_CELL: CellSize = { width: 10, height: 20 };

/** Finds out how the terminal shows pictures: from the environment and from what it answers, whenever it does. */
export class GraphicsProbe {
  readonly #env: Env;
  readonly #chosen: PictureChoice | undefined;
  #confirmed = false;
  #name = '';
  #sixel = false;
  #cell: CellSize | undefined;

  /** @throws UsageError for an unknown `GOCHAT_PICTURES` */
  constructor(env: Env) {
    this.#env = env;
    this.#chosen = chosenPictures(env);
  }

  /** The output that asks the terminal. */
  get query(): string {
    if (this.#chosen === 'none') return '';
    const { STY, TMUX } = this.#env;
    // GNU screen would show the question on its status line, and passes no pictures on.
    const isScreen = STY !== undefined && TMUX === undefined;
    return (isScreen ? '' : kittyQuery(this.#env)) + QUESTIONS;
  }

  /** Takes a reply of the terminal. @returns whether pictures are shown in another way from now on */
  take(reply: string): boolean {
    const before = JSON.stringify(this.graphics);
    const name = NAME.exec(reply);
    const cell = CELL.exec(reply);
    const attributes = ATTRIBUTES.exec(reply);
    if (isConfirmation(reply)) this.#confirmed = true;
    else if (name !== null) this.#name = name[1] ?? '';
    else if (cell !== null) this.#takeCell(Number(cell[2]), Number(cell[1]));
    else if (attributes !== null) this.#sixel = attributes[1]?.split(';').includes('4') === true;
    return JSON.stringify(this.graphics) !== before;
  }

  /** What is known so far. */
  get graphics(): Graphics {
    if (this.#chosen === 'none') return NO_GRAPHICS;
    const isKitty = this.#chosen === 'kitty' || (this.#chosen === undefined && this.#placesByText);
    const kind = this.#over;
    return {
      inline: isKitty ? 'kitty' : 'blocks',
      over: isKitty || kind === undefined ? undefined : { kind, cell: this.#cell ?? USUAL_CELL },
    };
  }

  get #placesByText(): boolean {
    if (!this.#confirmed) return false;
    const { TMUX, KITTY_WINDOW_ID, GHOSTTY_RESOURCES_DIR } = this.#env;
    // tmux gives its own name, and it has passed the confirmation on from a terminal that only the environment names.
    if (TMUX !== undefined) return (KITTY_WINDOW_ID ?? GHOSTTY_RESOURCES_DIR) !== undefined;
    return PLACES_BY_TEXT.test(this.#name);
  }

  get #over(): 'sixel' | 'iterm2' | undefined {
    const { TMUX, TERM_PROGRAM = '' } = this.#env;
    if (this.#chosen === 'sixel' || this.#chosen === 'iterm2') return this.#chosen;
    if (this.#chosen !== undefined) return undefined;
    if (TMUX === undefined && /^(?:iTerm\.app|WezTerm)$/.test(TERM_PROGRAM)) return 'iterm2';
    // Pixels need to be counted: a picture that is larger than its place would scroll the screen.
    return this.#sixel && this.#cell !== undefined ? 'sixel' : undefined;
  }

  #takeCell(width: number, height: number): void {
    if (width > 0 && height > 0 && width <= CELL_PIXELS && height <= CELL_PIXELS)
      this.#cell = { width, height };
  }
}
