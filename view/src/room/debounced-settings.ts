import type { Profile } from '@gochat/client/profile-connection';
import type { RoomNotes } from '@gochat/client/settings';
import type { Platform } from '../chat/platform.ts';

const WRITE_MS = 400;

/** The profile's settings of one room. A change holds at once; changes are written together, a moment later. */
export class DebouncedSettings {
  readonly #profile: Pick<Profile, 'call'>;
  readonly #platform: Pick<Platform, 'after'>;
  readonly #room: string;
  #current: RoomNotes;
  #unsaved: Partial<RoomNotes> = {};
  /** Changes that are being written, the oldest first. */
  readonly #writing = new Set<Partial<RoomNotes>>();
  #stopTimer: (() => void) | undefined;

  constructor(
    profile: Pick<Profile, 'call'>,
    platform: Pick<Platform, 'after'>,
    room: string,
    settings: RoomNotes,
  ) {
    this.#profile = profile;
    this.#platform = platform;
    this.#room = room;
    this.#current = settings;
  }

  get current(): RoomNotes {
    return this.#current;
  }

  /** Takes over what another screen of the profile has written, except for what is unsaved here. */
  replace(settings: RoomNotes): void {
    this.#current = Object.assign({}, settings, ...this.#writing, this.#unsaved);
  }

  change(change: Partial<RoomNotes>): void {
    this.#current = { ...this.#current, ...change };
    this.#unsaved = { ...this.#unsaved, ...change };
    this.#stopTimer ??= this.#platform.after(WRITE_MS, () => void this.save());
  }

  async save(): Promise<void> {
    if (Object.keys(this.#unsaved).length === 0) return;
    // A draft that can't be saved is no reason to interrupt: messages are safe, and the next change tries again.
    await this.saveBy((change) => this.#profile.call('note', { room: this.#room, change })).catch(
      () => undefined,
    );
  }

  /** Has what is unsaved written by `write`, together with something else. @throws what `write` does */
  async saveBy(write: (change: Partial<RoomNotes>) => Promise<unknown>): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const change = this.#unsaved;
    this.#unsaved = {};
    this.#writing.add(change);
    try {
      await write(change);
    } catch (error) {
      this.#unsaved = { ...change, ...this.#unsaved };
      throw error;
    } finally {
      this.#writing.delete(change);
    }
  }
}
