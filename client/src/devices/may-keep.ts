import type { Kept } from '@gochat/crypto/content';
import type { Received } from '../room/received.ts';
import { type KeptKind, type KeptValue, parseKey } from './kept.ts';

/** What a limited device may set of a room. */
const OF_LIMITED: ReadonlySet<string> = new Set<KeptKind>(['read', 'draft', 'notify', 'receipts', 'typing']);

/** What is known here when something is kept by another device. */
export interface Judge {
  /** The fingerprint of this person's identity key, as base64url. */
  readonly person: string;
  /** Whether this person has, or had, a room with this id. */
  readonly knowsRoom: (id: string) => boolean;
}

/**
 * Whether an entry counts. A limited device says how far it has read and what it calls itself. It has no other one removed, and no room
 * joined or left, also not by those that could. It names only rooms that are known: the map has a limit, and whoever fills it keeps its
 * own removal out. A self room is one of this person's.
 * @param from the device that has posted it, one of this person's
 */
export function mayKeep(
  { limited, device }: Pick<Received, 'limited' | 'device'>,
  { key, value }: Kept,
  { person, knowsRoom }: Judge,
): boolean {
  const parsed = parseKey(key);
  if (parsed === undefined) return false;
  const { kind, of } = parsed;
  if (limited && kind === 'device') return of === device && isItself(value);
  if (limited) return OF_LIMITED.has(kind) && knowsRoom(of);
  return kind !== 'self' || (value as { readonly founder?: unknown } | null)?.founder === person;
}

/** A device that could say that it is another one elsewhere would be shown nowhere. A limited device has one key: nobody certifies more. */
function isItself(value: unknown): boolean {
  return (value as Partial<KeptValue<'device'>> | null)?.of === undefined;
}
