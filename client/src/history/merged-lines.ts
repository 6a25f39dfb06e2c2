import { isCleanName } from '@gochat/crypto/names';
import { encodeProof } from '@gochat/crypto/proof';
import { membersOf, type Room } from '@gochat/crypto/room';
import { judgeSender } from '@gochat/crypto/time-mark';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { applyChange } from '../room/changes.ts';
import { nameOf } from '../room/event-history.ts';
import type { TextItem } from '../room/history.ts';
import { ORIGINAL, type Proofs, proofsAfter } from '../room/proofs.ts';
import { decodeLine, identitiesIn, MOST_SUB, type StoredLine } from '../room/stored-history.ts';
import type { Records } from '../store/records.ts';
import type { PackedLine, PackedMessage } from './verify-pack.ts';

/** Where messages come from that are added to a history. */
export interface MergedFrom {
  /** The member who has shared them, with its display name; absent when they are from this person's own device or backup. */
  readonly sharer?: { readonly identity: string; readonly by: string };
  /** Only messages before this position are added: from there on this device has read the log itself. */
  readonly before?: Position;
  /** The messages that the history has, by {@link messageKey}: they aren't added at another position. */
  readonly known: ReadonlySet<string>;
  /** This device's clock, in milliseconds since 1970. */
  readonly now: number;
}

const ID_CHARS = 8;

/** A message is one line, whoever has shared it. */
export function messageKey({ id, identity }: Pick<TextItem, 'id' | 'identity'>): string {
  return `${id} ${identity}`;
}

/** A line to add to a history, with all that its proofs need. */
type MergedLine = StoredLine & { readonly item: TextItem; readonly proved: readonly PackedLine[] };

/** @returns the lines to store for those messages that the history doesn't have. No line that it has is replaced. */
export async function mergedLines(
  records: Records,
  room: Room,
  messages: readonly PackedMessage[],
  from: MergedFrom,
): Promise<MergedLine[]> {
  const identityOf = identitiesIn(room);
  const lines: MergedLine[] = [];
  for (const message of messages) {
    const { seq } = message;
    const isEarlier = from.before === undefined || comparePositions(seq, from.before) < 0;
    if (!isEarlier || comparePositions(seq, room.position) > 0) continue;
    const line = lineOf(room, message, from);
    if (line === undefined || from.known.has(messageKey(line.item))) continue;
    const stored = await records.at('history', room.id, Number(seq));
    const there = [
      ...stored.map((row) => decodeLine(row, identityOf).item),
      ...lines.map(({ item }) => item).filter((item) => item.seq === seq),
    ];
    const isKnown = there.some((item) => item.kind === 'text' && messageKey(item) === messageKey(line.item));
    const sub = Math.max(-1, ...there.map((item) => item.sub)) + 1;
    if (!isKnown && sub <= MOST_SUB) lines.push({ ...line, item: { ...line.item, sub } });
  }
  return lines;
}

/** @returns undefined for what is no text */
function lineOf(
  room: Room,
  { seq, at, expires, said, changes }: PackedMessage,
  from: MergedFrom,
): MergedLine | undefined {
  const { identity, payload } = said.message;
  const { content, id, sealedAt } = payload;
  if (content?.kind !== 'text') return undefined;
  const { kind, text, me, reply, mentions, files, poll, forwarded, newer } = content;
  const { mark } = judgeSender(at, sealedAt, 0, from.now);
  const author = authorOf(room, said);
  let item: TextItem = {
    seq,
    sub: 0,
    at,
    ...(mark.offMs !== undefined && { timeMark: mark }),
    ...(expires !== undefined && { expires }),
    from: author.name,
    identity,
    own: author.own,
    kind,
    id,
    text,
    ...(newer && { newer }),
    ...(me && { me }),
    ...(reply && { reply }),
    ...(mentions && { mentions }),
    ...(files && { files }),
    ...(poll && { poll }),
    ...(forwarded && { forwarded }),
    ...(from.sharer && { shared: from.sharer }),
    ...(from.sharer && !author.isMember && { stranger: true }),
  };
  let proofs: Proofs = new Map([[ORIGINAL, encodeProof(said.proof)]]);
  const proved: PackedLine[] = [said];
  for (const change of changes) {
    const author = { ...authorOf(room, change), moderator: change.isStaff };
    const next = applyChange(item, change.change, author, change.at);
    if (next === 'refused' || next === item) continue;
    item = next;
    proofs = proofsAfter(proofs, item, change.change, change.message.identity, encodeProof(change.proof));
    proved.push(change);
  }
  return { item, proofs, proved };
}

/** As the room has its members now; of somebody who is none, the name that the pack says. */
function authorOf(room: Room, { message: { identity, device, name } }: PackedLine) {
  const members = membersOf(room);
  return {
    identity,
    // No policy has judged the name in a pack.
    name: nameOf(room, { identity, device, name: isCleanName(name) ? name : identity.slice(0, ID_CHARS) }),
    own: members.some((m) => m.own && m.identity === identity),
    admin: false,
    moderator: false,
    isMember: members.some((m) => m.identity === identity),
  };
}
