/** Times and dates as people of a locale write them. */
export class ClockFace {
  readonly #time: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #dayKey: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  /** @param timeZone the machine's when undefined. */
  constructor(locale: string, timeZone: string | undefined) {
    const zone = timeZone === undefined ? {} : { timeZone };
    this.#time = new Intl.DateTimeFormat(locale, {
      ...zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    this.#date = new Intl.DateTimeFormat(locale, {
      ...zone,
      dateStyle: 'full',
      timeStyle: 'medium',
      hourCycle: 'h23',
    });
    this.#day = new Intl.DateTimeFormat(locale, {
      ...zone,
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      year: 'numeric',
    });
    this.#dayKey = new Intl.DateTimeFormat('en-CA', { ...zone, dateStyle: 'short' });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  }

  /** "14:03" */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** The whole date and time. */
  date(at: number): string {
    return this.#date.format(at);
  }

  /** Equal for moments of one day: "2026-11-23". */
  dayKey(at: number): string {
    return this.#dayKey.format(at);
  }

  /** "Today", "Yesterday", or the date. */
  day(at: number, now: number): string {
    const key = this.dayKey(at);
    if (key === this.dayKey(now)) return capital(this.#relative.format(0, 'day'));
    if (key === this.dayKey(now - DAY_MS)) return capital(this.#relative.format(-1, 'day'));
    return this.#day.format(at);
  }
}

const DAY_MS = 24 * 3600 * 1000;

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
