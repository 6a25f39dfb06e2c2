import { Unavailable } from '../log.ts';
import type { Environment } from './environment.ts';

/** What a change returns. */
export interface WriterJob<Result, Written> {
  readonly result: Result;
  /** Passed on once it is durable. */
  readonly written?: Written;
  /** Undoes what the change did in memory. Called if its transaction fails. */
  undo?(): void;
}

interface Applied<Written> {
  readonly change: WriterJob<unknown, Written>;
  /** Called once it is durable. */
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
/** The memory that a waiting change takes in addition to its body. */
const OVERHEAD_BYTES = 256;

/**
 * The only writer of the store. While LMDB's thread commits one transaction, changes queue up for the next one and share its sync.
 *
 * Each batch runs in a child transaction, because LMDB rolls back only a child transaction when a change throws. Then the whole
 * batch fails and none of it has an effect. Without overlapping syncs, LMDB's promise resolves after `fdatasync` of the data and
 * the synchronous write of the meta page. Nothing is reported before that.
 */
export class Writer<Written> {
  readonly #root: Environment;
  readonly #durable: (written: readonly Written[]) => void;
  readonly #broken: () => void;
  readonly #committed: (changes: number) => void;
  readonly #queue: PendingWrite<Written>[] = [];
  #queuedBytes = 0;
  /** The queue was full. No change is accepted until it is empty, or a small change could overtake a large one that was refused. */
  #full = false;
  #running: Promise<void> | undefined;
  #refusal: Unavailable | undefined;

  /**
   * @param durable called with what a transaction wrote, in order, before the promises of its changes resolve
   * @param broken called at most once, when the store accepts no more writes
   * @param committed called with the number of changes that shared a sync
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

  /**
   * Durable when it resolves.
   * @param bytes the size of the change
   * @param change runs once, synchronously, in a transaction
   * @throws Unavailable
   */
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

  /** Whether changes are accepted. */
  get open(): boolean {
    return this.#refusal === undefined;
  }

  /** @throws Unavailable */
  requireOpen(): void {
    if (this.#refusal) throw this.#refusal;
  }

  /** Accepts no more changes, and finishes those that were accepted. */
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
      // The batch is taken once the transaction has begun, so that it includes the changes that arrived meanwhile.
      await this.#root.childTransaction(() => {
        batch = this.#take();
        for (const pending of batch) applied.push(pending.apply());
      });
    } catch (error) {
      for (const { change } of applied.reverse()) change.undo?.();
      const cause = await reasonOf(error);
      const failed = new Unavailable('the write failed', { cause });
      for (const pending of batch) pending.fail(failed);
      // The queued changes must fail too, or they would overtake the repeats of those that failed.
      this.#failQueue(failed);
      if (!this.#writable()) this.#refuse(new Unavailable('the store accepts no more writes', { cause }));
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

  /** After a failed write of a meta page LMDB refuses all transactions, and an asynchronous one would never resolve. */
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

/** LMDB's error for a failed commit has no detail. Its `commitError` is a promise that rejects with the reason. */
async function reasonOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
}
