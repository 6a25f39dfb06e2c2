/** More than any day has: where clocks change, up to 26 hours. */
const LONGEST_DAY_MS = 27 * 3600 * 1000;

/** Times and dates as people of a locale write them, in the calendar of one time zone. */
export class ClockFace {
  readonly #locale: string;
  /** The time zone, as options of `Intl`; the machine's if it is empty. */
  readonly zone: { readonly timeZone?: string };
  readonly #time: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #moment: Intl.DateTimeFormat;
  readonly #shortDate: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayOfYear: Intl.DateTimeFormat;
  readonly #dayKey: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  /** @param timeZone the machine's when undefined. */
  constructor(locale: string, timeZone: string | undefined) {
    const zone = timeZone === undefined ? {} : { timeZone };
    const format = (options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { ...zone, ...options });
    this.#locale = locale;
    this.zone = zone;
    this.#time = format({ timeStyle: 'short' });
    this.#date = format({ dateStyle: 'full', timeStyle: 'medium' });
    this.#shortDate = format({ dateStyle: 'medium' });
    this.#moment = format({ dateStyle: 'medium', timeStyle: 'short' });
    this.#day = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
    this.#dayOfYear = format({ weekday: 'long', day: 'numeric', month: 'long' });
    this.#dayKey = new Intl.DateTimeFormat('en-CA', { ...zone, dateStyle: 'short' });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  }

  /** "14:03", or "2:03 PM". */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** The whole date, and the time with its seconds. */
  date(at: number): string {
    return this.#date.format(at);
  }

  /** A date and a time as short as a sentence needs them: "27 Nov 2026, 14:03". */
  moment(at: number): string {
    return this.#moment.format(at);
  }

  /** A date as short as a list needs it: "27 Nov 2026". */
  shortDate(at: number): string {
    return this.#shortDate.format(at);
  }

  /** Equal for moments of one day: "2026-11-23". */
  dayKey(at: number): string {
    return this.#dayKey.format(at);
  }

  /** The first moment of the day after that of `at`. */
  nextDay(at: number): number {
    const key = this.dayKey(at);
    let [before, after] = [at, at + LONGEST_DAY_MS];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.dayKey(middle) === key) before = middle;
      else after = middle;
    }
    return after;
  }

  /** "Today", "Yesterday", or the date; its year is left out when it is the present one. */
  day(at: number, now: number): string {
    const key = this.dayKey(at);
    const today = this.dayKey(now);
    if (key === today) return this.#capital(this.#relative.format(0, 'day'));
    if (key === dayBefore(today)) return this.#capital(this.#relative.format(-1, 'day'));
    const sameYear = yearOf(key) === yearOf(today);
    return (sameYear ? this.#dayOfYear : this.#day).format(at);
  }

  #capital(text: string): string {
    return text.charAt(0).toLocaleUpperCase(this.#locale) + text.slice(1);
  }
}

/** The calendar's day before. It is counted in days, since where clocks change a day has 22 to 26 hours. */
function dayBefore(key: string): string {
  const before = new Date(`${key}T00:00Z`);
  before.setUTCDate(before.getUTCDate() - 1);
  return before.toISOString().slice(0, key.length);
}

function yearOf(key: string): string {
  return key.slice(0, key.indexOf('-'));
}
