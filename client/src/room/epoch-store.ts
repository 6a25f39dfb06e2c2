import { equalBytes } from '@gochat/crypto/primitives';
import { decodeEpoch, type EpochRecord, encodeEpoch, groupContextOf, speakerAt } from '@gochat/crypto/proof';
import { epochOf, type Room } from '@gochat/crypto/room';
import type { RoomId } from '@gochat/protocol/fields';
import type { RecordChange, Records } from '../store/records.ts';

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

  /** Two epochs may have one number, if the room has divided and this device came back on the other side. */
  async #load(room: Room) {
    const stored = await epochsAt(this.#records, this.#room, epochOf(room));
    const groupContext = groupContextOf(room);
    const known = stored.findIndex((record) => equalBytes(record.groupContext, groupContext));
    const sub = known === -1 ? stored.length : known;
    return { of: room.context, sub, record: stored[known] ?? { groupContext, speakers: [] } };
  }
}

/** @returns what is stored for the proofs of an epoch: one record, or several if the room has divided */
export async function epochsAt(records: Records, room: RoomId, epoch: bigint): Promise<EpochRecord[]> {
  return (await records.at('epoch', room, Number(epoch))).map((row) => decodeEpoch(row));
}
