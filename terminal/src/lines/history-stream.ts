import type { HistoryItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';

const PAGE = 500;

/** A room's story from a position on: what the profile has, then what comes, each item once and in order. */
export class HistoryStream {
  readonly #profile: Profile;
  readonly #room: string;
  readonly #write: (item: HistoryItem) => void;
  readonly #stop: () => void;
  #last: string;
  #turn: Promise<void> = Promise.resolve();

  constructor(profile: Profile, room: string, since: string, write: (item: HistoryItem) => void) {
    this.#profile = profile;
    this.#room = room;
    this.#last = since;
    this.#write = write;
    this.#stop = profile.on((event) => {
      if (event.kind === 'items' && event.room === room) void this.catchUp();
    });
  }

  /** Writes all that the profile has behind what was written last. */
  catchUp(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#read()).catch(() => undefined);
    return this.#turn;
  }

  stop(): void {
    this.#stop();
  }

  async #read(): Promise<void> {
    for (;;) {
      const page = await this.#profile.call('history', { room: this.#room, after: this.#last, limit: PAGE });
      for (const item of page) {
        this.#write(item);
        this.#last = item.seq;
      }
      if (page.length < PAGE) return;
    }
  }
}
