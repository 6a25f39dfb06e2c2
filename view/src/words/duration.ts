import type { Formats } from './formats.ts';

const [MINUTE_MS, HOUR_MS, DAY_MS] = [60_000, 3_600_000, 86_400_000];

/** "20 seconds", "12 minutes", "3 hours", "7 days": in one unit, the largest of which there are two, or one exactly. @param round down for what is a limit */
export function durationText(f: Formats, ms: number, round: (count: number) => number = Math.round): string {
  if (ms < MINUTE_MS) return f.plural(round(ms / 1000), { one: '# second', other: '# seconds' });
  if (ms < 2 * HOUR_MS && ms !== HOUR_MS)
    return f.plural(round(ms / MINUTE_MS), { one: '# minute', other: '# minutes' });
  if (ms < 2 * DAY_MS && ms !== DAY_MS)
    return f.plural(round(ms / HOUR_MS), { one: '# hour', other: '# hours' });
  return f.plural(round(ms / DAY_MS), { one: '# day', other: '# days' });
}
