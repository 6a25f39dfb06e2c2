import { comparePositions, type Position, type RoomId } from '@gochat/protocol/fields';
import type { ChatEvent } from '../api/methods.ts';
import { Mutex } from '../schedule/mutex.ts';
import { fromJson, type RecordChange, type Records, toJson } from '../store/records.ts';
import { NOTES, PREFERENCES, type Preferences, type RoomNotes } from './settings.ts';

/** A profile's private settings: notes on rooms, and preferences. */
export class SettingsStore {
  readonly #records: Records;
  readonly #emit: (event: ChatEvent) => void;
  readonly #mutex = new Mutex();
  readonly #watchers = new Set<(changed: RoomId | 'preferences') => void>();
  #preferences: Preferences;

  private constructor(records: Records, emit: (event: ChatEvent) => void, preferences: Preferences) {
    this.#records = records;
    this.#emit = emit;
    this.#preferences = preferences;
  }

  /** @throws VaultError `damaged` */
  static async open(records: Records, emit: (event: ChatEvent) => void): Promise<SettingsStore> {
    const stored = await records.get({ of: 'settings' });
    const known = stored === undefined ? {} : fromJson<Partial<Preferences>>(stored);
    return new SettingsStore(records, emit, { ...PREFERENCES, ...known });
  }

  get preferences(): Preferences {
    return this.#preferences;
  }

  /** @param watcher is called after each change, with the room whose notes have changed, or with the preferences. @returns a function that ends this */
  watch(watcher: (changed: RoomId | 'preferences') => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  #changed(what: RoomId | 'preferences', event: ChatEvent): void {
    this.#emit(event);
    for (const watcher of this.#watchers) watcher(what);
  }

  prefer(change: Partial<Preferences>): Promise<Preferences> {
    return this.#mutex.take(async () => {
      const next = { ...this.#preferences, ...change };
      if (same(next, this.#preferences)) return next;
      await this.#records.write([{ place: { of: 'settings' }, value: toJson(next) }]);
      this.#preferences = next;
      this.#changed('preferences', { kind: 'preferences', preferences: next });
      return next;
    });
  }

  async notes(room: RoomId): Promise<RoomNotes> {
    const stored = await this.#records.get({ of: 'notes', room });
    return stored === undefined ? NOTES : { ...NOTES, ...fromJson<Partial<RoomNotes>>(stored) };
  }

  /** @param write stores the changed records, of which there may be none, together with something else */
  note(
    room: RoomId,
    change: Partial<RoomNotes>,
    write = (changes: readonly RecordChange[]) => this.#records.write(changes),
  ): Promise<RoomNotes> {
    return this.#mutex.take(async () => {
      const now = await this.notes(room);
      const next = changed(now, change);
      const isNew = !same(next, now);
      await write(isNew ? [{ place: { of: 'notes', room }, value: toJson(next) }] : []);
      if (isNew) this.#changed(room, { kind: 'notes', room, notes: next });
      return next;
    });
  }
}

/** A draft is set together with the messages that it answers and edits, since JSON can't express that a member is removed. */
function changed(now: RoomNotes, change: Partial<RoomNotes>): RoomNotes {
  const { draftReply, draftEdit, ...rest } = { ...now, ...change };
  const reply = change.draft === undefined ? draftReply : change.draftReply;
  const edit = change.draft === undefined ? draftEdit : change.draftEdit;
  const grown = change.read !== undefined && isBehind(change.read, now.read);
  return {
    ...rest,
    read: grown ? change.read : now.read,
    ...(reply && { draftReply: reply }),
    ...(edit && { draftEdit: edit }),
  };
}

function isBehind(position: string, other: string): boolean {
  return /^\d{1,16}$/.test(position) && comparePositions(position as Position, other as Position) > 0;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
