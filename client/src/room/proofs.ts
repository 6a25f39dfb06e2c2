import { fromUtf8, joinParts, splitParts, utf8 } from '@gochat/crypto/primitives';
import type { MessageChange } from './changes.ts';
import type { TextItem } from './history.ts';
import { ANSWER_EMOJI, replacesAnswer } from './polls.ts';

/** The encoded proofs of a line of the history, by what each proves: {@link ORIGINAL}, or a change of the line. */
export type Proofs = ReadonlyMap<string, Uint8Array>;

export const NO_PROOFS: Proofs = new Map();

/** The proof of the message itself. */
export const ORIGINAL = 'original';

/**
 * @param item the message. @param change of it, by the person with this identity.
 * @returns the line's proofs after a change: those of the message, of its last edit, of its close and of the reactions that it has. A deleted
 *   message has none.
 */
export function proofsAfter(
  proofs: Proofs,
  item: Pick<TextItem, 'poll'>,
  change: MessageChange,
  identity: string,
  proof: Uint8Array | undefined,
): Proofs {
  if (change.kind === 'delete') return NO_PROOFS;
  const next = new Map(proofs);
  const keyOf = (emoji: string) => `react ${identity} ${emoji}`;
  const key = change.kind === 'react' ? keyOf(change.emoji) : change.kind;
  next.delete(key);
  if (change.kind === 'react' && change.on && replacesAnswer(item, change.emoji))
    for (const emoji of ANSWER_EMOJI) next.delete(keyOf(emoji));
  if (proof !== undefined && (change.kind !== 'react' || change.on)) next.set(key, proof);
  return next;
}

/** @returns each key and its proof, as {@link joinParts} joins them */
export function encodeProofs(proofs: Proofs): Uint8Array {
  return joinParts([...proofs].flatMap(([key, proof]) => [utf8(key), proof]));
}

/** @param bytes the output of {@link encodeProofs} */
export function decodeProofs(bytes: Uint8Array): Proofs {
  const parts = splitParts(bytes);
  return new Map(
    parts.flatMap((proof, i): [string, Uint8Array][] => {
      const key = i % 2 === 1 ? parts[i - 1] : undefined;
      return key === undefined ? [] : [[fromUtf8(key), proof]];
    }),
  );
}
