import { ClockFace } from './clock-face.ts';

/** A text for one thing and for several. */
export interface PluralForms {
  readonly one: string;
  readonly other: string;
}

/** How a catalogue writes numbers, lists, dates and times: in its own language, as in the region of the system's locale. */
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
    const own = localeIn(language, locale);
    this.#makeClock = () => new ClockFace(own, timeZone);
    this.#plurals = new Intl.PluralRules(language);
    this.#list = new Intl.ListFormat(language, { type: 'conjunction' });
    this.#number = new Intl.NumberFormat(own);
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

/**
 * The system's locale, or the catalogue's language in the system's region: a date must not mix in words of another language. Where a
 * browser doesn't know the language in that region, it is the catalogue's own region. The clock has 12 or 24 hours as in the system.
 */
function localeIn(language: string, locale: string): string {
  const system = new Intl.Locale(locale);
  const own = new Intl.Locale(language);
  if (system.language === own.language) return locale;
  const { hourCycle } = new Intl.DateTimeFormat(locale, { hour: 'numeric' }).resolvedOptions();
  const cycle = hourCycle === undefined ? {} : { hourCycle };
  const { region = '' } = system.maximize();
  const there = new Intl.Locale(own.language, region === '' ? {} : { region });
  const known = new Intl.DateTimeFormat(there).resolvedOptions().locale === there.toString();
  return new Intl.Locale(known ? there : own, cycle).toString();
}
