import type { TextItem } from '@gochat/client/history';
import type { ChatEvent, RoomChatEvent, RoomInfo } from '@gochat/client/methods';
import type { RoomViewModel, RoomViewModelParts } from '../room/room-view-model.ts';
import { isNews } from '../timeline/news.ts';

/** To make a screen takes longer than to read some hundred messages, of which it shows the last. */
const HELD_MS = 500;

export interface RoomListParts extends RoomViewModelParts {
  /** {@link RoomViewModel.open}, whose code is loaded apart. @throws ChatError */
  readonly open: typeof RoomViewModel.open;
  /** Reports messages of others that are new in a room. */
  readonly news: (room: RoomViewModel, items: readonly TextItem[]) => void;
  readonly failed: (error: unknown) => void;
}

/** The rooms of the profile, in the order in which they are shown. */
export class RoomList {
  readonly #parts: RoomListParts;
  readonly #loading = new Map<string, Promise<RoomViewModel>>();
  #all: readonly RoomViewModel[] = [];
  /** Of rooms that catch up, oldest first. */
  #held: RoomChatEvent[] = [];
  #stopHolding: (() => void) | undefined;

  constructor(parts: RoomListParts) {
    this.#parts = parts;
  }

  /** Conversations of two come after the rooms. */
  get all(): readonly RoomViewModel[] {
    const shown = this.#all.filter((room) => !room.isHidden);
    const isDirect = ({ info }: RoomViewModel) => info.direct !== undefined;
    if (!shown.some(isDirect)) return shown;
    return [...shown.filter((room) => !isDirect(room)), ...shown.filter(isDirect)];
  }

  get(id: string | undefined): RoomViewModel | undefined {
    return this.#all.find(({ info }) => info.id === id);
  }

  /** Hands an event to its room. A room that is not listed yet is loaded. While a room catches up, what it reads is handed on at intervals. */
  take(event: RoomChatEvent): void {
    if (isOfBacklog(event) && this.get(event.room)?.catchingUp !== undefined) {
      this.#held.push(event);
      this.#stopHolding ??= this.#parts.platform.after(HELD_MS, () => this.#handOn());
      return;
    }
    this.#handOn();
    this.#hand(event);
  }

  #handOn(): void {
    this.#stopHolding?.();
    this.#stopHolding = undefined;
    const held = this.#held;
    this.#held = [];
    for (const event of held) this.#hand(event);
  }

  #hand(event: RoomChatEvent): void {
    const room = this.get(roomOf(event));
    if (room !== undefined) {
      const news = room.take(event).filter((item): item is TextItem => isNews(item, room.context));
      if (news.length > 0) this.#parts.news(room, news);
    } else if (event.kind === 'room') this.add(event.room).catch(this.#parts.failed);
  }

  /** Loads a room and follows it, unless it is listed. @throws ChatError */
  add(info: RoomInfo): Promise<RoomViewModel> {
    const known = this.get(info.id);
    if (known !== undefined) return Promise.resolve(known);
    const loading = this.#loading.get(info.id) ?? this.#load(info);
    this.#loading.set(info.id, loading);
    return loading.finally(() => this.#loading.delete(info.id));
  }

  async #load(info: RoomInfo): Promise<RoomViewModel> {
    const { profile, changed } = this.#parts;
    // Events that arrive while the room is loading are later than what is loaded.
    const early: RoomChatEvent[] = [];
    const stop = profile.on((event) => {
      if (isOfRoom(event) && roomOf(event) === info.id) early.push(event);
    });
    const room = await this.#parts.open(this.#parts, info).finally(stop);
    this.#all = [...this.#all, room];
    for (const event of early) room.take(event);
    const state = await profile.call('follow', { room: info.id });
    room.take({ kind: 'online', room: info.id, ...state });
    changed();
    return room;
  }

  /** Rows have to be made again: marks of members have changed. */
  recontext(): void {
    for (const room of this.#all) room.recontext();
  }

  async close(): Promise<void> {
    this.#stopHolding?.();
    await Promise.all(this.#all.map((room) => room.close()));
  }
}

/** Whether it is one of the many events of a room that catches up. */
function isOfBacklog(event: RoomChatEvent): event is Extract<RoomChatEvent, { kind: 'items' | 'online' }> {
  return event.kind === 'items' || (event.kind === 'online' && event.catchingUp !== undefined);
}

/** Whether it is about a room, rather than the profile as a whole. */
export function isOfRoom(event: ChatEvent): event is RoomChatEvent {
  return 'room' in event;
}

function roomOf(event: RoomChatEvent): string {
  return event.kind === 'room' ? event.room.id : event.room;
}
