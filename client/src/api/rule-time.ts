import { ChatError } from './chat-error.ts';

/** In seconds. */
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** Those in which a time is written. */
const WRITTEN = ['d', 'h', 'm', 's'];

/** @param text `off`, or a time such as `30s`, `15m`, `12h`, `7d` or `4w`. @returns seconds; null for `off`. @throws ChatError `usage` */
export function parseRuleTime(text: string): number | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === 'off') return null;
  const [, digits, unit = ''] = /^([0-9]{1,9})([smhdw])$/.exec(wanted) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (!Number.isSafeInteger(seconds) || seconds < 1) throw new ChatError({ reason: 'rule-time' });
  return seconds;
}

/** @param seconds undefined for no time. @returns what {@link parseRuleTime} reads */
export function formatRuleTime(seconds: number | null | undefined): string {
  if (seconds === undefined || seconds === null) return 'off';
  const unit = WRITTEN.find((one) => seconds % (UNITS[one] ?? 1) === 0) ?? 's';
  return `${seconds / (UNITS[unit] ?? 1)}${unit}`;
}
