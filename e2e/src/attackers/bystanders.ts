import type { RoomId } from '@gochat/protocol/fields';
import { Line } from '../people/line.ts';
import { RawMember, text } from '../people/raw-member.ts';
import { WAIT_MS } from '../waits.ts';

const FOLLOWERS = 20;
/** How often what was heard is looked at. */
const LOOK_EVERY_MS = 20;
const PING_EVERY_MS = 1_000;
/** Padding of what is posted, so that it is as large as a sealed message. */
const BODY_BYTES = 400;

/** Milliseconds from a post to its arrival, at each follower. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly samples: number;
}

/** What the followers hear from {@link Bystanders.listen} on. */
export interface Hearing {
  /** Waits until one of them has heard something, at most a minute. */
  something(): Promise<void>;
  /** Of all messages that arrived until now. Later ones don't count. */
  end(): Latency;
}

/** A room in which one connection posts all the time and others listen. No attack may disturb them. */
export class Bystanders {
  readonly room: RoomId;
  readonly #speaker: Line;
  readonly #followers: readonly Line[];
  readonly #bodies: string[] = [];
  readonly #sentAt = new Map<string, number>();
  readonly #heard: string[][];
  readonly #hearings = new Set<number[]>();
  readonly #timers: NodeJS.Timeout[] = [];
  #closing = false;
  #failure: Error | undefined;

  private constructor(room: RoomId, speaker: Line, followers: readonly Line[]) {
    this.room = room;
    this.#speaker = speaker;
    this.#followers = followers;
    this.#heard = followers.map(() => []);
  }

  /** @param postEveryMs how long the speaker pauses between its messages */
  static async open(port: number, postEveryMs: number): Promise<Bystanders> {
    const member = new RawMember(port);
    const room = text(16) as RoomId;
    const enter = async (makes: boolean): Promise<Line> => {
      const { line, nonce } = await Line.open(port);
      if (makes) {
        line.say(member.create(room));
        await line.next('ack');
      }
      line.say(member.enter(room, nonce, '0'));
      await line.next('live');
      return line;
    };
    const speaker = await enter(true);
    const followers = await Promise.all(Array.from({ length: FOLLOWERS }, () => enter(false)));
    const bystanders = new Bystanders(room, speaker, followers);
    bystanders.#begin(postEveryMs);
    return bystanders;
  }

  /** Begins to measure, beside whatever else is measured. */
  listen(): Hearing {
    const latencies: number[] = [];
    this.#hearings.add(latencies);
    return {
      something: async () => {
        const end = performance.now() + WAIT_MS;
        while (latencies.length === 0 && this.#failure === undefined && performance.now() < end)
          await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      },
      end: () => {
        this.#hearings.delete(latencies);
        return latencyOf(latencies);
      },
    };
  }

  /**
   * Stops posting, and waits for the remaining messages.
   * @returns the number of messages posted, and of messages lost, duplicated or reordered, over all followers
   * @throws Error when one of their connections broke
   */
  async close(): Promise<{ readonly said: number; readonly lost: number; readonly wrong: number }> {
    for (const timer of this.#timers) clearInterval(timer);
    const late = setTimeout(() => this.#fail(new Error('not all was heard')), WAIT_MS);
    while (this.#failure === undefined && this.#heard.some((heard) => heard.length < this.#bodies.length))
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    clearTimeout(late);
    this.#closing = true;
    for (const line of [this.#speaker, ...this.#followers]) line.close();
    if (this.#failure !== undefined && this.#failure.message !== 'not all was heard') throw this.#failure;
    const lost = this.#heard.map((heard) => this.#bodies.filter((body) => !heard.includes(body)).length);
    const wrong = this.#heard.filter((heard, i) => lost[i] === 0 && heard.join() !== this.#bodies.join());
    return { said: this.#bodies.length, lost: lost.reduce((sum, n) => sum + n, 0), wrong: wrong.length };
  }

  #begin(postEveryMs: number): void {
    this.#timers.push(
      setInterval(() => this.#speak(), postEveryMs),
      // A connection that only listens sends pings.
      setInterval(() => {
        for (const line of this.#followers) line.say('{"type":"ping","id":"p"}');
      }, PING_EVERY_MS),
    );
    // The speaker also receives entries and acknowledgements, which must be read.
    void this.#hears(this.#speaker, () => undefined);
    for (const [i, line] of this.#followers.entries())
      void this.#hears(line, (body) => {
        this.#heard[i]?.push(body);
        const at = this.#sentAt.get(body);
        if (at !== undefined) for (const latencies of this.#hearings) latencies.push(performance.now() - at);
      });
  }

  #speak(): void {
    const body = text(BODY_BYTES);
    this.#bodies.push(body);
    this.#sentAt.set(body, performance.now());
    this.#speaker.say(JSON.stringify({ type: 'post', id: text(16), room: this.room, base: '1', body }));
  }

  async #hears(line: Line, take: (body: string) => void): Promise<void> {
    try {
      for (;;) {
        const frame = await line.any();
        if (frame.type === 'error')
          throw new Error(`a bystander received the error ${frame.code}: ${frame.message}`);
        if (frame.type === 'entry' && frame.kind === 'message') take(frame.body);
      }
    } catch (error) {
      if (!this.#closing) this.#fail(error as Error);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
  }
}

function latencyOf(latencies: readonly number[]): Latency {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), samples: sorted.length };
}
