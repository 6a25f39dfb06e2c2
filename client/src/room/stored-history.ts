import { concatBytes } from '@gochat/crypto/primitives';
import { membersOf, type Room } from '@gochat/crypto/room';
import type { RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, toJson } from '../store/records.ts';
import { expiringChanges } from './expiring.ts';
import type { EventItem, HistoryItem, Reaction } from './history.ts';
import { decodeProofs, encodeProofs, NO_PROOFS, type Proofs } from './proofs.ts';

/** A line of the history with its proofs. */
export interface StoredLine {
  readonly item: HistoryItem;
  readonly proofs: Proofs;
}

/** JSON, and the proofs, if there are any, after a zero byte, which JSON never contains. */
export function encodeLine({ item, proofs }: StoredLine): Uint8Array {
  const json = toJson(item);
  return proofs.size === 0 ? json : concatBytes(json, new Uint8Array(1), encodeProofs(proofs));
}

/** One byte numbers the lines of an entry. */
export const MOST_SUB = 255;

/** @returns what stores a line of a room's history */
export function lineChanges(room: RoomId, line: StoredLine): RecordChange[] {
  const { seq, sub } = line.item;
  const place = { of: 'history', room, at: Number(seq), sub } as const;
  return [{ place, value: encodeLine(line) }, ...expiringChanges(room, line.item)];
}

/** Reads what {@link encodeLine} wrote; as {@link decodeItem}, which is faster. */
export function decodeLine(bytes: Uint8Array, identityOf: (device: string) => string): StoredLine {
  const end = bytes.indexOf(0);
  const proofs = end === -1 ? NO_PROOFS : decodeProofs(bytes.subarray(end + 1));
  return { item: decodeItem(bytes, identityOf), proofs };
}

/**
 * Reads the line in what {@link encodeLine} wrote, in this version or in an older one, which stored device keys instead of identity keys,
 * and before that events as sentences in English.
 * @param identityOf the identity of a device, for a line of an older version
 */
export function decodeItem(bytes: Uint8Array, identityOf: (device: string) => string): HistoryItem {
  const end = bytes.indexOf(0);
  const json = end === -1 ? bytes : bytes.subarray(0, end);
  const stored = fromJson<HistoryItem | DeviceItem | SentenceItem>(json);
  const line = 'device' in stored ? withIdentities(stored, identityOf) : stored;
  return isSentence(line) ? toFact(line) : line;
}

/** @returns the identity of a device that is in the room; otherwise the device key, which is no identity's. */
export function identitiesIn(room: Room): (device: string) => string {
  return (device) => membersOf(room).find((m) => m.device === device)?.identity ?? device;
}

/** A line with device keys. */
type DeviceItem = Omit<HistoryItem | SentenceItem, 'identity'> & {
  readonly device: string;
  readonly mentions?: readonly string[];
  readonly reactions?: readonly {
    readonly emoji: string;
    readonly by: readonly { readonly device: string; readonly name: string }[];
  }[];
};

function withIdentities(
  { device, mentions, reactions, ...line }: DeviceItem,
  identityOf: (device: string) => string,
): HistoryItem | SentenceItem {
  return {
    ...line,
    identity: identityOf(device),
    ...(mentions && { mentions: mentions.map(identityOf) }),
    ...(reactions && {
      reactions: reactions.map(
        ({ emoji, by }): Reaction => ({
          emoji,
          by: by.map((one) => ({ identity: identityOf(one.device), name: one.name })),
        }),
      ),
    }),
  } as HistoryItem | SentenceItem;
}

/** An event as an older version stored it: `text` is the sentence without its subject. */
interface SentenceItem extends Pick<EventItem, 'seq' | 'sub' | 'at' | 'from' | 'identity' | 'own'> {
  readonly kind: Exclude<EventItem['kind'], 'warning' | 'renamed' | 'knocked'> | 'trouble';
  readonly text: string;
}

function isSentence(stored: HistoryItem | SentenceItem): stored is SentenceItem {
  return stored.kind !== 'text' && 'text' in stored;
}

function toFact({ kind, text, seq, sub, at, from, identity, own }: SentenceItem): EventItem {
  const line = { seq, sub, at, from, identity, own };
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
