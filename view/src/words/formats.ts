import { ClockFace } from './clock-face.ts';

/** A text for one thing and for several. */
export interface PluralForms {
  readonly one: string;
  readonly other: string;
}

/** How a catalogue writes numbers, lists, dates and times: its grammar follows its language, the rest the system's locale. */
export class Formats {
  readonly #makeClock: () => ClockFace;
  #clock: ClockFace | undefined;
  readonly #plurals: Intl.PluralRules;
  readonly #list: Intl.ListFormat;
  readonly #number: Intl.NumberFormat;

  /**
   * @param language of the catalogue, as a BCP 47 tag.
   * @param locale of the system.
   * @param timeZone the system's when undefined.
   */
  constructor(language: string, locale: string, timeZone: string | undefined) {
    this.#makeClock = () => new ClockFace(locale, timeZone);
    this.#plurals = new Intl.PluralRules(language);
    this.#list = new Intl.ListFormat(language, { type: 'conjunction' });
    this.#number = new Intl.NumberFormat(locale);
  }

  /** Loading its formats takes tens of milliseconds, which a command that prints no time does not need. */
  get clock(): ClockFace {
    this.#clock ??= this.#makeClock();
    return this.#clock;
  }

  number(n: number): string {
    return this.#number.format(n);
  }

  /** "1 message", "2 messages": the form for a number, with the number in place of its first `#`. */
  plural(n: number, forms: PluralForms): string {
    return this.form(n, forms).replace('#', () => this.number(n));
  }

  /** The form for a number, without the number. */
  form(n: number, { one, other }: PluralForms): string {
    return this.#plurals.select(n) === 'one' ? one : other;
  }

  /** "ana, ben and cleo". */
  list(items: readonly string[]): string {
    return this.#list.format(items);
  }
}
