import type { Entry, LogPosition, RoomId } from '../log/log.ts';
import type { Link } from '../net/link.ts';
import { PostOrder } from './post-order.ts';
import type { Room } from './room.ts';

/** What a subscription tells the session that it belongs to. */
export interface SubscriptionEvents {
  /** The link's queue is full. */
  slow(): void;
  /** Delivery has stopped behind the handshake that retired the key. */
  held(subscription: Subscription, retirement: LogPosition): void;
  /** Nothing more of the room can be read here. */
  failed(room: RoomId, error: unknown): void;
}

/** One connection's following of one room, proved with one access key. */
export class Subscription {
  readonly room: Room;
  readonly link: Link;
  /** The position of the handshake whose access key was proved. */
  readonly key: LogPosition;
  /** Everything up to here was written to the link. */
  at: LogPosition;
  /** `catching`: the backlog is on its way. `held`: the key was retired, nothing is delivered. `ended`: for good. */
  state: 'catching' | 'live' | 'held' | 'ended' = 'catching';
  readonly #events: SubscriptionEvents;
  #posts: PostOrder | undefined;

  constructor(room: Room, link: Link, key: LogPosition, since: LogPosition, events: SubscriptionEvents) {
    this.room = room;
    this.link = link;
    this.key = key;
    this.at = since;
    this.#events = events;
  }

  /** Of the posts of this connection to this room. Most only read, and have none. */
  get posts(): PostOrder {
    this.#posts ??= new PostOrder();
    return this.#posts;
  }

  /** Whether this handshake is the first that retires the proved key: delivery stops at it. */
  stopsAt(entry: Entry): boolean {
    return entry.retires === true && entry.pos > this.key;
  }

  cut(): void {
    this.#events.slow();
  }

  /** The room's log can't be read. */
  fail(error: unknown): void {
    this.#events.failed(this.room.id, error);
  }

  end(): void {
    this.state = 'ended';
    this.room.leaveLive(this);
  }

  /** Stops delivery behind the handshake that retired the key. */
  hold(retirement: LogPosition): void {
    this.state = 'held';
    this.room.leaveLive(this);
    this.#events.held(this, retirement);
  }
}
