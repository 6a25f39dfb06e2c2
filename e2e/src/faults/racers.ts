import type { RoomId } from '@gochat/protocol/fields';
import { Line } from '../people/line.ts';
import { RawMember, text } from '../people/raw-member.ts';
import { WAIT_MS } from '../waits.ts';
import type { Swap } from './checker.ts';

const RACERS = 3;
const AGAIN_MS = 200;

/** Connections that compete for the same compare-and-swap in a separate room, again and again. */
export class Racers {
  /** Those that were acknowledged. */
  readonly swaps: Swap[] = [];
  /** The number of refusals for each code; `unavailable` while the disk is full. */
  readonly refusals = new Map<string, number>();
  readonly #port: number;
  readonly #everyMs: number;
  readonly #member: RawMember;
  readonly room = text(16) as RoomId;
  #last = '1';
  #founded = '1';
  #stopped = false;
  #running: Promise<unknown> | undefined;

  /**
   * @param port the port of the proxy, which is part of their proofs
   * @param everyMs the time between two swaps of each
   */
  constructor(port: number, everyMs: number) {
    this.#port = port;
    this.#everyMs = everyMs;
    this.#member = new RawMember(port);
  }

  async start(): Promise<void> {
    const { line } = await Line.open(this.#port);
    line.say(this.#member.create(this.room));
    this.#founded = (await line.next('ack')).seq;
    this.#last = this.#founded;
    line.close();
    this.#running = Promise.all(Array.from({ length: RACERS }, () => this.#race(this.#founded)));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** @returns the position of each handshake in the room's log */
  async handshakes(): Promise<string[]> {
    const { line, nonce } = await Line.open(this.#port);
    const found = [this.#founded];
    line.say(this.#member.enter(this.room, nonce, this.#founded, this.#founded));
    for (;;) {
      const frame = await line.any();
      if (frame.type === 'error') throw new Error(`${frame.code}: ${frame.message}`);
      if (frame.type === 'entry') found.push(frame.seq);
      if (frame.type !== 'live') continue;
      line.close();
      return found;
    }
  }

  async #race(key: string): Promise<void> {
    while (!this.#stopped) {
      let line: Line | undefined;
      try {
        ({ line } = await within(Line.open(this.#port)));
        while (!this.#stopped) {
          await within(this.#swap(line, key));
          // All of them swap at the same times: swaps that don't overlap don't compete.
          const waitMs = this.#everyMs - (performance.now() % this.#everyMs);
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        }
      } catch {
        // A fault ended the connection: the result of its last swap is unknown, so it isn't counted.
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      } finally {
        line?.close();
      }
    }
  }

  async #swap(line: Line, key: string): Promise<void> {
    const after = this.#last;
    const { id, frame } = this.#member.handshake(this.room, after, key);
    line.say(frame);
    for (;;) {
      const answer = await line.any();
      if (!('id' in answer) || answer.id !== id) continue;
      if (answer.type === 'ack') {
        this.swaps.push({ room: this.room, after, id, seq: answer.seq });
        this.#last = later(this.#last, answer.seq);
      } else if (answer.type === 'error') {
        this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
        if (answer.handshake !== undefined) this.#last = later(this.#last, answer.handshake);
        if (answer.code !== 'conflict') throw new Error(answer.code);
      }
      return;
    }
  }
}

function later(a: string, b: string): string {
  return Number(a) < Number(b) ? b : a;
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), WAIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
