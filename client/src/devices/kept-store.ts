import type { Kept } from '@gochat/crypto/content';
import type { RoomId } from '@gochat/protocol/fields';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import {
  checked,
  clamped,
  compare,
  fits,
  joinedDrafts,
  type KeptMap,
  type KeptValue,
  keyOf,
  knew,
  knownBy,
  merge,
  parseKey,
} from './kept.ts';

/** The record `kept`. */
interface Stored {
  readonly entries: readonly Kept[];
  /** By self room: the keys that this device has still to post there. */
  readonly unsent: Readonly<Record<string, readonly string[]>>;
  /** The rooms whose notes here are those that are kept, in both directions. */
  readonly adopted: readonly string[];
  /** By self room: up to where entries may have expired when this device last asked for everything. */
  readonly asked: Readonly<Record<string, string>>;
  /** By self room in which another device has asked for everything: when this one answers, by its clock. */
  readonly owed: Readonly<Record<string, number>>;
  /** By room: the ticket by which nobody comes in any more, as {@link ticketMark} names it. */
  readonly dead: Readonly<Record<string, string>>;
  /** By lost device: the rooms from which this device has removed it, and whoever came with it. */
  readonly swept: Readonly<Record<string, readonly string[]>>;
  /** By device that this one has linked: the rooms whose history it has still to be given, by their ids, or by id and ` older` for what comes after the last days. */
  readonly gifts: Readonly<Record<string, readonly string[]>>;
  /** The devices in the order in which this one has seen them come: those with the same number were seen at once. */
  readonly came: Readonly<Record<string, number>>;
}

const EMPTY: Stored = {
  entries: [],
  unsent: {},
  adopted: [],
  asked: {},
  owed: {},
  dead: {},
  swept: {},
  gifts: {},
  came: {},
};

/** What this device knows of what its person's devices share, and what it has still to do for that. Changes are stored by {@link change}. */
export class KeptStore {
  readonly #map: Map<string, Kept>;
  readonly #device: string;
  readonly unsent: Map<RoomId, Set<string>>;
  readonly adopted: Set<string>;
  readonly asked: Map<string, string>;
  readonly owed: Map<string, number>;
  readonly dead: Map<string, string>;
  readonly gifts: Map<string, Set<string>>;
  readonly #swept: Map<string, Set<string>>;
  readonly #came: Map<string, number>;
  #isChanged = false;

  /** @param device the key of this device */
  constructor(device: string, stored: Partial<Stored> = EMPTY) {
    const { entries, unsent, adopted, asked, owed, dead, swept, gifts, came } = { ...EMPTY, ...stored };
    this.#device = device;
    this.#map = new Map(entries.map((entry) => [entry.key, entry]));
    const sets = <K extends string, V extends string = string>(
      lists: Readonly<Record<string, readonly string[]>>,
    ) => new Map(Object.entries(lists).map(([key, list]) => [key as K, new Set(list as readonly V[])]));
    this.unsent = sets<RoomId>(unsent);
    this.adopted = new Set(adopted);
    this.asked = new Map(Object.entries(asked));
    this.owed = new Map(Object.entries(owed));
    this.dead = new Map(Object.entries(dead));
    this.gifts = sets(gifts);
    this.#swept = sets(swept);
    this.#came = new Map(Object.entries(came));
  }

  /** @throws VaultError `damaged` */
  static async load(records: Records, device: string): Promise<KeptStore> {
    const stored = await records.get({ of: 'kept' });
    return new KeptStore(device, stored && fromJson<Partial<Stored>>(stored));
  }

  get map(): KeptMap {
    return this.#map;
  }

  /** Whether something has changed that isn't stored yet. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** To be called after every change of the sets and maps. */
  changed(): void {
    this.#isChanged = true;
  }

  /**
   * Sets a value on this device. It counts after all that this device has seen of the key, however late its clock is.
   * @returns whether it was taken: it isn't if it is as before, or too large
   */
  set(kind: Parameters<typeof keyOf>[0], of: string, value: unknown, now: number): boolean {
    const key = keyOf(kind, of);
    const known = this.#map.get(key);
    if (known !== undefined && JSON.stringify(known.value) === JSON.stringify(value)) return false;
    const at = Math.max(0, Math.floor(now), known === undefined ? 0 : known.at[0] + 1);
    const over = kind === 'draft' && known !== undefined && { over: knownBy(known) };
    const entry: Kept = { key, at: [at, this.#device], ...over, value };
    if (!fits(entry) || checked(entry) === undefined || !merge(this.#map, entry)) return false;
    this.#isChanged = true;
    return true;
  }

  /** Whether a value could be set. */
  fits(kind: Parameters<typeof keyOf>[0], of: string, value: unknown): boolean {
    return fits({ key: keyOf(kind, of), at: [0, this.#device], value });
  }

  /**
   * Takes an entry of another device, or of this one as it is in the log.
   * @param time as for {@link clamped}; undefined if it didn't come through a log
   * @returns the entry as it counts; whether the map has changed; whether a draft of this device was added, and is to be posted with it.
   * Undefined if this version doesn't know the entry
   */
  take(
    raw: Kept,
    time: number | undefined,
  ): { readonly entry: Kept; readonly isNew: boolean; readonly isOwn: boolean } | undefined {
    const found = checked(raw);
    if (found === undefined) return undefined;
    const entry = time === undefined ? found : clamped(found, time);
    const known = this.#map.get(entry.key);
    // This device's clock was ahead: from now on its value is as old for it as for the others.
    if (known !== undefined && entry !== found && compare(known, found) === 0)
      this.#map.set(entry.key, entry);
    const isNew = merge(this.#map, entry);
    this.#isChanged = true;
    const isOwn = isNew && known !== undefined && this.#keepsDraft(known, entry);
    return { entry, isNew, isOwn };
  }

  /** A draft that another device has replaced without knowing it is kept by the device that wrote it: nobody has sent or deleted its text. */
  #keepsDraft(own: Kept, by: Kept): boolean {
    const { key } = by;
    if (parseKey(key)?.kind !== 'draft' || own.at[1] !== this.#device || knew(by, own)) return false;
    const value = joinedDrafts(own.value as KeptValue<'draft'>, by.value as KeptValue<'draft'>);
    if (JSON.stringify(value) === JSON.stringify(by.value)) return false;
    const entry: Kept = { key, at: [by.at[0] + 1, this.#device], over: knownBy(by), value };
    if (!fits(entry)) return false;
    this.#map.set(key, entry);
    return true;
  }

  /** Sets a value again: it counts as set now. */
  renew(key: string, now: number): void {
    const known = this.#map.get(key);
    if (known === undefined) return;
    this.#map.set(key, { ...known, at: [Math.max(Math.floor(now), known.at[0] + 1), this.#device] });
    this.#isChanged = true;
  }

  /** Keys are to be posted in a self room. */
  send(room: RoomId, keys: Iterable<string>): void {
    const unsent = this.unsent.get(room) ?? new Set();
    for (const key of keys) unsent.add(key);
    this.unsent.set(room, unsent);
    this.#isChanged = true;
  }

  isSwept(device: string, room: string): boolean {
    return this.#swept.get(device)?.has(room) === true;
  }

  sweeps(device: string, room: string): void {
    this.#swept.set(device, (this.#swept.get(device) ?? new Set()).add(room));
    this.#isChanged = true;
  }

  /** Devices of this person are in its self rooms: those that weren't have come now. */
  saw(devices: readonly string[]): void {
    const fresh = devices.filter((device) => !this.#came.has(device));
    if (fresh.length === 0) return;
    const next = Math.max(0, ...this.#came.values()) + 1;
    for (const device of fresh) this.#came.set(device, next);
    this.#isChanged = true;
  }

  /** When a device came, as a number that is greater for later ones; undefined if this device has never seen it in a self room. */
  cameAt(device: string): number | undefined {
    return this.#came.get(device);
  }

  /** @returns what stores all of it as it is now */
  change(): RecordChange {
    const lists = (sets: ReadonlyMap<string, ReadonlySet<string>>) =>
      Object.fromEntries([...sets].filter(([, set]) => set.size > 0).map(([key, set]) => [key, [...set]]));
    const stored: Stored = {
      entries: [...this.#map.values()],
      unsent: lists(this.unsent),
      adopted: [...this.adopted],
      asked: Object.fromEntries(this.asked),
      owed: Object.fromEntries(this.owed),
      dead: Object.fromEntries(this.dead),
      swept: lists(this.#swept),
      gifts: lists(this.gifts),
      came: Object.fromEntries(this.#came),
    };
    this.#isChanged = false;
    return { place: { of: 'kept' }, value: toJson(stored) };
  }
}
