import { equalBytes } from '@gochat/crypto/primitives';
import {
  decodeEpoch,
  type EpochRecord,
  encodeEpoch,
  groupContextOf,
  type Proof,
  type Speaker,
  speakerAt,
} from '@gochat/crypto/proof';
import { epochOf, type Room } from '@gochat/crypto/room';
import type { RoomId } from '@gochat/protocol/fields';
import type { RecordChange, Records } from '../store/records.ts';

/** One byte numbers the records of an epoch. */
const MOST_SUB = 255;

/** Keeps what the proofs of a room's messages have in common: of each epoch its group context, and the keys of those who spoke in it. */
export class EpochStore {
  readonly #records: Records;
  readonly #room: RoomId;
  #last: { readonly of: Room['context']; readonly sub: number; record: EpochRecord } | undefined;

  constructor(records: Records, room: RoomId) {
    this.#records = records;
    this.#room = room;
  }

  /** @param room in the epoch of the message. @returns what to store, so that proofs of this leaf's messages can be verified */
  async changes(room: Room, leaf: number): Promise<RecordChange[]> {
    const last = this.#last?.of === room.context ? this.#last : await this.#load(room);
    this.#last = last;
    const { speakers } = last.record;
    const speaker = speakers.some((known) => known.leaf === leaf) ? undefined : speakerAt(room, leaf);
    if (speaker === undefined) return [];
    last.record = { ...last.record, speakers: [...speakers, speaker] };
    const place = { of: 'epoch', room: this.#room, at: Number(epochOf(room)), sub: last.sub } as const;
    return [{ place, value: encodeEpoch(last.record) }];
  }

  /** @returns what to store, so that these proofs of other members' packs can be verified, each with the record of its epoch */
  async changesOf(
    proved: readonly { readonly proof: Proof; readonly record: EpochRecord }[],
  ): Promise<RecordChange[]> {
    // The record of the present epoch may be among those that change.
    this.#last = undefined;
    const changed = new Map<string, RecordChange>();
    const read = new Map<bigint, EpochRecord[]>();
    for (const { proof, record } of proved) {
      const speaker = record.speakers.find(({ leaf }) => leaf === proof.leaf);
      const stored = read.get(proof.epoch) ?? (await epochsAt(this.#records, this.#room, proof.epoch));
      read.set(proof.epoch, stored);
      if (speaker === undefined) continue;
      const known = stored.findIndex((one) => mayHold(one, record.groupContext, speaker));
      const sub = known === -1 ? stored.length : known;
      const old = stored[sub] ?? { groupContext: record.groupContext, speakers: [] };
      if (sub > MOST_SUB || old.speakers.some(({ leaf }) => leaf === speaker.leaf)) continue;
      stored[sub] = { ...old, speakers: [...old.speakers, speaker] };
      const place = { of: 'epoch', room: this.#room, at: Number(proof.epoch), sub } as const;
      changed.set(`${proof.epoch} ${sub}`, { place, value: encodeEpoch(stored[sub]) });
    }
    return [...changed.values()];
  }

  /** Two epochs may have one number, if the room has divided and this device came back on the other side. */
  async #load(room: Room) {
    const stored = await epochsAt(this.#records, this.#room, epochOf(room));
    const groupContext = groupContextOf(room);
    const known = stored.findIndex((record) => equalBytes(record.groupContext, groupContext));
    const sub = known === -1 ? stored.length : known;
    return { of: room.context, sub, record: stored[known] ?? { groupContext, speakers: [] } };
  }
}

/** Whether a record is of this epoch, and has no other speaker at the same leaf: a pack may have been made up. */
function mayHold({ groupContext, speakers }: EpochRecord, context: Uint8Array, speaker: Speaker): boolean {
  const other = speakers.find(({ leaf }) => leaf === speaker.leaf);
  const fits =
    other === undefined ||
    (equalBytes(other.key, speaker.key) && equalBytes(other.credential, speaker.credential));
  return fits && equalBytes(groupContext, context);
}

/** @returns what is stored for the proofs of an epoch: one record, or several if the room has divided */
export async function epochsAt(records: Records, room: RoomId, epoch: bigint): Promise<EpochRecord[]> {
  return (await records.at('epoch', room, Number(epoch))).map((row) => decodeEpoch(row));
}
