import type { RoomId } from '@gochat/protocol/fields';
import type { Preferences } from '../account/settings.ts';
import type { Context } from './context.ts';
import { keptValue, keptValues, parseKey } from './kept.ts';
import { defaultValue, NOTE_KINDS, type NoteKind, noteChange, noteValue } from './kept-notes.ts';

const LISTS = ['verified', 'ignored'] as const;
const PREFERENCES = 'preferences';

/** Keeps the notes on rooms, and the preferences that are shared, as they are on the other devices. */
export class SettingsSync {
  readonly #context: Context;
  /** What has perhaps changed here. */
  readonly #dirty = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param what a room, or the preferences */
  changed(what: RoomId | typeof PREFERENCES): void {
    this.#dirty.add(what);
  }

  allChanged(): void {
    for (const room of this.#context.store.adopted) this.#dirty.add(room);
    this.#dirty.add(PREFERENCES);
  }

  /** From now on a room's notes here are those that are kept: what the others have set counts, what they haven't is taken from here. */
  async adopt(room: RoomId): Promise<void> {
    const { store } = this.#context;
    await this.#applyNotes(room, NOTE_KINDS);
    store.adopted.add(room);
    store.changed();
    this.#dirty.add(room);
  }

  /** Takes over what was changed on this device. */
  async capture(): Promise<void> {
    const { store } = this.#context;
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const what of dirty) {
      if (what === PREFERENCES) await this.#capturePreferences();
      else if (store.adopted.has(what)) await this.#captureNotes(what as RoomId);
    }
  }

  /** Applies what other devices have changed. */
  async apply(keys: Iterable<string>): Promise<void> {
    const notes = new Map<RoomId, NoteKind[]>();
    let hasPreferences = false;
    for (const key of keys) {
      const { kind, of = '' } = parseKey(key) ?? {};
      if (kind === 'verified' || kind === 'ignored') hasPreferences = true;
      const note = NOTE_KINDS.find((one) => one === kind);
      if (note !== undefined) notes.set(of as RoomId, [...(notes.get(of as RoomId) ?? []), note]);
    }
    for (const [room, kinds] of notes)
      if (this.#context.store.adopted.has(room)) await this.#applyNotes(room, kinds);
    if (hasPreferences) await this.#applyPreferences();
  }

  async #applyNotes(room: RoomId, kinds: readonly NoteKind[]): Promise<void> {
    const { store, parts } = this.#context;
    const change = noteChange(store.map, room, kinds);
    if (Object.keys(change).length > 0) await parts.settings.note(room, change);
  }

  async #captureNotes(room: RoomId): Promise<void> {
    const { store, parts, set } = this.#context;
    const notes = await parts.settings.notes(room);
    for (const kind of NOTE_KINDS) {
      const kept = keptValue(store.map, kind, room) ?? defaultValue(kind);
      const here = noteValue(kind, notes);
      // What was read on another device is read, though nothing here says so yet.
      if (kind === 'read' && Number(here) <= Number(kept)) continue;
      if (JSON.stringify(here) !== JSON.stringify(kept)) set(kind, room, here);
    }
  }

  async #capturePreferences(): Promise<void> {
    const { store, parts, set } = this.#context;
    if (!store.adopted.has(PREFERENCES)) {
      // What was compared or ignored here before counts beside what the others say.
      await this.#applyPreferences(true);
      store.adopted.add(PREFERENCES);
      store.changed();
    }
    for (const kind of LISTS) {
      const here = new Set(parts.settings.preferences[kind]);
      const kept = keptValues(store.map, kind);
      for (const identity of here)
        if (keptValue(store.map, kind, identity) !== true) set(kind, identity, true);
      for (const [identity, value] of kept)
        if (value === true && !here.has(identity)) set(kind, identity, null);
    }
  }

  /** @param first whether what only this device has stays */
  async #applyPreferences(first = false): Promise<void> {
    const { store, parts } = this.#context;
    if (!first && !store.adopted.has(PREFERENCES)) return;
    const change: { -readonly [K in (typeof LISTS)[number]]?: Preferences[K] } = {};
    for (const kind of LISTS) {
      const kept = new Map(keptValues(store.map, kind));
      const here = parts.settings.preferences[kind];
      const stay = here.filter((identity) => (kept.has(identity) ? kept.get(identity) === true : true));
      const fresh = [...kept].flatMap(([identity, value]) =>
        value === true && !here.includes(identity) ? [identity] : [],
      );
      change[kind] = [...stay, ...fresh];
    }
    await parts.settings.prefer(change);
  }
}
