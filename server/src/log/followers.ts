import type { Entry, FollowEnd, Follower, LogPosition, RoomId, Sink } from './log.ts';

/** The stored entries behind `after`, as many as make a page; none: the end has been reached. */
export type NextPage = (after: LogPosition) => readonly Entry[];

interface Following {
  readonly sink: Sink;
  /** Behind the log, reading pages; what is published meanwhile it will find in a page. */
  catchingUp: boolean;
  last: LogPosition;
  end(reason: FollowEnd['reason']): void;
  fail(error: unknown): void;
}

/** Those who follow rooms in this process. An engine publishes entries once they are readable, in order, one batch at a time. */
export class Followers {
  readonly #rooms = new Map<RoomId, Set<Following>>();

  follow(room: RoomId, after: LogPosition, sink: Sink, next: NextPage): Follower {
    const { promise, resolve, reject } = deferred<FollowEnd>();
    const leave = () => this.#leave(room, following);
    const following: Following = {
      sink,
      catchingUp: true,
      last: after,
      end(reason) {
        leave();
        resolve({ reason, last: following.last });
      },
      fail(error) {
        leave();
        reject(error);
      },
    };
    const present = this.#rooms.get(room);
    if (present) present.add(following);
    else this.#rooms.set(room, new Set([following]));
    setImmediate(() => this.#catchUp(room, following, next));
    return { stop: () => following.end('stopped'), done: promise };
  }

  publish(room: RoomId, entries: readonly Entry[]): void {
    for (const following of this.#rooms.get(room) ?? []) {
      if (following.catchingUp) continue;
      // A page may have been read after the commit and before this call.
      const fresh =
        following.last < (entries[0]?.pos ?? 0) ? entries : entries.filter((e) => e.pos > following.last);
      deliver(following, fresh);
    }
  }

  /** Ends the room's followers as `lost`. */
  lose(room: RoomId): void {
    for (const following of this.#rooms.get(room) ?? []) following.end('lost');
  }

  loseAll(): void {
    for (const room of this.#rooms.keys()) this.lose(room);
  }

  /** One page a turn. The step that finds nothing more makes the follower live, so that nothing falls between page and publication. */
  #catchUp(room: RoomId, following: Following, next: NextPage): void {
    if (!this.#rooms.get(room)?.has(following)) return;
    let page: readonly Entry[];
    try {
      page = next(following.last);
    } catch (error) {
      following.fail(error);
      return;
    }
    if (page.length === 0) {
      following.catchingUp = false;
      return;
    }
    deliver(following, page);
    setImmediate(() => this.#catchUp(room, following, next));
  }

  #leave(room: RoomId, following: Following): void {
    const present = this.#rooms.get(room);
    present?.delete(following);
    if (present?.size === 0) this.#rooms.delete(room);
  }
}

function deliver(following: Following, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (!last) return;
  try {
    if (!following.sink(entries)) following.end('lagged');
    else following.last = last.pos;
  } catch (error) {
    // A sink must not throw; when one does, it must not stop the others.
    following.fail(error);
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
