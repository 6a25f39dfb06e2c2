import { measureRoom } from './fan-out.ts';
import { measurePosts, type Posts } from './posts.ts';
import { type BenchStage, usageOf } from './stage.ts';

const ROOMS = 100;
/** Of nine members each, who are on all nodes: connections are given to one node after another, and 11 is coprime with their number. */
const SHARED_ROOMS = 11;
const CROWD = 2_000;
const FAN_OUT = { receivers: 1_000, senders: 20 } as const;

export interface OneMachine extends Posts {
  /** Processor seconds for a million posts into rooms of nine, with their deliveries. */
  readonly nodesCpuShared: number;
  readonly enginesCpuShared: number;
  readonly postsPerSecondShared: number;
  /** Of a core, for a delivery in a room of 1,000. */
  readonly nodesUsOfQuietDelivery: number;
  readonly nodesUsOfBusyDelivery: number;
  /** Milliseconds of a core for a connection that enters a room: of all processes of the server, and of the one that accepts it. */
  readonly connectMs: number;
  readonly acceptMs: number;
  /** Of all processes of the server together, before there are connections. */
  readonly emptyKb: number;
  readonly enginesKb: number;
}

/** What nodes that share one port cost, and the NATS server of their machine. @param program the load generator, built */
export async function measureOneMachine(program: string, stage: BenchStage): Promise<OneMachine> {
  const emptyKb = usageOf(stage.nodePids).residentKb;
  const posts = await measurePosts(stage, ROOMS);
  const shared = await measurePosts(stage, SHARED_ROOMS);
  const before = connectCpu(stage);
  await measureRoom(program, stage, { receivers: CROWD, senders: 0, phase: 'idle:1' });
  const after = connectCpu(stage);
  const deliveries: number[] = [];
  for (const phase of ['rate:20:5:1.5', 'closed:100:5:1.5']) {
    const { loaded } = await measureRoom(program, stage, { ...FAN_OUT, phase });
    if (loaded === undefined || loaded.lost > 0) throw new Error(`lost in ${phase}: ${loaded?.lost}`);
    deliveries.push(loaded.cpuSecondsPerMillion);
  }
  const [nodesUsOfQuietDelivery = 0, nodesUsOfBusyDelivery = 0] = deliveries;
  return {
    ...posts,
    nodesCpuShared: shared.nodesCpu,
    enginesCpuShared: shared.enginesCpu,
    postsPerSecondShared: shared.postsPerSecond,
    nodesUsOfQuietDelivery,
    nodesUsOfBusyDelivery,
    connectMs: ((after.all - before.all) * 1000) / CROWD,
    acceptMs: ((after.first - before.first) * 1000) / CROWD,
    emptyKb,
    enginesKb: usageOf(stage.enginePids).residentKb,
  };
}

function connectCpu({ nodes, nodePids }: BenchStage): { readonly all: number; readonly first: number } {
  const first = nodes.flatMap(({ process: { pid } }) => pid ?? []);
  return { all: usageOf(nodePids).cpuSeconds, first: usageOf(first).cpuSeconds };
}
