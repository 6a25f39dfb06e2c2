import type { HistorySetting } from '@gochat/crypto/packs';
import { ChatError } from './chat-error.ts';

/** What rooms begin with that are made on a screen or with `gochat new`. */
export const NEW_ROOM_HISTORY: HistorySetting = { last: 100 };

/** Messages or days. */
const MOST = 1_000_000;

/** @param text `none`, `all`, so many messages as in `100`, or days as in `30d`. @throws ChatError `usage` */
export function parseHistorySetting(text: string): HistorySetting {
  const wanted = text.trim().toLowerCase();
  if (wanted === 'none' || wanted === 'all') return wanted;
  const [, digits, days] = /^([0-9]{1,7})(d?)$/.exec(wanted) ?? [];
  const setting = days === 'd' ? { days: Number(digits) } : { last: Number(digits) };
  checkHistorySetting(setting);
  return setting;
}

/** @returns what {@link parseHistorySetting} reads */
export function formatHistorySetting(setting: HistorySetting): string {
  if (typeof setting === 'string') return setting;
  return 'last' in setting ? String(setting.last) : `${setting.days}d`;
}

/** @throws ChatError `usage` unless other members accept it */
export function checkHistorySetting(setting: HistorySetting): void {
  if (setting === 'none' || setting === 'all') return;
  const number = 'last' in setting ? setting.last : setting.days;
  if (!Number.isInteger(number) || number < 1 || number > MOST)
    throw new ChatError({ reason: 'history-setting', most: MOST });
}
