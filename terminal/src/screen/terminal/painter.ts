import type { Frame, Line, OverText, Style } from '../draw/frame.ts';
import { glyphs } from '../draw/width.ts';
import type { Palette } from './palette.ts';

const ESC = '\u001b';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
// Characters that reorder a row, on a terminal that supports bidirectional text.
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Shows a part of a picture on a terminal that has the protocol: text of other people must not place any. */
const PLACEHOLDER = /\u{10eeee}/gu;
/** All but placeholders and the marks that number their row, column and picture. */
const NO_PLACEHOLDERS = /[^\u{10eeee}\p{M}]/gu;
/** Characters that take one cell on every terminal. */
const SURE = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u017f\u2500-\u259f]*$/;

/** Punctuation of one cell that ASCII has a substitute for. */
const ASCII_PUNCTUATION: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '…': '.',
  '–': '-',
  '×': 'x',
};

/** What a terminal supports beyond plain ASCII text. */
export interface Capabilities {
  readonly links: boolean;
  /** False for a locale without UTF-8: other characters than ASCII are replaced. */
  readonly unicode: boolean;
}

/**
 * Writes frames to a terminal. Only rows that have changed are written, each at its position, so that a character with another
 * width than expected affects no other row.
 */
export class Painter {
  readonly #capabilities: Capabilities;
  #palette: Palette;
  #shown: string[] = [];
  #cursor = '';
  /** The picture that is drawn over the text. */
  #over: OverText | undefined;

  constructor(palette: Palette, capabilities: Capabilities) {
    this.#palette = palette;
    this.#capabilities = capabilities;
  }

  /** Uses other colours, and writes everything again. */
  recolour(palette: Palette): void {
    this.#palette = palette;
    this.forget();
  }

  /** Whether the terminal has colours for pictures that are text. */
  get hasPictures(): boolean {
    return this.#palette.hasPictures && this.#capabilities.unicode;
  }

  /** The next frame is written as a whole, because the content of the screen is unknown. */
  forget(): void {
    this.#shown = [];
    this.#cursor = '';
  }

  /** @returns the output that shows this frame; empty when nothing has changed */
  paint(frame: Frame): string {
    const rows = frame.lines.map((line) => this.#row(line));
    const fresh = this.#shown.length !== rows.length;
    const { cursor, over } = frame;
    const isOther = !isSame(over, this.#over);
    let out = fresh ? `${ESC}[0m${ESC}[2J` : '';
    let isCovered = false;
    rows.forEach((row, i) => {
      // Text wipes out the part of a picture that lies over it.
      if (!fresh && row === this.#shown[i] && !(isOther && isUnder(i, this.#over))) return;
      out += `${ESC}[${i + 1};1H${row}${ESC}[0m`;
      isCovered ||= isUnder(i, over);
    });
    if (over !== undefined && (isOther || isCovered))
      out += `${ESC}[${over.row + 1};${over.column + 1}H${over.sequence}`;
    this.#over = over;
    const placed =
      cursor === undefined ? `${ESC}[?25l` : `${ESC}[${cursor.row + 1};${cursor.column + 1}H${ESC}[?25h`;
    if (out === '' && placed === this.#cursor) return '';
    this.#shown = rows;
    this.#cursor = placed;
    // The cursor is hidden meanwhile; a terminal with synchronized output shows all of it at once.
    return `${ESC}[?2026h${ESC}[?25l${out}${placed}${ESC}[?2026l`;
  }

  #row(line: Line): string {
    let out = '';
    let column = 1;
    for (const { text, style } of line) {
      if (text === '') continue;
      const { written, width } =
        style.picture === undefined
          ? this.#text(text.replace(PLACEHOLDER, '\ufffd'), column)
          : { written: text.replace(NO_PLACEHOLDERS, ''), width: text.match(PLACEHOLDER)?.length ?? 0 };
      out += this.#styled(written, style);
      column += width;
    }
    return out;
  }

  #styled(text: string, style: Style): string {
    const sgr = `${ESC}[${this.#palette.sgr(style)}m${text}`;
    const href = style.link;
    if (
      href === undefined ||
      !this.#capabilities.links ||
      !/^(?:https?:\/\/|mailto:)[!-~]{1,2048}$/.test(href)
    )
      return sgr;
    return `${ESC}]8;id=${nameOf(href)};${href}${ESC}\\${sgr}${ESC}]8;;${ESC}\\`;
  }

  /** The last check: no control character of a span reaches the terminal, whatever a snapshot contains. */
  #text(text: string, column: number): { readonly written: string; readonly width: number } {
    if (SURE.test(text) && this.#capabilities.unicode) return { written: text, width: text.length };
    let written = '';
    let width = 0;
    for (const glyph of glyphs(text.replace(CONTROLS, '').replace(BIDI, ''))) {
      width += glyph.width;
      if (!this.#capabilities.unicode && !/^[ -~]$/.test(glyph.text))
        written += ASCII_PUNCTUATION[glyph.text] ?? '?'.repeat(glyph.width);
      else if (glyph.sure) written += glyph.text;
      // Terminals disagree about this width: its cells are blanked first, and the cursor is set after it.
      // A combining mark without a letter gets a blank as its base.
      else if (/^\p{M}/u.test(glyph.text)) written += ` ${glyph.text}${ESC}[${column + width}G`;
      else
        written += `${' '.repeat(glyph.width)}${ESC}[${column + width - glyph.width}G${glyph.text}${ESC}[${column + width}G`;
    }
    return { written, width };
  }
}

function isUnder(row: number, over: OverText | undefined): boolean {
  return over !== undefined && row >= over.row && row < over.row + over.rows;
}

function isSame(one: OverText | undefined, other: OverText | undefined): boolean {
  return (
    one?.sequence === other?.sequence &&
    one?.row === other?.row &&
    one?.column === other?.column &&
    one?.rows === other?.rows
  );
}

/** An id for a link (FNV-1a), so that a terminal highlights all rows of it together. */
function nameOf(href: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < href.length; i++) hash = Math.imul(hash ^ href.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}
