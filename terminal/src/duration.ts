import { UsageError } from '@gochat/server/usage-error';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Parses a duration such as `5s`, `7d` or `1h30m`. @returns milliseconds. @throws UsageError */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdw])/g)];
  const whole = parts.map(([part]) => part).join('');
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0);
  if (whole !== text || text === '' || !Number.isSafeInteger(ms)) {
    throw new UsageError(
      `"${text}" is not a duration: write 30s, 15m, 12h, 7d or 4w, or a sum such as 1h30m`,
    );
  }
  return ms;
}

/** The milliseconds of a `--wait` option. @throws UsageError */
export function waitMs(given: string | undefined, defaultMs: number): number {
  return given === undefined ? defaultMs : parseDuration(given);
}
