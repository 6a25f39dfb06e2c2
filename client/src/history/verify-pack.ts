import { type Pack, type PackLine, packVerifier, type Verdict } from '@gochat/crypto/pack';
import type { EpochRecord, Proof, ProvedMessage } from '@gochat/crypto/proof';
import { comparePositions, type Position, type RoomId } from '@gochat/protocol/fields';
import { isChange, type MessageChange } from '../room/changes.ts';
import { ANSWER_EMOJI } from '../room/polls.ts';
import { Slices } from '../schedule/slices.ts';

/** A verified message of a pack, with the verified changes of it that the pack has. */
export interface PackedMessage {
  readonly seq: Position;
  readonly at: number;
  /** When it disappears; never if absent. */
  readonly expires?: number;
  readonly said: PackedLine;
  /** The last edit by its author, reactions in the order of the pack, and the end of a poll. */
  readonly changes: readonly PackedChange[];
}

type PackedChange = PackedLine & {
  readonly at: number;
  readonly change: MessageChange;
  /** Whether its author was an admin or moderator. */
  readonly isStaff: boolean;
};

/** What one line of a pack proves. */
export interface PackedLine {
  readonly message: ProvedMessage;
  readonly proof: Proof;
  /** Of the epoch of the proof. */
  readonly record: EpochRecord;
}

export interface VerifiedPack {
  /** In the order of the pack. */
  readonly messages: readonly PackedMessage[];
  /** How many lines were left out, by the reason: of another room, not signed by whom they name, or not for newcomers. */
  readonly foreign: number;
  readonly forged: number;
  readonly unshared: number;
}

type Proved = Extract<Verdict, { kind: 'proved' }> & Pick<PackLine, 'seq' | 'at'>;

/**
 * Verifies all lines of a pack, in slices that don't keep the platform busy.
 * @param forNewcomers whether what was said while newcomers were shown nothing is left out. It isn't for packs of this person's own devices.
 * @param now by this device's clock: what has disappeared by it is left out
 */
export async function verifyPack(
  room: RoomId,
  pack: Pack,
  forNewcomers: boolean,
  now = 0,
): Promise<VerifiedPack> {
  const slices = new Slices();
  const verify = packVerifier(room, pack);
  const proved: Proved[] = [];
  const left = { foreign: 0, forged: 0, unshared: 0 };
  for (const line of pack.lines) {
    await slices.over();
    const verdict = await verify(line);
    if (verdict.kind !== 'proved') left[verdict.kind] += 1;
    else if (forNewcomers && !verdict.isForNewcomers) left.unshared += 1;
    else if (!verdict.isSilenced && !isGone(verdict, now))
      proved.push({ ...verdict, seq: line.seq, at: line.at });
  }
  return { messages: await messagesOf(proved, slices), ...left };
}

/** An edit lasts as long as its message, whatever the room had set when it was made. */
function isGone({ message, expires }: Extract<Verdict, { kind: 'proved' }>, now: number): boolean {
  return message.payload.content?.kind === 'text' && expires !== undefined && expires <= now;
}

async function messagesOf(proved: readonly Proved[], slices: Slices): Promise<PackedMessage[]> {
  const messages = new Map<string, { line: Proved; edit?: Proved; close?: Proved; reactions: Proved[] }>();
  for (const line of proved) {
    const { content, id } = line.message.payload;
    const key = `${id} ${line.message.identity}`;
    if (content?.kind === 'text' && !messages.has(key)) messages.set(key, { line, reactions: [] });
  }
  const target = reactedTo(messages.values());
  for (const line of proved) {
    await slices.over();
    const { identity, payload } = line.message;
    const { content } = payload;
    if (content?.kind === 'edit') {
      const message = messages.get(`${content.of.id} ${identity}`);
      if (message !== undefined && isLater(line, message.edit)) message.edit = line;
    } else if (content?.kind === 'react' && content.on) target(content.to)?.reactions.push(line);
    else if (content?.kind === 'close') {
      const message = target(content.of);
      if (message !== undefined && mayClose(line, message.line)) message.close ??= line;
    }
  }
  return [...messages.values()].map(({ line, edit, close, reactions }) => ({
    seq: line.seq,
    at: line.at,
    ...(line.expires !== undefined && { expires: line.expires }),
    said: packedLine(line),
    changes: [
      ...(edit === undefined || isAfter(edit, close) ? [] : [edit]),
      ...reactions.filter((reaction) => !isAfter(reaction, close)),
      // Who has packed them says that the others came before.
      ...(close === undefined ? [] : [close]),
    ].flatMap((change): PackedChange[] => {
      const { content } = change.message.payload;
      if (content === undefined || !isChange(content)) return [];
      return [{ ...packedLine(change), at: change.at, change: content, isStaff: change.isStaff }];
    }),
  }));
}

/**
 * Which message a reaction is to. Anybody can use an id again: as in the log, the message at the position counts that was reacted to, or
 * else the first one that has the id.
 */
function reactedTo<T extends { readonly line: Proved }>(messages: Iterable<T>) {
  const byId = new Map<string, T[]>();
  for (const message of messages) {
    const { id } = message.line.message.payload;
    byId.set(id, [...(byId.get(id) ?? []), message]);
  }
  return ({ id, seq }: { readonly id: string; readonly seq: Position }): T | undefined => {
    const same = byId.get(id) ?? [];
    const there = same.find(({ line }) => line.seq === seq);
    return there ?? same.toSorted((a, b) => comparePositions(a.line.seq, b.line.seq))[0];
  };
}

function mayClose({ message, isStaff }: Proved, poll: Proved): boolean {
  return isStaff || message.identity === poll.message.identity;
}

/** Whether it is a vote or an edit that certainly came after the poll was closed: in a later epoch. */
function isAfter({ message, proof }: Proved, close: Proved | undefined): boolean {
  const { content } = message.payload;
  if (close === undefined || proof.epoch <= close.proof.epoch) return false;
  return content?.kind === 'edit' || (content?.kind === 'react' && ANSWER_EMOJI.includes(content.emoji));
}

function packedLine({ message, proof, record }: Proved): PackedLine {
  return { message, proof, record };
}

/** By the author's clock: an edit by another device of the person has another counter. */
function isLater(line: Proved, than: Proved | undefined): boolean {
  return than === undefined || line.message.payload.sealedAt > than.message.payload.sealedAt;
}
