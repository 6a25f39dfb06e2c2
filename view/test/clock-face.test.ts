import { describe, expect, test } from 'vitest';
import { english } from '../src/words/english.ts';
import { Words } from '../src/words/words.ts';

/** The moment at which clocks in a zone show this time. For a time that occurs twice, the first one. */
function moment(zone: string, local: string): number {
  const shown = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const near = Date.parse(`${local.replace(' ', 'T')}Z`);
  const step = 15 * 60_000;
  for (let at = near - 16 * 3600_000; at <= near + 16 * 3600_000; at += step)
    if (shown.format(at) === local) return at;
  throw new Error(`clocks in ${zone} never show ${local}`);
}

/** Zone, how long which day is there, the present time, a time, and what the day of that time is called. */
const DAYS: readonly (readonly [string, string, now: string, at: string, day: string])[] = [
  ['Europe/Berlin', '29 March has 23 hours', '2026-03-30 00:30', '2026-03-29 00:15', 'Yesterday'],
  ['Europe/Berlin', '29 March has 23 hours', '2026-03-30 00:30', '2026-03-28 23:45', 'Saturday 28 March'],
  ['Europe/Berlin', '25 October has 25 hours', '2026-10-25 23:30', '2026-10-24 23:45', 'Yesterday'],
  ['Europe/Berlin', '25 October has 25 hours', '2026-10-25 23:30', '2026-10-25 00:15', 'Today'],
  ['Europe/London', '29 March has 23 hours', '2026-03-30 00:15', '2026-03-29 23:45', 'Yesterday'],
  ['Europe/London', '25 October has 25 hours', '2026-10-25 23:45', '2026-10-24 12:00', 'Yesterday'],
  ['America/New_York', '8 March has 23 hours', '2026-03-09 00:15', '2026-03-08 12:00', 'Yesterday'],
  ['America/New_York', '8 March has 23 hours', '2026-03-09 00:15', '2026-03-07 23:30', 'Saturday 7 March'],
  ['America/New_York', '1 November has 25 hours', '2026-11-01 23:30', '2026-10-31 20:00', 'Yesterday'],
  ['America/New_York', '1 November has 25 hours', '2026-11-01 23:30', '2026-11-01 00:30', 'Today'],
  ['America/St_Johns', '1 November has 25 hours', '2026-11-01 23:45', '2026-10-31 23:45', 'Yesterday'],
  ['America/Havana', '1 November has 25 hours', '2026-11-01 23:15', '2026-10-31 00:15', 'Yesterday'],
  ['America/Havana', '8 March begins at one', '2026-03-09 00:15', '2026-03-08 01:00', 'Yesterday'],
  ['America/Santiago', '4 April has 25 hours', '2026-04-04 23:45', '2026-04-03 23:45', 'Yesterday'],
  ['America/Santiago', '6 September begins at one', '2026-09-07 00:30', '2026-09-06 01:15', 'Yesterday'],
  ['America/Santiago', '6 September begins at one', '2026-09-06 01:00', '2026-09-05 23:45', 'Yesterday'],
  ['Pacific/Easter', '4 April has 25 hours', '2026-04-04 23:45', '2026-04-03 12:00', 'Yesterday'],
  ['Australia/Sydney', '5 April has 25 hours', '2026-04-05 23:30', '2026-04-04 23:30', 'Yesterday'],
  ['Australia/Sydney', '4 October has 23 hours', '2026-10-05 00:30', '2026-10-04 12:00', 'Yesterday'],
  [
    'Australia/Sydney',
    '4 October has 23 hours',
    '2026-10-05 00:30',
    '2026-10-03 23:45',
    'Saturday 3 October',
  ],
  ['Australia/Lord_Howe', '5 April has 24½ hours', '2026-04-05 23:45', '2026-04-04 23:45', 'Yesterday'],
  ['Australia/Lord_Howe', '4 October has 23½ hours', '2026-10-05 00:15', '2026-10-04 00:15', 'Yesterday'],
  ['Pacific/Auckland', '5 April has 25 hours', '2026-04-05 23:15', '2026-04-04 00:15', 'Yesterday'],
  ['Pacific/Auckland', '27 September has 23 hours', '2026-09-28 00:15', '2026-09-27 23:45', 'Yesterday'],
  [
    'Pacific/Chatham',
    '27 September has 23 hours',
    '2026-09-28 00:15',
    '2026-09-26 23:45',
    'Saturday 26 September',
  ],
  ['Africa/Cairo', '24 April begins at one', '2026-04-25 00:15', '2026-04-24 01:15', 'Yesterday'],
  ['Africa/Casablanca', '15 February has 25 hours', '2026-02-15 23:45', '2026-02-14 12:00', 'Yesterday'],
  ['Asia/Beirut', '24 October has 25 hours', '2026-10-24 23:45', '2026-10-23 12:00', 'Yesterday'],
  ['Asia/Jerusalem', '27 March has 23 hours', '2026-03-28 00:15', '2026-03-26 23:45', 'Thursday 26 March'],
  ['Antarctica/Troll', '25 October has 26 hours', '2026-10-25 23:00', '2026-10-24 23:00', 'Yesterday'],
  ['Antarctica/Troll', '29 March has 22 hours', '2026-03-30 00:45', '2026-03-28 23:00', 'Saturday 28 March'],
  [
    'Pacific/Apia',
    '30 December was left out',
    '2011-12-31 12:00',
    '2011-12-29 12:00',
    'Thursday 29 December',
  ],
  ['Asia/Kathmandu', 'no day is special', '2027-01-01 00:15', '2026-12-31 23:45', 'Yesterday'],
  [
    'Asia/Kathmandu',
    'no day is special',
    '2027-01-01 00:15',
    '2026-12-30 12:00',
    'Wednesday, 30 December 2026',
  ],
  ['Pacific/Kiritimati', 'no day is special', '2028-03-01 00:15', '2028-02-29 00:15', 'Yesterday'],
];

describe('days are counted by the calendar, not in hours', () => {
  test.each(DAYS)('%s, %s: at %s, %s is “%s”', (zone, _which, now, at, day) => {
    const { clock } = new Words('en-GB', english, zone);
    expect(clock.day(moment(zone, at), moment(zone, now))).toBe(day);
  });

  test.each(DAYS)('%s, %s: a new day starts at midnight or at the first moment after it', (zone) => {
    const { clock } = new Words('en-GB', english, zone);
    const start = moment(zone, '2026-06-15 00:00');
    expect(clock.dayKey(start)).toBe('2026-06-15');
    expect(clock.dayKey(start - 1)).toBe('2026-06-14');
  });

  test.each(DAYS)('%s, %s: the next day is found from any moment', (zone, _which, now, at) => {
    const { clock } = new Words('en-GB', english, zone);
    for (const from of [moment(zone, now), moment(zone, at), moment(zone, '2026-06-15 00:00')]) {
      const next = clock.nextDay(from);
      expect(clock.dayKey(next - 1)).toBe(clock.dayKey(from));
      expect(clock.dayKey(next)).not.toBe(clock.dayKey(from));
    }
  });
});

/** The system's locale, then a time, a day and a number of the English catalogue. */
const LOCALES = [
  ['en-GB', '21:05', 'Friday, 27 November', '1,234.5', 'Yesterday'],
  ['en-US', '9:05 PM', 'Friday, November 27', '1,234.5', 'Yesterday'],
  ['en-DE', '21:05', 'Friday, 27 November', '1.234,5', 'Yesterday'],
  ['de-DE', '21:05', 'Friday, 27 November', '1.234,5', 'Yesterday'],
  ['tr-TR', '21:05', 'Friday, 27 November', '1,234.5', 'Yesterday'],
] as const;

describe('times, dates and numbers follow one locale', () => {
  test.each(LOCALES)('%s', (locale, time, day, number, yesterday) => {
    const words = new Words(locale, english, 'UTC');
    const at = Date.UTC(2026, 10, 27, 21, 5, 9);
    const now = Date.UTC(2026, 11, 24);
    const plain = (text: string) => text.replace(/\s/gu, ' ');
    expect(plain(words.clock.time(at))).toBe(time);
    expect(words.clock.day(at, now).replace(/^(\w+) /, '$1, ')).toBe(day);
    expect(words.clock.day(now - 3600_000, now)).toBe(yesterday);
    expect(words.number(1234.5)).toBe(number);
    // The date that a tooltip shows has the hour of the time beside it.
    for (const long of [words.clock.date(at), words.clock.moment(at)])
      expect(plain(long)).toContain(time.replace(/ PM$/, ''));
    expect(/PM/.test(words.clock.date(at))).toBe(/PM/.test(time));
    expect(/PM/.test(words.clock.moment(at))).toBe(/PM/.test(time));
  });
});
