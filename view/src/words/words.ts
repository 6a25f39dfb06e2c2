import type { ClockFace } from './clock-face.ts';
import { Formats } from './formats.ts';

/** Every sentence of one language. An entry is a string, or a function of data that returns the whole sentence. */
export interface Catalogue<Text> {
  /** A BCP 47 tag. */
  readonly language: string;
  text(formats: Formats): Text;
}

/** A catalogue with the formats of one locale. A program makes one and passes it down. */
export class Words<out Text> {
  readonly text: Text;
  readonly #formats: Formats;

  /** @param timeZone the system's when undefined. */
  constructor(locale: string, catalogue: Catalogue<Text>, timeZone?: string) {
    this.#formats = new Formats(catalogue.language, locale, timeZone);
    this.text = catalogue.text(this.#formats);
  }

  get clock(): ClockFace {
    return this.#formats.clock;
  }

  number(n: number): string {
    return this.#formats.number(n);
  }
}
