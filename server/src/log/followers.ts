import type { Entry, FollowEnd, Follower, LogPosition, RoomId, Sink } from './log.ts';

/** Reads a page of the stored entries after `after`. An empty page: there are no more. */
export type NextPage = (after: LogPosition) => readonly Entry[];

interface Following {
  readonly sink: Sink;
  /** Reads pages of stored entries. Entries published meanwhile are skipped, because a later page has them. */
  catchingUp: boolean;
  last: LogPosition;
  end(reason: FollowEnd['reason']): void;
  fail(error: unknown): void;
}

/** The followers of an embedded engine. The engine publishes entries in order, once they can be read, one batch at a time. */
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

  /** Delivers one page per tick. An empty page makes the follower live in the same tick, so no published entry is missed. */
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
    // A sink must not throw. If one does, the other followers continue.
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
