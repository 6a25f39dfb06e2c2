import { Line } from '@gochat/e2e/line';
import { RawMember, text } from '@gochat/e2e/raw-member';
import type { RoomId } from '@gochat/protocol/fields';
import { pause } from './posts.ts';
import { type BenchStage, median, usageOf } from './stage.ts';

const MAKERS = 96;
const PER_CONNECTION = 250;
const ENTERING = 16;
const POSTS = 1_000;
const IDLE_MS = 10_000;
const PING_MS = 30_000;

export interface ManyRooms {
  readonly rooms: number;
  readonly madePerSecond: number;
  readonly enteredPerSecond: number;
  /** Milliseconds of a core to enter one room that nobody on the node follows: all nodes together, and all engines together. */
  readonly enteredNodesMs: number;
  readonly enteredEnginesMs: number;
  /** For each room, all three engines together, and all nodes together. */
  readonly enginesKb: number;
  readonly nodesKb: number;
  /** While no message is sent. */
  readonly idleEnginesLoad: number;
  readonly idleNodesLoad: number;
  /** Of a post into one of them, to its acknowledgement. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly diskBytes: number;
}

/** So many rooms, each made, and followed over some connection to some node. */
export async function measureManyRooms(
  stage: BenchStage,
  count: number,
  tell: (line: string) => void,
): Promise<ManyRooms> {
  const before = [usageOf(stage.enginePids).residentKb, usageOf(stage.nodePids).residentKb] as const;
  const secret = new RawMember(0).secret;
  const rooms = Array.from({ length: count }, () => text(16) as RoomId);
  const bases = new Map<RoomId, string>();
  let began = performance.now();
  const makers = await Promise.all(
    Array.from({ length: MAKERS }, async (_, i) => {
      const port = stage.ports[i % stage.ports.length] as number;
      return { member: new RawMember(port, secret), line: (await Line.open(port)).line };
    }),
  );
  await inParallel(MAKERS, rooms, async (room, worker) => {
    const { member, line } = makers[worker] as (typeof makers)[number];
    bases.set(room, await line.sayAll([member.create(room)]));
  });
  for (const { line } of makers) line.close();
  const madeSeconds = (performance.now() - began) / 1000;
  tell(`made ${count} rooms in ${madeSeconds.toFixed(1)} s`);
  const groups = Array.from({ length: Math.ceil(count / PER_CONNECTION) }, (_, i) =>
    rooms.slice(i * PER_CONNECTION, (i + 1) * PER_CONNECTION),
  );
  const open: { readonly line: Line; readonly rooms: readonly RoomId[] }[] = [];
  // As clients do: the server ends a connection that is silent for 90 s.
  const pings = setInterval(() => {
    for (const { line } of open) line.say(JSON.stringify({ type: 'ping', id: text(16) }));
  }, PING_MS);
  const cpu = () => [usageOf(stage.nodePids).cpuSeconds, usageOf(stage.enginePids).cpuSeconds] as const;
  const entering = cpu();
  began = performance.now();
  await inParallel(ENTERING, groups, async (group) => {
    const port = stage.ports[open.length % stage.ports.length] as number;
    const member = new RawMember(port, secret);
    const { line, nonce } = await Line.open(port);
    open.push({ line, rooms: group });
    for (const room of group) line.say(member.enter(room, nonce, bases.get(room) ?? '', bases.get(room)));
    for (const _ of group) await line.next('live');
  });
  const enteredSeconds = (performance.now() - began) / 1000;
  const entered = cpu();
  tell(`entered them in ${enteredSeconds.toFixed(1)} s`);
  const resident = [usageOf(stage.enginePids).residentKb, usageOf(stage.nodePids).residentKb] as const;
  const idle = cpu();
  await pause(IDLE_MS);
  const later = cpu();
  const times: number[] = [];
  for (let i = 0; i < POSTS; i += 1) {
    const { line, rooms: own } = open[i % open.length] as (typeof open)[number];
    const room = own[i % own.length] as RoomId;
    const at = performance.now();
    await line.sayAll([
      JSON.stringify({ type: 'post', id: text(16), room, base: bases.get(room), body: text(300) }),
    ]);
    times.push(performance.now() - at);
  }
  clearInterval(pings);
  for (const { line } of open) line.close();
  times.sort((a, b) => a - b);
  const page = (await stage.engines.servers[0]?.ask('/jsz')) as { readonly storage?: number } | undefined;
  return {
    rooms: count,
    madePerSecond: count / madeSeconds,
    enteredPerSecond: count / enteredSeconds,
    enteredNodesMs: ((entered[0] - entering[0]) / count) * 1000,
    enteredEnginesMs: ((entered[1] - entering[1]) / count) * 1000,
    enginesKb: (resident[0] - before[0]) / count,
    nodesKb: (resident[1] - before[1]) / count,
    idleEnginesLoad: (later[1] - idle[1]) / (IDLE_MS / 1000),
    idleNodesLoad: (later[0] - idle[0]) / (IDLE_MS / 1000),
    p50Ms: median(times),
    p99Ms: median(times, 0.99),
    diskBytes: page?.storage ?? 0,
  };
}

async function inParallel<T>(
  workers: number,
  all: readonly T[],
  work: (one: T, worker: number) => Promise<void>,
): Promise<void> {
  const rest = all.values();
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      for (const one of rest) await work(one, worker);
    }),
  );
}
