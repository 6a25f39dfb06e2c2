import { Worker } from 'node:worker_threads';
import { MAX_PIXELS } from '@gochat/client/picture';

/** Pixels row by row, four bytes each: red, green, blue, opacity. */
export interface Picture {
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Job {
  readonly bytes: Uint8Array;
  readonly type: 'image/jpeg' | 'image/png';
  /** How it must be turned, as in Exif. */
  readonly orientation: number;
  /** What it is made smaller to, in pixels. */
  readonly maxSide: number;
  /** Also write a file of at most this length: JPEG, or PNG if something is transparent. */
  readonly encodeBytes?: number;
  /** Also write sixels that fill this space, in pixels. */
  readonly sixels?: { readonly width: number; readonly height: number };
}

export interface Result {
  readonly picture: Picture;
  readonly file: Uint8Array | undefined;
  readonly sixels: string | undefined;
}

export interface ThreadLimits {
  readonly megabytes: number;
  /** For one picture, from when the thread begins with it. */
  readonly ms: number;
}

const YOUNG_MEGABYTES = 16;
const IDLE_MS = 10_000;

/**
 * Decodes pictures in a thread of its own, one after another. The thread starts with the first picture and ends when there were none for
 * a while, or with one that takes too long or too much memory. It doesn't keep the process running.
 */
export class PictureThread {
  readonly #limits: ThreadLimits;
  #last: Promise<unknown> = Promise.resolve();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
  }

  /** @returns undefined if the picture is damaged or exceeds a limit */
  run(job: Job): Promise<Result | undefined> {
    const result = this.#last.then(() => this.#runNow(job));
    this.#last = result;
    return result;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #runNow(job: Job): Promise<Result | undefined> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? (await this.#start());
    const result = worker && (await this.#answer(worker, job));
    if (result === undefined) await this.close();
    else this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
    return result === undefined || 'failed' in result ? undefined : result;
  }

  async #start(): Promise<Worker | undefined> {
    const { megabytes } = this.#limits;
    const worker = new Worker(new URL('./picture-worker.js', import.meta.url), {
      workerData: { megabytes, pixels: MAX_PIXELS },
      resourceLimits: { maxOldGenerationSizeMb: megabytes, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
      stdout: true,
      stderr: true,
    });
    worker.unref();
    if ((await nextMessage(worker)) === undefined) return undefined;
    this.#worker = worker;
    return worker;
  }

  /** @returns undefined if the thread ended, or must be ended */
  async #answer(worker: Worker, job: Job): Promise<Result | { readonly failed: string } | undefined> {
    const answer = nextMessage(worker, this.#limits.ms);
    worker.postMessage(job);
    return (await answer) as Result | { readonly failed: string } | undefined;
  }
}

function nextMessage(worker: Worker, ms?: number): Promise<unknown> {
  return new Promise((resolve) => {
    const timer = ms === undefined ? undefined : setTimeout(() => settle(undefined), ms);
    const settle = (value: unknown) => {
      clearTimeout(timer);
      for (const event of ['message', 'error', 'exit']) worker.off(event, onEvent[event as 'message']);
      resolve(value);
    };
    const onEvent = {
      message: (value: unknown) => settle(value),
      error: () => settle(undefined),
      exit: () => settle(undefined),
    };
    worker.once('message', onEvent.message).once('error', onEvent.error).once('exit', onEvent.exit);
  });
}
