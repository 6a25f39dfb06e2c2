import type { Link } from './link.ts';
import type { Entry, Position } from './log/log.ts';
import type { Room } from './room.ts';

/** Why a connection is told to go: its queue is full. */
export type CutSlow = () => void;

/** One connection's following of one room, proved with one access key. */
export class Subscription {
  readonly room: Room;
  readonly link: Link;
  /** The position of the handshake whose access key was proved. */
  readonly key: Position;
  /** Everything up to here was written to the link. */
  at: Position;
  /** `catching`: the backlog is on its way. `held`: the key was retired, nothing is delivered. `ended`: for good. */
  state: 'catching' | 'live' | 'held' | 'ended' = 'catching';
  readonly #cut: CutSlow;
  readonly #held: (subscription: Subscription, retirement: Position) => void;

  constructor(
    room: Room,
    link: Link,
    key: Position,
    since: Position,
    on: { slow: CutSlow; held: (subscription: Subscription, retirement: Position) => void },
  ) {
    this.room = room;
    this.link = link;
    this.key = key;
    this.at = since;
    this.#cut = on.slow;
    this.#held = on.held;
  }

  /** Whether this handshake is the first that retires the proved key: delivery stops at it. */
  stopsAt(entry: Entry): boolean {
    return entry.retires === true && entry.pos > this.key;
  }

  cut(): void {
    this.#cut();
  }

  end(): void {
    this.state = 'ended';
    this.room.leaveLive(this);
  }

  /** Stops delivery behind the handshake that retired the key. */
  hold(retirement: Position): void {
    this.state = 'held';
    this.room.leaveLive(this);
    this.#held(this, retirement);
  }
}
