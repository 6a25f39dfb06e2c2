import { Line } from '@gochat/e2e/line';
import { RawMember, text } from '@gochat/e2e/raw-member';
import type { RoomId } from '@gochat/protocol/fields';
import { type BenchStage, median, usageOf } from './stage.ts';

const WRITERS = 100;
const WARM_MS = 1_500;
const MEASURE_MS = 5_000;
/** What seals and base64 make of 400 bytes. */
const BODY_BYTES = 400;

export interface Posts {
  readonly postsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor seconds for a million posts. */
  readonly nodesCpu: number;
  readonly enginesCpu: number;
}

/** A hundred writers, each of which posts again once its last post is acknowledged. */
export async function measurePosts(stage: BenchStage, rooms: number): Promise<Posts> {
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, (_, i) => Writer.open(stage.ports[i % stage.ports.length] as number)),
  );
  const names = Array.from({ length: rooms }, () => text(16) as RoomId);
  const [founder] = writers;
  const bases = await Promise.all(names.map((room, i) => (writers[i % WRITERS] ?? founder)?.found(room)));
  await Promise.all(
    writers.map((writer, i) => writer.enter(names[i % rooms] as RoomId, bases[i % rooms] ?? '')),
  );
  let [running, counting] = [true, false];
  const times: number[] = [];
  const work = writers.map(async (writer) => {
    while (running) {
      const began = performance.now();
      await writer.post();
      if (counting) times.push(performance.now() - began);
    }
  });
  await pause(WARM_MS);
  counting = true;
  const before = [usageOf(stage.nodePids), usageOf(stage.enginePids)] as const;
  const began = performance.now();
  await pause(MEASURE_MS);
  const seconds = (performance.now() - began) / 1000;
  const after = [usageOf(stage.nodePids), usageOf(stage.enginePids)] as const;
  const count = times.length;
  running = false;
  await Promise.all(work);
  for (const writer of writers) writer.close();
  times.sort((a, b) => a - b);
  return {
    postsPerSecond: count / seconds,
    p50Ms: median(times),
    p99Ms: median(times, 0.99),
    nodesCpu: ((after[0].cpuSeconds - before[0].cpuSeconds) / count) * 1e6,
    enginesCpu: ((after[1].cpuSeconds - before[1].cpuSeconds) / count) * 1e6,
  };
}

class Writer {
  readonly member: RawMember;
  readonly #line: Line;
  readonly #nonce: string;
  #frame: { readonly room: RoomId; readonly base: string } | undefined;

  private constructor(line: Line, nonce: string, member: RawMember) {
    this.#line = line;
    this.#nonce = nonce;
    this.member = member;
  }

  static async open(port: number): Promise<Writer> {
    const { line, nonce } = await Line.open(port);
    return new Writer(line, nonce, new RawMember(port, SECRET));
  }

  async found(room: RoomId): Promise<string> {
    return this.#line.sayAll([this.member.create(room)]);
  }

  async enter(room: RoomId, base: string): Promise<void> {
    this.#frame = { room, base };
    this.#line.say(this.member.enter(room, this.#nonce, base, base));
    await this.#line.next('live');
  }

  async post(): Promise<void> {
    const frame = { type: 'post', id: text(16), ...this.#frame, body: text((BODY_BYTES * 3) / 4) };
    await this.#line.sayAll([JSON.stringify(frame)]);
  }

  close(): void {
    this.#line.close();
  }
}

/** One member for all connections: access checks aren't measured here. */
const SECRET = new RawMember(0).secret;

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
