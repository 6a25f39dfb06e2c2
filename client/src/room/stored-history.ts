import { fromJson, toJson } from '../store/records.ts';
import type { EventItem, HistoryItem } from './history.ts';

export function encodeItem(item: HistoryItem): Uint8Array {
  return toJson(item);
}

/** Reads what {@link encodeItem} wrote, in this version or in an older one, which stored events as sentences in English. */
export function decodeItem(bytes: Uint8Array): HistoryItem {
  const stored = fromJson<HistoryItem | SentenceItem>(bytes);
  return isSentence(stored) ? toFact(stored) : stored;
}

/** An event as an older version stored it: `text` is the sentence without its subject. */
interface SentenceItem extends Pick<EventItem, 'seq' | 'sub' | 'at' | 'from' | 'device' | 'own'> {
  readonly kind: Exclude<EventItem['kind'], 'warning' | 'renamed'> | 'trouble';
  readonly text: string;
}

function isSentence(stored: HistoryItem | SentenceItem): stored is SentenceItem {
  return stored.kind !== 'text' && 'text' in stored;
}

function toFact({ kind, text, seq, sub, at, from, device, own }: SentenceItem): EventItem {
  const line = { seq, sub, at, from, device, own };
  switch (kind) {
    case 'leaving':
      return { ...line, kind };
    case 'joined':
      return { ...line, kind, ...(text.startsWith('joined again') && { again: true }) };
    case 'removed': {
      const by = /^was removed by (.+)$/su.exec(text)?.[1];
      return { ...line, kind, ...(by !== undefined && { by }) };
    }
    case 'changed':
      return { ...line, kind };
    case 'trouble':
      return { ...line, kind: 'warning', warning: 'older-version' };
    default:
      return kind satisfies never;
  }
}
