import type { Profile } from '@gochat/client/profile-connection';
import type { DialogHost } from '../dialogs/dialog-host.ts';
import type { RoomViewModel } from '../room/room-view-model.ts';
import type { SearchParts, SearchViewModel } from '../room/search.ts';
import type { ViewWords } from '../words/english.ts';
import type { Flashes } from './flashes.ts';
import type { PreferenceStore } from './preferences.ts';
import type { RoomList } from './room-list.ts';

/** The most jumps that can be undone. */
const JUMPS_KEPT = 10;

export interface NavigationParts {
  readonly profile: Profile;
  readonly words: ViewWords;
  readonly rooms: RoomList;
  readonly preferences: PreferenceStore;
  readonly flashes: Flashes;
  readonly dialogs: Pick<DialogHost, 'close'>;
  /** Begins a search in a room, by code that is loaded with the first one. */
  readonly search: (room: RoomViewModel, wanted: string, parts: SearchParts) => SearchViewModel;
  readonly changed: () => void;
}

/** Which room is open, what of it is looked at, and the search in it. */
export class Navigation {
  readonly #parts: NavigationParts;
  #open: string | undefined;
  #looking = true;
  #search: SearchViewModel | undefined;
  /** Positions from which jumps were made. */
  #jumpedFrom: string[] = [];

  constructor(parts: NavigationParts) {
    this.#parts = parts;
  }

  /** The open room. */
  get room(): RoomViewModel | undefined {
    return this.#parts.rooms.get(this.#open);
  }

  get search(): SearchViewModel | undefined {
    return this.#search;
  }

  get isLooking(): boolean {
    return this.#looking;
  }

  look(looking: boolean): void {
    this.#looking = looking;
    this.room?.look(looking);
  }

  /** Opens a room. A dialog of the room before it closes: it would act on the wrong one. */
  open(id: string): void {
    const { preferences, flashes, dialogs, changed } = this.#parts;
    if (this.#open !== id) {
      dialogs.close();
      this.endSearch();
      this.room?.look(false);
      this.room?.closeThread();
      this.#jumpedFrom = [];
      this.#open = id;
      if (preferences.current.screen.room !== id)
        flashes.attempt(() => preferences.changeScreen({ room: id }));
    }
    this.room?.look(this.#looking);
    changed();
  }

  /** Opens the first room of the list; none when there is none. */
  openFirst(): void {
    const [first] = this.#parts.rooms.all;
    if (first !== undefined) this.open(first.info.id);
    else {
      this.endSearch();
      this.#open = undefined;
      this.#parts.changed();
    }
  }

  /** Opens a room that the profile has just created or joined. @throws ChatError */
  async enter(id: string): Promise<void> {
    const { profile, rooms } = this.#parts;
    const info = (await profile.call('rooms', {})).find((one) => one.id === id);
    if (info === undefined) return;
    const room = await rooms.add(info);
    room.take({ kind: 'room', room: info });
    this.open(id);
  }

  /** Opens the next (1) or previous (-1) room, or the next with something unread. */
  step(by: 1 | -1, which?: 'unread'): void {
    const { all } = this.#parts.rooms;
    const count = all.length;
    const at = all.findIndex(({ info }) => info.id === this.#open);
    const order = Array.from({ length: count - 1 }, (_, i) => all[(at + by * (i + 1) + count * 2) % count]);
    const fits = (room: RoomViewModel | undefined) => which === undefined || (room?.unread ?? 0) > 0;
    const next = (which && order.find((room) => (room?.mentions ?? 0) > 0)) ?? order.find(fits);
    if (next !== undefined) this.open(next.info.id);
  }

  /** Searches the open room; an empty text ends the search. */
  find(text: string): void {
    this.endSearch();
    const { room } = this;
    const wanted = text.trim();
    if (room !== undefined && wanted !== '') {
      const { flashes, changed, search } = this.#parts;
      this.#search = search(room, wanted, {
        jump: (seq) => this.jump(seq),
        changed,
        failed: (error) => flashes.failed(error),
      });
      void this.#search.more();
    }
    this.#parts.changed();
  }

  /** @returns whether there was a search. */
  endSearch(): boolean {
    if (this.#search === undefined) return false;
    this.#search.end();
    this.#search = undefined;
    this.#parts.changed();
    return true;
  }

  /** Brings a line of the open room into view. */
  jump(seq: string): void {
    const { room } = this;
    if (room === undefined) return;
    const { flashes, words } = this.#parts;
    const from = room.newest?.seq;
    flashes.attempt(async () => {
      if (!(await room.jump(seq))) flashes.bad(words.text.flashes.noMessage);
      else if (from !== undefined) this.#jumpedFrom = [...this.#jumpedFrom, from].slice(-JUMPS_KEPT);
    });
  }

  /** Returns to where the last jump began. @returns false when there was none. */
  back(): boolean {
    const seq = this.#jumpedFrom.pop();
    const { room } = this;
    if (seq === undefined || room === undefined) return false;
    this.#parts.flashes.attempt(() => room.jump(seq).then(() => undefined));
    return true;
  }

  jumpToUnread(): void {
    this.#aim(this.room?.timeline().unreadKey);
  }

  jumpToNewest(): void {
    this.#aim(this.room?.timeline().rows.at(-1)?.key);
  }

  #aim(key: string | undefined): void {
    if (key !== undefined) this.room?.aim(key);
  }
}
