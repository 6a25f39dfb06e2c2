import { Line } from '@gochat/e2e/line';
import { RawMember, text } from '@gochat/e2e/raw-member';
import type { RoomId } from '@gochat/protocol/fields';
import { pause } from './posts.ts';
import { type BenchStage, median, usageOf } from './stage.ts';

const CONNECTIONS = 500;
const POSTS_PER_SECOND = 50;
const BEFORE_MS = 2_000;
const REDIAL_MS = 50;

export interface AfterDeath {
  readonly connections: number;
  /** From the death of the node to a connection that is live on another with all that it had missed. */
  readonly p50Ms: number;
  readonly lastMs: number;
  /** Entries that a connection has not got, or has got twice, or in another order. */
  readonly wrong: number;
  /** Of the node that took them, for each. */
  readonly cpuMsEach: number;
}

/** Everybody on one node of two; it is killed while somebody talks, and all come to the other and catch up. */
export async function measureDeath(stage: BenchStage): Promise<AfterDeath> {
  const [first = 0, second = 0] = stage.ports;
  const member = new RawMember(second);
  const room = text(16) as RoomId;
  const { line, nonce } = await Line.open(second);
  const base = await line.sayAll([member.create(room)]);
  line.say(member.enter(room, nonce, base, base));
  await line.next('live');
  const said: string[] = [];
  let talking = true;
  const talk = (async () => {
    while (talking) {
      said.push(
        await line.sayAll([JSON.stringify({ type: 'post', id: text(16), room, base, body: text(300) })]),
      );
      await pause(1000 / POSTS_PER_SECOND);
    }
  })();
  const died = { at: 0 };
  const followers = Array.from({ length: CONNECTIONS }, () => new Following(member, room, base));
  await Promise.all(followers.map((follower) => follower.begin(first)));
  await pause(BEFORE_MS);
  const cpuBefore = usageOf(stage.nodes[1]?.pids ?? []).cpuSeconds;
  for (const pid of stage.nodes[0]?.pids ?? []) process.kill(pid, 'SIGKILL');
  died.at = performance.now();
  const times = await Promise.all(
    followers.map(async (follower) => {
      await follower.comesBack(second);
      return performance.now() - died.at;
    }),
  );
  const cpu = usageOf(stage.nodes[1]?.pids ?? []).cpuSeconds - cpuBefore;
  talking = false;
  await talk;
  const last = Number(said.at(-1));
  await Promise.all(followers.map((follower) => follower.until(last)));
  const wrong = followers.reduce((sum, follower) => sum + follower.wrong(said), 0);
  for (const follower of followers) follower.close();
  line.close();
  times.sort((a, b) => a - b);
  return {
    connections: CONNECTIONS,
    p50Ms: median(times),
    lastMs: times.at(-1) ?? 0,
    wrong,
    cpuMsEach: (cpu / CONNECTIONS) * 1000,
  };
}

/** One connection, which dials again from where it was. */
class Following {
  readonly #member: RawMember;
  readonly #room: RoomId;
  readonly #key: string;
  readonly #seen: string[] = [];
  #line: Line | undefined;
  #reading: Promise<void> = Promise.resolve();
  #live: () => void = () => undefined;
  readonly #waiting = new Set<() => void>();

  constructor(member: RawMember, room: RoomId, key: string) {
    this.#member = member;
    this.#room = room;
    this.#key = key;
  }

  async begin(port: number): Promise<void> {
    const { line, nonce } = await Line.open(port, this.#member.origin);
    this.#line = line;
    const live = new Promise<void>((resolve) => {
      this.#live = resolve;
    });
    line.say(this.#member.enter(this.#room, nonce, this.#seen.at(-1) ?? this.#key, this.#key));
    this.#reading = this.#read(line);
    await live;
  }

  /** Connects again when the connection ends, as a client does. */
  async comesBack(port: number): Promise<void> {
    await this.#reading;
    for (;;) {
      try {
        await this.begin(port);
        return;
      } catch {
        await pause(REDIAL_MS * (0.5 + Math.random()));
      }
    }
  }

  async until(last: number): Promise<void> {
    while (Number(this.#seen.at(-1) ?? 0) < last)
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  wrong(said: readonly string[]): number {
    const wanted = said.join(' ');
    return wanted === this.#seen.slice(0, said.length).join(' ') ? 0 : 1;
  }

  close(): void {
    this.#line?.close();
  }

  async #read(line: Line): Promise<void> {
    try {
      for (;;) {
        const frame = await line.any();
        if (frame.type === 'live') this.#live();
        if (frame.type !== 'entry') continue;
        this.#seen.push(frame.seq);
        for (const wake of this.#waiting) wake();
        this.#waiting.clear();
      }
    } catch {
      // It has ended.
    }
  }
}
