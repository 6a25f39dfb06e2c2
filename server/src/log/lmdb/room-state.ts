import { bytesOfId, requireKey } from '../ids.ts';
import type { PutOptions, RoomId, RoomState, StateValue } from '../log.ts';
import {
  decodeState,
  encodeState,
  expiryKey,
  expiryTime,
  NO_VALUE,
  type StateRecord,
  stateKey,
} from './layout.ts';
import type { RoomDeletion } from './room-deletion.ts';
import { read, type Store } from './store.ts';
import type { Trees } from './trees.ts';

const REVISION = Buffer.from('revision');
const REVISION_BYTES = 6;

/** The state values in LMDB. */
export class LmdbState implements RoomState {
  readonly #store: Store;
  readonly #deletion: RoomDeletion;

  constructor(store: Store, deletion: RoomDeletion) {
    this.#store = store;
    this.#deletion = deletion;
  }

  async get(room: RoomId, key: string): Promise<StateValue | undefined> {
    const at = stateKey(bytesOfId(room), requireKey(key));
    return read(this.#store, () => {
      const present = this.#find(at);
      return this.#live(present) ? { value: present.value, revision: String(present.revision) } : undefined;
    });
  }

  async put(
    room: RoomId,
    key: string,
    value: Uint8Array,
    { revision, ttlSec }: PutOptions = {},
  ): Promise<{ readonly revision: string } | 'conflict'> {
    const at = stateKey(bytesOfId(room), requireKey(key));
    const clearing = this.#deletion.clearing(room);
    if (clearing) await clearing;
    return this.#store.writer.write<{ readonly revision: string } | 'conflict'>(value.length, () => {
      const present = this.#find(at);
      if (!this.#fits(present, revision)) return { result: 'conflict' };
      this.#forget(at, present);
      const next = this.#nextRevision();
      const expiresAt = expiryTime(this.#store.now(), ttlSec);
      void this.#store.trees.state.put(at, encodeState({ revision: next, expiresAt, value }));
      if (expiresAt) void this.#store.trees.expiry.put(expiryKey(expiresAt, 'state', at), NO_VALUE);
      return { result: { revision: String(next) } };
    });
  }

  async delete(
    room: RoomId,
    key: string,
    { revision }: Pick<PutOptions, 'revision'> = {},
  ): Promise<'deleted' | 'conflict'> {
    const at = stateKey(bytesOfId(room), requireKey(key));
    return this.#store.writer.write<'deleted' | 'conflict'>(0, () => {
      const present = this.#find(at);
      if (!this.#fits(present, revision)) return { result: 'conflict' };
      this.#forget(at, present);
      return { result: 'deleted' };
    });
  }

  #find(at: Buffer): StateRecord | undefined {
    const record = this.#store.trees.state.get(at);
    return record && decodeState(record);
  }

  #live(present: StateRecord | undefined): present is StateRecord {
    return present !== undefined && (present.expiresAt === 0 || present.expiresAt > this.#store.now());
  }

  #fits(present: StateRecord | undefined, revision: string | undefined): boolean {
    if (revision === undefined) return true;
    if (!this.#live(present)) return revision === 'absent';
    return String(present.revision) === revision;
  }

  #forget(at: Buffer, present: StateRecord | undefined): void {
    if (!present) return;
    void this.#store.trees.state.remove(at);
    if (present.expiresAt) void this.#store.trees.expiry.remove(expiryKey(present.expiresAt, 'state', at));
  }

  /** One counter for all rooms, so that a revision is never used again, even after a value or room was deleted. */
  #nextRevision(): number {
    const { trees } = this.#store;
    const next = (trees.meta.get(REVISION)?.readUIntBE(0, REVISION_BYTES) ?? 0) + 1;
    writeRevision(trees, next);
    return next;
  }
}

/** Records the last revision that was used. */
export function writeRevision({ meta }: Trees, revision: number): void {
  const record = Buffer.alloc(REVISION_BYTES);
  record.writeUIntBE(revision, 0, REVISION_BYTES);
  void meta.put(REVISION, record);
}
