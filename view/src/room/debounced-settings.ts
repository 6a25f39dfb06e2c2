import type { Profile } from '@gochat/client/profile-connection';
import type { RoomNotes } from '@gochat/client/settings';
import type { Platform } from '../chat/platform.ts';

const WRITE_MS = 400;

/** What the profile keeps of one room, changed here at once and written a moment later, together. */
export class DebouncedSettings {
  readonly #profile: Profile;
  readonly #platform: Pick<Platform, 'after'>;
  readonly #room: string;
  #notes: RoomNotes;
  #unsaved: Partial<RoomNotes> = {};
  #writing: (() => void) | undefined;

  constructor(profile: Profile, platform: Pick<Platform, 'after'>, room: string, notes: RoomNotes) {
    this.#profile = profile;
    this.#platform = platform;
    this.#room = room;
    this.#notes = notes;
  }

  get notes(): RoomNotes {
    return this.#notes;
  }

  /** Another screen of the profile has written; what is not written yet of this one stands. */
  told(notes: RoomNotes): void {
    this.#notes = { ...notes, ...this.#unsaved };
  }

  note(change: Partial<RoomNotes>): void {
    this.#notes = { ...this.#notes, ...change };
    this.#unsaved = { ...this.#unsaved, ...change };
    this.#writing ??= this.#platform.after(WRITE_MS, () => void this.save());
  }

  async save(): Promise<void> {
    this.#writing?.();
    this.#writing = undefined;
    const change = this.#unsaved;
    if (Object.keys(change).length === 0) return;
    this.#unsaved = {};
    // A draft that can't be kept isn't worth an alarm: what was sent is safe, and the next note tries again.
    await this.#profile.call('note', { room: this.#room, change }).catch(() => {
      this.#unsaved = { ...change, ...this.#unsaved };
    });
  }
}
