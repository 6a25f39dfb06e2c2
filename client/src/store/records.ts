import { concatBytes, type Env } from '@gochat/crypto/primitives';
import { openRecord, recordKey, sealRecord, type Vault } from '@gochat/crypto/vault';
import { decodeBytes } from '@gochat/protocol/encoding';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import type { Store, StoreChange } from './store.ts';

/** A record's place. The store doesn't show which room it belongs to. */
export type RecordKey =
  | {
      readonly of:
        | 'identity'
        | 'settings'
        | 'unanswered'
        | 'kept'
        | 'linking'
        | 'restoring'
        | 'requests'
        | 'knocks';
    }
  | { readonly of: 'room' | 'state' | 'request' | 'notes'; readonly room: RoomId }
  | {
      readonly of: 'history' | 'outbox' | 'epoch' | 'received';
      readonly room: RoomId;
      readonly at: number;
      readonly sub?: number;
    }
  /** A line of the history that disappears at a time. */
  | {
      readonly of: 'expiring';
      readonly room: RoomId;
      readonly at: number;
      readonly seq: number;
      readonly sub: number;
    }
  | { readonly of: 'file' | 'file-job'; readonly room: RoomId; readonly id: FileId };

export interface RecordChange {
  readonly place: RecordKey;
  /** Undefined removes the record. */
  readonly value: Uint8Array | undefined;
}

/** A profile's records, sealed before they reach the store. */
export class Records {
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #env: Pick<Env, 'random'>;

  constructor(store: Store, vault: Vault, env: Pick<Env, 'random'>) {
    this.#store = store;
    this.#vault = vault;
    this.#env = env;
  }

  /** Whether there is no record, of this vault's key or of another one. */
  async isEmpty(): Promise<boolean> {
    return (await this.#store.list(new Uint8Array(), { limit: 1 })).length === 0;
  }

  /** @throws VaultError `damaged` */
  async get(place: RecordKey): Promise<Uint8Array | undefined> {
    const key = this.keyOf(place);
    const sealed = await this.#store.get(key);
    return sealed && openRecord(this.#vault, key, sealed);
  }

  /** Atomic, and durable when it resolves. */
  async write(changes: readonly RecordChange[]): Promise<void> {
    if (changes.length > 0) await this.#store.write(changes.map((change) => this.#sealed(change)));
  }

  /** Deletes all that is stored of a room, but for files, in one transaction with other changes. */
  async forget(room: RoomId, also: readonly RecordChange[]): Promise<void> {
    const listed = (['history', 'expiring', 'outbox', 'epoch', 'received'] as const).map((of) =>
      this.#store.list(recordKey(this.#vault, `${of} ${room}`)),
    );
    const rows = (await Promise.all(listed)).flat().map(({ key }) => ({ key, value: undefined }));
    const single = (['room', 'state', 'request', 'notes'] as const).map((of) => ({
      key: this.keyOf({ of, room }),
      value: undefined,
    }));
    await this.#store.write([...rows, ...single, ...also.map((change) => this.#sealed(change))]);
  }

  #sealed({ place, value }: RecordChange): StoreChange {
    const key = this.keyOf(place);
    return { key, value: value && sealRecord(this.#vault, key, value, this.#env) };
  }

  /** A record's value, sealed for its place, to be stored elsewhere. */
  seal(place: RecordKey, value: Uint8Array): Uint8Array {
    return sealRecord(this.#vault, this.keyOf(place), value, this.#env);
  }

  /** @throws VaultError `damaged` when {@link seal} didn't make it for this place */
  open(place: RecordKey, sealed: Uint8Array): Uint8Array {
    return openRecord(this.#vault, this.keyOf(place), sealed);
  }

  /** The record `room` of every room. @throws VaultError `damaged` */
  rooms(): Promise<Uint8Array[]> {
    return this.#list(recordKey(this.#vault, 'rooms'));
  }

  /**
   * A room's records in the order of `at`, those of files in any order; with `after`, only those past it in the direction of the list. @throws VaultError
   * `damaged`
   */
  list(
    of: 'history' | 'expiring' | 'outbox' | 'received' | 'file-job',
    room: RoomId,
    options: { readonly after?: number; readonly limit?: number; readonly reverse?: boolean } = {},
  ): Promise<Uint8Array[]> {
    const prefix = recordKey(this.#vault, `${of} ${room}`);
    const edge = options.reverse === true ? 0 : 0xff;
    const after =
      options.after === undefined
        ? undefined
        : recordKey(this.#vault, `${of} ${room}`, suffix(options.after, edge));
    return this.#list(prefix, {
      ...(after && { after }),
      ...(options.limit !== undefined && { limit: options.limit }),
      ...(options.reverse !== undefined && { reverse: options.reverse }),
    });
  }

  /** All of a room's records at one position, in order. @throws VaultError `damaged` */
  at(of: 'history' | 'epoch', room: RoomId, at: number): Promise<Uint8Array[]> {
    return this.#list(recordKey(this.#vault, `${of} ${room}`, suffix(at, 0).subarray(0, 8)));
  }

  async #list(
    prefix: Uint8Array,
    options?: { after?: Uint8Array; limit?: number; reverse?: boolean },
  ): Promise<Uint8Array[]> {
    const rows = await this.#store.list(prefix, options);
    return rows.map(({ key, value }) => openRecord(this.#vault, key, value));
  }

  /** Where the store has a record. */
  keyOf(place: RecordKey): Uint8Array {
    switch (place.of) {
      case 'identity':
      case 'settings':
      case 'unanswered':
      case 'kept':
      case 'requests':
      case 'knocks':
      case 'linking':
      case 'restoring':
        return recordKey(this.#vault, place.of);
      case 'room':
        return recordKey(this.#vault, 'rooms', recordKey(this.#vault, `room ${place.room}`));
      case 'state':
      case 'request':
      case 'notes':
        return recordKey(this.#vault, `${place.of} ${place.room}`);
      case 'history':
      case 'outbox':
      case 'epoch':
      case 'received':
        return recordKey(this.#vault, `${place.of} ${place.room}`, suffix(place.at, place.sub ?? 0));
      case 'expiring': {
        const line = suffix(place.seq, place.sub);
        return recordKey(
          this.#vault,
          `expiring ${place.room}`,
          concatBytes(suffix(place.at, 0).subarray(0, 8), line),
        );
      }
      case 'file':
      case 'file-job':
        return recordKey(this.#vault, `${place.of} ${place.room}`, decodeBytes(place.id));
      default:
        return place satisfies never;
    }
  }
}

function suffix(at: number, sub: number): Uint8Array {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(at));
  bytes[8] = sub;
  return bytes;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function toJson(value: unknown): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

/** Reads what {@link toJson} made. It isn't validated, since sealed records can't be forged. */
export function fromJson<T>(bytes: Uint8Array): T {
  return JSON.parse(text.decode(bytes)) as T;
}
