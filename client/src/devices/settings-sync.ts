import { holdsIdentity } from '@gochat/crypto/identity';
import type { RoomId } from '@gochat/protocol/fields';
import { PREFERENCES as DEFAULT, type Preferences } from '../account/settings.ts';
import { compareRequests, type StoredRequest } from '../direct/requests.ts';
import type { Context } from './context.ts';
import { joinedDrafts, type KeptValue, keptValue, keptValues, parseKey } from './kept.ts';
import { defaultValue, NOTE_KINDS, type NoteKind, noteChange, noteValue } from './kept-notes.ts';

const LISTS = ['verified', 'ignored'] as const;
const PREFERENCES = 'preferences';
const REQUESTS = 'requests';
/** The kinds of entries that are preferences. */
const SHARED: ReadonlySet<string> = new Set([...LISTS, 'asks']);

/** Keeps the notes on rooms, the preferences that are shared, and who asks to write, as they are on the other devices. */
export class SettingsSync {
  readonly #context: Context;
  /** What has perhaps changed here. */
  readonly #dirty = new Set<string>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @param what a room, the preferences, or the requests */
  changed(what: RoomId | typeof PREFERENCES | typeof REQUESTS): void {
    this.#dirty.add(what);
  }

  allChanged(): void {
    for (const room of this.#context.store.adopted) this.#dirty.add(room);
    this.#dirty.add(PREFERENCES);
    this.#dirty.add(REQUESTS);
  }

  /** From now on a room's notes here are those that are kept: what the others have set counts, what they haven't is taken from here. */
  async adopt(room: RoomId): Promise<void> {
    const { store, parts, set } = this.#context;
    const kept = keptValue(store.map, 'draft', room);
    const here = noteValue('draft', await parts.settings.notes(room)) as KeptValue<'draft'>;
    if (kept !== undefined && here !== null) set('draft', room, joinedDrafts(kept, here));
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
      else if (what === REQUESTS) this.#captureRequests();
      else if (store.adopted.has(what)) await this.#captureNotes(what as RoomId);
    }
  }

  /** Applies what other devices have changed. */
  async apply(keys: Iterable<string>): Promise<void> {
    const notes = new Map<RoomId, NoteKind[]>();
    let hasPreferences = false;
    const requests: StoredRequest[] = [];
    for (const key of keys) {
      const { kind, of = '' } = parseKey(key) ?? {};
      const request = kind === 'request' ? keptValue(this.#context.store.map, kind, of) : undefined;
      if (request !== undefined) requests.push({ id: of as RoomId, ...request });
      if (kind !== undefined && SHARED.has(kind)) hasPreferences = true;
      const note = NOTE_KINDS.find((one) => one === kind);
      if (note !== undefined) notes.set(of as RoomId, [...(notes.get(of as RoomId) ?? []), note]);
    }
    for (const [room, kinds] of notes)
      if (this.#context.store.adopted.has(room)) await this.#applyNotes(room, kinds);
    if (hasPreferences) await this.#applyPreferences();
    const { parts } = this.#context;
    if (requests.length > 0) await parts.requests.take(requests, parts.env.now());
  }

  async #applyNotes(room: RoomId, kinds: readonly NoteKind[]): Promise<void> {
    const { store, parts } = this.#context;
    const isOwnDraft = kinds.includes('draft') && (await this.#isOnlyHere(room));
    const change = noteChange(store.map, room, isOwnDraft ? kinds.filter((kind) => kind !== 'draft') : kinds);
    if (Object.keys(change).length > 0) await parts.settings.note(room, change);
  }

  /** Whether a draft is too long for the other devices: nothing of theirs replaces it. */
  async #isOnlyHere(room: RoomId): Promise<boolean> {
    const { store, parts } = this.#context;
    const value = noteValue('draft', await parts.settings.notes(room));
    return !store.fits('draft', room, value);
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

  /** A limited device decides nothing for its person. */
  #captureRequests(): void {
    const { parts, store, set } = this.#context;
    if (!holdsIdentity(parts.who)) return;
    for (const { id, state, ...rest } of parts.requests.all) {
      // That one was hidden must not show, as a post to the other devices would.
      if (state === 'hidden') continue;
      const request = { ...rest, state };
      const kept = keptValue(store.map, 'request', id);
      if (kept === undefined || compareRequests(request, kept) > 0) set('request', id, request);
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
    const { asks } = parts.settings.preferences;
    if (asks !== (keptValue(store.map, 'asks', REQUESTS) ?? DEFAULT.asks)) set('asks', REQUESTS, asks);
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
    const asks = keptValue(store.map, 'asks', REQUESTS);
    const change: { -readonly [K in (typeof LISTS)[number] | 'asks']?: Preferences[K] } = {
      ...(asks && { asks }),
    };
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
