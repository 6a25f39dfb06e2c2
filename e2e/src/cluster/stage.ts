import { RoomStreams } from '@gochat/server/internal/log/jetstream/room-streams';
import { Crowd, type Load } from '../faults/crowd.ts';
import { ChildServer } from '../servers/child-server.ts';
import type { NatsCluster, NatsServer } from '../servers/nats-cluster.ts';
import { NodeCluster, type NodeOptions } from '../servers/node-cluster.ts';
import { Balancer } from './balancer.ts';
import { Network } from './network.ts';

const NODES = 3;
const ENGINES = 3;
/** More than there are NATS servers, so that one of them leads two. */
const STREAMS = 4;

export interface ClusterStageOptions {
  /** An empty folder. */
  readonly home: string;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly load: Load;
  /** The program `nats-server`. */
  readonly binary: string;
  /** Whether this process has its own network namespace, in which each NATS server gets another one. */
  readonly ownNetwork: boolean;
}

/** What faults are injected into: three NATS servers, three nodes on them, a balancer before the nodes, and members that talk through it. */
export class ClusterStage {
  readonly balancer: Balancer;
  readonly network: Network | undefined;
  readonly crowd: Crowd;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly #cluster: NodeCluster<ChildServer>;

  private constructor(
    cluster: NodeCluster<ChildServer>,
    balancer: Balancer,
    network: Network | undefined,
    crowd: Crowd,
    random: () => number,
  ) {
    this.#cluster = cluster;
    this.balancer = balancer;
    this.network = network;
    this.crowd = crowd;
    this.random = random;
  }

  static async open({ home, random, load, binary, ownNetwork }: ClusterStageOptions): Promise<ClusterStage> {
    const network = ownNetwork ? Network.make(ENGINES) : undefined;
    const places = network === undefined ? {} : { places: network.places };
    const cluster = await NodeCluster.start({ home, binary, ...places, size: NODES, startNode });
    const balancer = new Balancer(cluster.ports);
    const crowd = await Crowd.gather(home, await balancer.listen(), load);
    return new ClusterStage(cluster, balancer, network, crowd, random);
  }

  get engines(): NatsCluster {
    return this.#cluster.engines;
  }

  /** Any of the nodes, with its number. */
  get anyNode(): { readonly node: ChildServer; readonly index: number } {
    const { nodes } = this.#cluster;
    const index = Math.floor(this.random() * nodes.length);
    return { index, node: nodes[index] as ChildServer };
  }

  /** The stream of any room of the crowd. */
  get anyLog(): string {
    const { rooms } = this.crowd;
    return new RoomStreams(STREAMS).logOf(rooms[Math.floor(this.random() * rooms.length)] ?? '');
  }

  /** The NATS server that leads this stream. @throws Error when none does */
  async leader(log = this.anyLog): Promise<NatsServer> {
    const leader = await this.engines.leaderOf(log);
    if (leader === undefined) throw new Error(`no engine leads ${log}`);
    return leader;
  }

  /** Starts a node that has ended, at its port. */
  restartNode(index: number): Promise<void> {
    return this.#cluster.startNode(index);
  }

  async close(): Promise<void> {
    await this.crowd.leave();
    await this.balancer.close();
    await this.#cluster.stop();
    this.network?.remove();
  }
}

function startNode({ data, port, log }: NodeOptions): Promise<ChildServer> {
  return ChildServer.start(data, port, [], '', { leaveMs: 1_000 }, { log, logStreams: String(STREAMS) });
}
