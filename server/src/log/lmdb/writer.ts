import { Unavailable } from '../log.ts';
import type { Environment } from './environment.ts';

export interface WriterJob<Result, Written> {
  readonly result: Result;
  /** Handed on once it is durable. */
  readonly written?: Written;
  /** Undoes in memory what the change did there, when its transaction fails. */
  undo?(): void;
}

interface Applied<Written> {
  readonly change: WriterJob<unknown, Written>;
  /** To be called once it is durable. */
  settle(): void;
}

interface PendingWrite<Written> {
  readonly bytes: number;
  /** Runs the change in the transaction. */
  apply(): Applied<Written>;
  fail(error: Unavailable): void;
}

const BATCH = 1_000;
const BATCH_BYTES = 4 * 1024 * 1024;
const QUEUE_BYTES = 64 * 1024 * 1024;
/** Of a change that carries no body: what it costs to keep it waiting. */
const OVERHEAD_BYTES = 256;

/**
 * The only writer. While one transaction is being committed on LMDB's thread, changes gather for the next: they share its fsync.
 *
 * A transaction is a child one, because only that is undone when a change throws: then all of its batch fails and nothing of it
 * has happened. Without overlapping syncs, LMDB's promise resolves after the data's `fdatasync` and the synchronous write of the
 * meta page: before that, nothing is told to anybody.
 */
export class Writer<Written> {
  readonly #root: Environment;
  readonly #durable: (written: readonly Written[]) => void;
  readonly #broken: () => void;
  readonly #committed: (changes: number) => void;
  readonly #queue: PendingWrite<Written>[] = [];
  #queuedBytes = 0;
  /** Too much waits: nothing more is taken until all of it is written, or a small change would overtake a large one that was refused. */
  #full = false;
  #running: Promise<void> | undefined;
  #refusal: Unavailable | undefined;

  /**
   * @param durable gets what a transaction wrote, in order, before the changes' own promises resolve
   * @param broken called at most once, when the store takes no more writes
   * @param committed gets the number of changes that shared a sync
   */
  constructor(
    root: Environment,
    durable: (written: readonly Written[]) => void,
    broken: () => void,
    committed: (changes: number) => void = () => undefined,
  ) {
    this.#root = root;
    this.#durable = durable;
    this.#broken = broken;
    this.#committed = committed;
  }

  /** Durable when it resolves. `change` runs once, synchronously, alone. */
  write<Result>(bytes: number, change: () => WriterJob<Result, Written>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#refusal) return reject(this.#refusal);
      const cost = bytes + OVERHEAD_BYTES;
      this.#full ||= this.#queuedBytes + cost > QUEUE_BYTES;
      if (this.#full) return reject(new Unavailable('too many writes are waiting'));
      this.#queuedBytes += cost;
      this.#queue.push({
        bytes: cost,
        apply() {
          const made = change();
          return { change: made, settle: () => resolve(made.result) };
        },
        fail: reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Whether changes are taken at all. */
  get open(): boolean {
    return this.#refusal === undefined;
  }

  requireOpen(): void {
    if (this.#refusal) throw this.#refusal;
  }

  /** Finishes what was asked for, then refuses. */
  async close(): Promise<void> {
    this.#refusal ??= new Unavailable('the log is closed');
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) await this.#commit();
    this.#full = false;
    this.#running = undefined;
  }

  async #commit(): Promise<void> {
    let batch: PendingWrite<Written>[] = [];
    const applied: Applied<Written>[] = [];
    try {
      // The batch is taken when the transaction has begun: what came meanwhile goes with it.
      await this.#root.childTransaction(() => {
        batch = this.#take();
        for (const pending of batch) applied.push(pending.apply());
      });
    } catch (error) {
      for (const { change } of applied.reverse()) change.undo?.();
      const cause = await reasonOf(error);
      const failed = new Unavailable('the write failed', { cause });
      for (const pending of batch) pending.fail(failed);
      // What was asked for before anybody could know that these failed would overtake their repeats.
      this.#failQueue(failed);
      if (!this.#writable()) this.#refuse(new Unavailable('the store takes no more writes', { cause }));
      return;
    }
    this.#committed(applied.length);
    this.#durable(applied.flatMap(({ change }) => change.written ?? []));
    for (const { settle } of applied) settle();
  }

  #take(): PendingWrite<Written>[] {
    let count = 0;
    let bytes = 0;
    while (count < Math.min(this.#queue.length, BATCH) && bytes < BATCH_BYTES)
      bytes += this.#queue[count++]?.bytes ?? 0;
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  /** After a failed write of its meta page LMDB refuses all transactions, and an asynchronous one would then never resolve. */
  #writable(): boolean {
    try {
      this.#root.transactionSync(() => undefined);
      return true;
    } catch {
      return false;
    }
  }

  #refuse(refusal: Unavailable): void {
    this.#refusal = refusal;
    this.#failQueue(refusal);
    this.#broken();
  }

  #failQueue(error: Unavailable): void {
    this.#queuedBytes = 0;
    for (const pending of this.#queue.splice(0)) pending.fail(error);
  }
}

/** LMDB rejects every promise of a failed commit with the same text, and has the reason in a promise that rejects. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
}
