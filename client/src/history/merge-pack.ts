import { decodePack } from '@gochat/crypto/pack';
import type { Room } from '@gochat/crypto/room';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import type { HistoryItem } from '../room/history.ts';
import { decodeItem, identitiesIn } from '../room/stored-history.ts';
import { Slices } from '../schedule/slices.ts';
import type { Records } from '../store/records.ts';
import { type MergedFrom, messageKey } from './merged-lines.ts';
import { type PackedMessage, type VerifiedPack, verifyPack } from './verify-pack.ts';

/** How many messages are stored together, and how many records are read at a time. */
const TOGETHER = 8;
const PAGE = 64;

/** What became of a pack: the messages that may be shown, how many of them were added, and how many lines were left out and why. */
export type MergedPack = VerifiedPack & { readonly added: number };

/** Which messages of a pack are added. */
export interface MergeOptions extends Pick<MergedFrom, 'sharer' | 'before' | 'now'> {
  /** How many, the newest first. */
  readonly last?: number;
  /** The server's time of the oldest, in milliseconds since 1970. */
  readonly since?: number;
}

/** A room's history: a `RoomSession`, which is its only writer. */
export interface MergeInto {
  readonly room: Room;
  merge(messages: readonly PackedMessage[], from: MergedFrom): Promise<readonly HistoryItem[]>;
}

/**
 * Verifies a pack and adds its messages to a room's history, as older lines. Messages that are there stay as they are: a message is the same by its
 * id and author. All is done in slices, and what is added is durable when it resolves; it can be repeated.
 * @param pack as {@link decodePack} reads it, from somebody who may have made it up
 * @param from `sharer` is the member who shared it; without one the pack is of this person's own devices, and the room's `history` setting doesn't matter
 * @returns undefined if it isn't a pack
 */
export async function mergePack(
  records: Records,
  into: MergeInto,
  pack: Uint8Array,
  { last, since = 0, ...from }: MergeOptions,
): Promise<MergedPack | undefined> {
  const decoded = decodePack(pack);
  if (decoded === undefined) return undefined;
  const { messages: proved, ...left } = await verifyPack(
    into.room.id,
    decoded,
    from.sharer !== undefined,
    from.now,
  );
  const messages = proved
    .filter(({ at }) => at >= since)
    .toSorted((a, b) => comparePositions(b.seq, a.seq))
    .slice(0, last)
    .reverse();
  const known = await knownMessages(records, into);
  let added = 0;
  for (let i = 0; i < messages.length; i += TOGETHER) {
    const items = await into.merge(messages.slice(i, i + TOGETHER), { ...from, known });
    added += items.length;
  }
  return { messages, added, ...left };
}

/** @returns the messages of a room's history, deleted ones too, by {@link messageKey} */
export async function knownMessages(records: Records, { room }: MergeInto): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  const slices = new Slices();
  const identityOf = identitiesIn(room);
  const add = (row: Uint8Array) => {
    const item = decodeItem(row, identityOf);
    if (item.kind === 'text') known.add(messageKey(item));
    return item.seq;
  };
  for (let after: Position | undefined; ; ) {
    const rows = await records.list('history', room.id, {
      limit: PAGE,
      ...(after !== undefined && { after: Number(after) }),
    });
    for (const row of rows) {
      await slices.over();
      after = add(row);
    }
    if (rows.length < PAGE || after === undefined) return known;
    // The page may end within the lines of an entry.
    for (const row of await records.at('history', room.id, Number(after))) add(row);
  }
}
