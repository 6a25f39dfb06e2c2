import { isForNewcomers, PACK_BYTES, PackWriter } from '@gochat/crypto/pack';
import {
  decodeProof,
  type EpochRecord,
  type Proof,
  type ProvedEpoch,
  readEpoch,
  verifyIn,
} from '@gochat/crypto/proof';
import type { Room } from '@gochat/crypto/room';
import type { Position } from '@gochat/protocol/fields';
import { epochsAt } from '../room/epoch-store.ts';
import { hasExpired, type TextItem } from '../room/history.ts';
import { ORIGINAL } from '../room/proofs.ts';
import { decodeLine, identitiesIn, type StoredLine } from '../room/stored-history.ts';
import { Slices } from '../schedule/slices.ts';
import type { Records } from '../store/records.ts';

/** How many records are read at a time. */
const PAGE = 64;
/** How far the server's times may run backwards: the clocks of servers that share a room differ, and clocks are set. */
const CLOCKS_MS = 3600 * 1000;
/** An upper bound for what a line has besides its payload, and an epoch besides its context. */
const LINE_BYTES = 700;

/** Which messages of a room to pack. What is absent sets no limit. */
export interface PackRange {
  /** The first and the last position. */
  readonly from?: Position;
  readonly to?: Position;
  /** The server's time of the oldest message, in milliseconds since 1970. */
  readonly since?: number;
  /** All messages are from before this time, as well. */
  readonly until?: number;
  /** How many messages, the newest first. */
  readonly last?: number;
}

export interface PackOptions {
  /**
   * For newcomers of the room: leaves out what was said or edited while the room's `history` was none. Otherwise everything is packed, for a device or a
   * backup of this person.
   */
  readonly forNewcomers: boolean;
  /** The most bytes of a pack; a pack has at least one message. */
  readonly bytes?: number;
  /** Of this device, in milliseconds since 1970: what has disappeared by it isn't packed. */
  readonly now: number;
}

/** Packed messages. */
export interface PackedHistory {
  /** As `decodePack` reads it. */
  readonly pack: Uint8Array;
  /** The positions of its first and last message. */
  readonly from: Position;
  readonly to: Position;
  /** How many messages it has; edits and reactions don't count. */
  readonly messages: number;
}

/**
 * Packs the messages of a room that this profile has, in slices that don't keep the platform busy: newest packs first, and in each the newest message first. A
 * message comes with its last edit, its close and its reactions; one that is deleted, or has no proof of what it says now, is left out.
 * @param room the room as it is now. @throws VaultError `damaged`
 */
export async function* readPacks(
  records: Records,
  room: Room,
  range: PackRange,
  options: PackOptions,
): AsyncGenerator<PackedHistory, void, undefined> {
  const most = options.bytes ?? PACK_BYTES;
  const proofs = new ProofFinder(records, room, options);
  let pack = new Filling();
  let left = range.last ?? Number.POSITIVE_INFINITY;
  for await (const line of linesBackwards(records, room, range, options.now)) {
    if (left === 0) break;
    const found = await proofs.of(line);
    if (found === undefined) continue;
    const full = pack.bytes + sizeOf(found) > most ? pack.done() : undefined;
    if (full !== undefined) {
      yield full;
      pack = new Filling();
    }
    pack.add(line.item, found);
    left -= 1;
  }
  const last = pack.done();
  if (last !== undefined) yield last;
}

/** A message that can be packed. */
type TextLine = StoredLine & { readonly item: TextItem };

async function* linesBackwards(
  records: Records,
  room: Room,
  { from, to, since = 0, until = Number.POSITIVE_INFINITY }: PackRange,
  now: number,
): AsyncGenerator<TextLine, void, undefined> {
  const slices = new Slices();
  const identityOf = identitiesIn(room);
  let after = to === undefined ? undefined : Number(to) + 1;
  for (;;) {
    const page = { limit: PAGE, reverse: true, ...(after !== undefined && { after }) };
    const rows = await records.list('history', room.id, page);
    const lines = rows.map((row) => decodeLine(row, identityOf));
    const last = lines.at(-1)?.item.seq;
    if (last === undefined) return;
    after = Number(last);
    // The page may end within the lines of an entry.
    const whole = (await records.at('history', room.id, after)).map((row) => decodeLine(row, identityOf));
    for (const line of [...lines.filter(({ item }) => item.seq !== last), ...whole.reverse()]) {
      await slices.over();
      const { item } = line;
      if ((from !== undefined && Number(item.seq) < Number(from)) || item.at < since - CLOCKS_MS) return;
      if (isPackable(line, now) && item.at >= since && item.at < until) yield line;
    }
    if (rows.length < PAGE) return;
  }
}

function isPackable(line: StoredLine, now: number): line is TextLine {
  const { item, proofs } = line;
  if (item.kind !== 'text' || item.deleted !== undefined || !proofs.has(ORIGINAL)) return false;
  if (hasExpired(item, now)) return false;
  const needs = [
    ...(item.edited === undefined ? [] : ['edit']),
    ...(item.closed === undefined ? [] : ['close']),
  ];
  return needs.every((key) => proofs.has(key));
}

/** What a line proves, each with the record of its epoch. */
interface Found {
  readonly proof: Proof;
  readonly record: EpochRecord;
  readonly at: number;
}

/** Finds the records of epochs, and judges what may be packed. */
class ProofFinder {
  readonly #records: Records;
  readonly #room: Room;
  readonly #options: PackOptions;
  /** By the number of the epoch. If the room has divided, there are several. */
  readonly #epochs = new Map<bigint, readonly { record: EpochRecord; epoch: ProvedEpoch }[]>();

  constructor(records: Records, room: Room, options: PackOptions) {
    this.#records = records;
    this.#room = room;
    this.#options = options;
  }

  /** @returns what to pack of a message, the message itself first; undefined if it may not be packed */
  async of({ item, proofs }: TextLine): Promise<readonly Found[] | undefined> {
    const found: Found[] = [];
    for (const [key, bytes] of proofs) {
      const at = key === 'edit' ? item.edited : key === 'close' ? item.closed?.at : undefined;
      const one = await this.#find(decodeProof(bytes), at ?? item.at);
      if (one !== undefined) found.push(one);
      // Without its edit, a message would say what its author has changed since; without its close, a poll would seem open.
      else if (key === ORIGINAL || key === 'edit' || key === 'close') return undefined;
    }
    return found;
  }

  async #find(proof: Proof, at: number): Promise<Found | undefined> {
    const known = await this.#epoch(proof.epoch);
    for (const { record, epoch } of known) {
      if (known.length > 1 && (await verifyIn(epoch, proof)) === undefined) continue;
      return !this.#options.forNewcomers || isForNewcomers(epoch) ? { proof, record, at } : undefined;
    }
    return undefined;
  }

  async #epoch(number: bigint): Promise<readonly { record: EpochRecord; epoch: ProvedEpoch }[]> {
    const known = this.#epochs.get(number);
    if (known !== undefined) return known;
    const records = await epochsAt(this.#records, this.#room.id, number);
    const read = records.flatMap((record) => {
      const epoch = readEpoch(this.#room.id, record);
      return epoch === undefined ? [] : [{ record, epoch }];
    });
    this.#epochs.set(number, read);
    return read;
  }
}

function sizeOf(found: readonly Found[]): number {
  // A line, and perhaps its epoch.
  return found.reduce(
    (sum, { proof, record }) => sum + LINE_BYTES + proof.payload.length + record.groupContext.length,
    0,
  );
}

/** A pack that is being filled, newest message first. */
class Filling {
  readonly #writer = new PackWriter();
  #from: Position | undefined;
  #to: Position | undefined;
  #messages = 0;

  get bytes(): number {
    return this.#writer.bytes;
  }

  add({ seq }: TextItem, found: readonly Found[]): void {
    for (const { proof, record, at } of found) this.#writer.add({ seq, at }, proof, record);
    this.#from = seq;
    this.#to ??= seq;
    this.#messages += 1;
  }

  /** @returns undefined if it is empty */
  done(): PackedHistory | undefined {
    if (this.#from === undefined || this.#to === undefined) return undefined;
    return { pack: this.#writer.encode(), from: this.#from, to: this.#to, messages: this.#messages };
  }
}
