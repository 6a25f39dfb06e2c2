import type { Engine } from '../src/log/engine.ts';
import { type Entry, type FollowEnd, openByHead, type RoomLog, Unavailable } from '../src/log/log.ts';
import { openMemory } from '../src/log/memory/open.ts';

/** The log of an engine, to be spread and changed in part. */
function methodsOf(log: RoomLog): RoomLog {
  return {
    append: (room, message) => log.append(room, message),
    handshake: (room, after, entry) => log.handshake(room, after, entry),
    head: (room) => log.head(room),
    read: (room, after, limit) => log.read(room, after, limit),
    drop: (room) => log.drop(room),
    follow: (room, after, sink) => log.follow(room, after, sink),
    open: (room, begin) => log.open(room, begin),
  };
}

/** Another node's view of the same engine, whose deliveries can be held back. */
export function trailing(engine: Engine): Engine & { hold(): void; release(): void } {
  let held: (() => void)[] | undefined;
  const { log } = engine;
  const follow: RoomLog['follow'] = (room, after, sink) =>
    log.follow(room, after, (entries: readonly Entry[]) => {
      if (held === undefined) return sink(entries);
      held.push(() => sink(entries));
      return true;
    });
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      follow,
      open: (room, begin) => openByHead({ head: log.head.bind(log), follow }, room, begin),
    },
    hold: () => {
      held = [];
    },
    release: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const give of waiting) give();
    },
  };
}

/** An engine whose appends, once broken, are stored but not acknowledged. */
export function losingAnswers(): Engine & { breakAnswers(): void; repair(): void } {
  const engine = openMemory();
  const { log } = engine;
  let broken = false;
  const heard = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work;
    if (broken) throw new Unavailable('the answer was lost');
    return result;
  };
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      append: (room, message) => heard(log.append(room, message)),
      handshake: (room, after, entry) => heard(log.handshake(room, after, entry)),
    },
    breakAnswers: () => {
      broken = true;
    },
    repair: () => {
      broken = false;
    },
  };
}

/** An engine that refuses a number of appends without storing them. */
export function failingAppends(): Engine & { fail(count: number): void } {
  const engine = openMemory();
  const { log } = engine;
  let left = 0;
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      append: async (room, message) => {
        if (left === 0) return log.append(room, message);
        left -= 1;
        // Reported later, as a disk would.
        await new Promise((resolve) => setImmediate(resolve));
        throw new Unavailable('the disk is full');
      },
    },
    fail: (count) => {
      left = count;
    },
  };
}

/** An engine whose followers can all be lost, or fail to read. No follower can start until it is repaired. */
export function losingFollowers(): Engine & { lose(): void; fail(error: Error): void; repair(): void } {
  const engine = openMemory();
  const { log } = engine;
  const following = new Set<(error?: Error) => void>();
  let lost = false;
  const follow: RoomLog['follow'] = (room, after, sink) => {
    if (lost) throw new Unavailable('the log is away');
    const inner = log.follow(room, after, sink);
    const done = new Promise<FollowEnd>((resolve, reject) => {
      following.add((error) => {
        inner.stop();
        if (error === undefined) resolve({ reason: 'lost', last: after });
        else reject(error);
      });
      void inner.done.then(resolve);
    });
    return { stop: () => inner.stop(), done };
  };
  const end = (error?: Error) => {
    for (const one of following) one(error);
    following.clear();
  };
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      follow,
      open: (room, begin) => openByHead({ head: log.head.bind(log), follow }, room, begin),
    },
    lose: () => {
      lost = true;
      end();
    },
    fail: end,
    repair: () => {
      lost = false;
    },
  };
}

/** An engine that counts the pages read from it. */
export function countingReads(): Engine & { reads(): number } {
  const engine = openMemory();
  const { log } = engine;
  let reads = 0;
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      read: (room, after, limit) => {
        reads += 1;
        return log.read(room, after, limit);
      },
    },
    reads: () => reads,
  };
}

export interface Gate {
  /** Resolves when a caller waits at the gate. */
  reached(): Promise<void>;
  shut(): void;
  /** Lets the waiting callers through. Later ones have to wait again. */
  passWaiting(): void;
  open(): void;
}

class OneGate implements Gate {
  #waiting: (() => void)[] = [];
  #reached: (() => void)[] = [];
  #shut = false;

  pass(): Promise<void> {
    if (!this.#shut) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      for (const notify of this.#reached.splice(0)) notify();
    });
  }

  reached(): Promise<void> {
    if (this.#waiting.length > 0) return Promise.resolve();
    return new Promise((resolve) => this.#reached.push(resolve));
  }

  shut(): void {
    this.#shut = true;
  }

  passWaiting(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  open(): void {
    this.#shut = false;
    this.passWaiting();
  }
}

/** A node's view of an engine, with a gate before each read and one before each append. */
export function gated(engine: Engine): Engine & { readonly reads: Gate; readonly appends: Gate } {
  const { log } = engine;
  const [reads, appends] = [new OneGate(), new OneGate()];
  return {
    ...engine,
    log: {
      ...methodsOf(log),
      append: async (room, message) => {
        await appends.pass();
        return log.append(room, message);
      },
      read: async (room, after, limit) => {
        await reads.pass();
        return log.read(room, after, limit);
      },
    },
    reads,
    appends,
  };
}
