import type { HistoryItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';

const PAGE = 500;

/** The history of a room after a position: stored items first, then new ones. Each item comes once, in order. */
export class HistoryStream {
  readonly #profile: Profile;
  readonly #room: string;
  readonly #write: (item: HistoryItem) => void;
  readonly #beforePage: () => Promise<void>;
  readonly #stop: () => void;
  #last: string;
  #turn: Promise<void> = Promise.resolve();

  /** @param beforePage is awaited before the items of a page are written */
  constructor(
    profile: Profile,
    room: string,
    since: string,
    write: (item: HistoryItem) => void,
    beforePage: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#profile = profile;
    this.#room = room;
    this.#last = since;
    this.#write = write;
    this.#beforePage = beforePage;
    this.#stop = profile.on((event) => {
      if (event.kind === 'items' && event.room === room) void this.catchUp();
    });
  }

  /** Writes the items that came after the last one written. @returns when they are written */
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
      if (page.length > 0) await this.#beforePage();
      for (const item of page) {
        this.#write(item);
        this.#last = item.seq;
      }
      if (page.length < PAGE) return;
    }
  }
}
