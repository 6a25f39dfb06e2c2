import type { Line, Span, Style } from './frame.ts';
import { glyphs, widthOf } from './width.ts';

/** The most lines of one message; longer ones are cut, with a note. */
export const MOST_LINES = 400;

/**
 * Breaks spans into lines of at most `cells`: at blanks, or between glyphs where there is none.
 * A span whose text is a line feed breaks the line. At most {@link MOST_LINES} + 1 lines are returned.
 */
export function wrap(spans: readonly Span[], cells: number): Line[] {
  const width = Math.max(1, cells);
  const wrapped = new Wrapped(width);
  for (const { text, style } of spans) {
    if (text === '\n') wrapped.end();
    // In parts, so that a text of a megabyte isn't split to its end.
    else
      for (const [part] of text.matchAll(/ +|[^ ]{1,512}/gu)) {
        if (wrapped.isFull) return wrapped.lines;
        wrapped.add(part, style);
      }
    if (wrapped.isFull) return wrapped.lines;
  }
  wrapped.end();
  return wrapped.lines;
}

class Wrapped {
  readonly lines: Span[][] = [];
  readonly #width: number;
  #line: Span[] = [];
  #used = 0;

  constructor(width: number) {
    this.#width = width;
  }

  get isFull(): boolean {
    return this.lines.length > MOST_LINES;
  }

  end(): void {
    this.lines.push(this.#line);
    this.#line = [];
    this.#used = 0;
  }

  add(part: string, style: Style): void {
    const width = widthOf(part);
    if (this.#used + width <= this.#width) {
      this.#push(part, width, style);
      return;
    }
    if (part.startsWith(' ')) {
      // Blanks at the end of a line are dropped.
      if (this.#used > 0) this.end();
      return;
    }
    // A word that fits on a line begins a new one, unless more than half of this line would be empty.
    if (
      this.#used > 0 &&
      (width <= this.#width / 2 || (width <= this.#width && this.#used > this.#width / 2))
    )
      this.end();
    this.#fill(part, style);
  }

  #fill(part: string, style: Style): void {
    let taken = '';
    let width = 0;
    for (const glyph of glyphs(part)) {
      if (this.#used + width + glyph.width > this.#width && this.#used + width > 0) {
        this.#push(taken, width, style);
        this.end();
        if (this.isFull) return;
        taken = '';
        width = 0;
      }
      // A glyph that is wider than the line is dropped.
      if (glyph.width > this.#width) continue;
      taken += glyph.text;
      width += glyph.width;
    }
    this.#push(taken, width, style);
  }

  #push(text: string, width: number, style: Style): void {
    if (text === '') return;
    this.#used += width;
    const last = this.#line.at(-1);
    if (last !== undefined && last.style === style)
      this.#line[this.#line.length - 1] = { text: last.text + text, style };
    else this.#line.push({ text, style });
  }
}
