import type { RoomId } from '@gochat/protocol/fields';
import type { Entry, LogPosition } from '../log/log.ts';
import type { Link } from '../net/link.ts';
import { closedRoom } from '../session/refusals.ts';
import { noteOf } from './handshake-note.ts';
import { PostOrder } from './post-order.ts';
import type { VoiceProof } from './voice-proof.ts';

/** What a subscription reports to the session that it belongs to. */
export interface SubscriptionEvents {
  /** The link's write queue is full. */
  slow(): void;
  /** Delivery has stopped after the handshake that retired the key. */
  suspended(subscription: Subscription, retirement: LogPosition): void;
  /** The room's log can't be read, or the room was closed. */
  failed(room: RoomId, error: unknown): void;
}

export interface SubscriptionOptions {
  readonly room: RoomId;
  readonly link: Link;
  /** The position of the handshake whose access key was proved. */
  readonly key: LogPosition;
  /** The last position that the client has. */
  readonly since: LogPosition;
  readonly voice?: VoiceProof;
  readonly events: SubscriptionEvents;
  /** Called when the room must deliver nothing more to this subscription. It may be called more than once. */
  readonly stopped: (subscription: Subscription) => void;
}

/** One connection's subscription to one room, proved with one access key. */
export class Subscription {
  readonly room: RoomId;
  readonly link: Link;
  /** The position of the handshake whose access key was proved. */
  readonly key: LogPosition;
  /** Absent: the connection claims no voice. */
  readonly voice: VoiceProof | undefined;
  /** Every entry up to this position was written to the link. */
  at: LogPosition;
  /** `catching-up`: the backlog is being sent. `suspended`: the key was retired, nothing is delivered. `ended`: for good. */
  state: 'catching-up' | 'live' | 'suspended' | 'ended' = 'catching-up';
  readonly #events: SubscriptionEvents;
  readonly #stopped: (subscription: Subscription) => void;
  #posts: PostOrder | undefined;

  constructor({ room, link, key, since, voice, events, stopped }: SubscriptionOptions) {
    this.room = room;
    this.link = link;
    this.key = key;
    this.voice = voice;
    this.at = since;
    this.#events = events;
    this.#stopped = stopped;
  }

  /** The order of this connection's posts to this room. Made when first needed: most subscriptions only read. */
  get posts(): PostOrder {
    this.#posts ??= new PostOrder();
    return this.#posts;
  }

  /** Whether this entry retires the proved key, or closes the room: delivery stops after it. */
  stopsAt(entry: Entry): boolean {
    return (entry.retires === true && entry.pos > this.key) || noteOf(entry).closes === true;
  }

  /** Stops delivery after an entry at which it {@link stopsAt}. */
  stop(entry: Entry): void {
    if (noteOf(entry).closes === true) this.fail(closedRoom());
    else this.suspend(entry.pos);
  }

  /** Reports that the link's write queue is full. */
  slow(): void {
    this.#events.slow();
  }

  /** Reports that the room's log can't be read, or that the room was closed. */
  fail(error: unknown): void {
    this.#events.failed(this.room, error);
  }

  end(): void {
    this.state = 'ended';
    this.#stopped(this);
  }

  /** Stops delivery after the handshake at `retirement`, which retired the key. */
  suspend(retirement: LogPosition): void {
    this.state = 'suspended';
    this.#stopped(this);
    this.#events.suspended(this, retirement);
  }
}
