import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Crowd } from '../faults/crowd.ts';
import { ChildServer } from '../servers/child-server.ts';
import { NatsCluster, type NatsServer } from '../servers/nats-cluster.ts';
import { Balancer } from './balancer.ts';
import { Network } from './network.ts';

const NODES = 3;
const ENGINES = 3;
export const LOG_STREAM = 'GOCHAT_LOG';

/** What faults are done to: three engines, three nodes on them, a balancer before those, and a crowd that talks through it. */
export class ClusterStage {
  readonly engines: NatsCluster;
  readonly nodes: ChildServer[];
  readonly balancer: Balancer;
  readonly network: Network | undefined;
  readonly crowd: Crowd;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly #home: string;

  private constructor(
    home: string,
    engines: NatsCluster,
    nodes: ChildServer[],
    balancer: Balancer,
    network: Network | undefined,
    crowd: Crowd,
    random: () => number,
  ) {
    this.#home = home;
    this.engines = engines;
    this.nodes = nodes;
    this.balancer = balancer;
    this.network = network;
    this.crowd = crowd;
    this.random = random;
  }

  /**
   * @param home an empty folder
   * @param random from 0 to 1
   * @param binary the program of the engines
   * @param ownNetwork whether this process runs in a network namespace of its own, where each engine gets another
   */
  static async open(
    home: string,
    random: () => number,
    binary: string,
    ownNetwork: boolean,
  ): Promise<ClusterStage> {
    const network = ownNetwork ? Network.make(ENGINES) : undefined;
    const places = network === undefined ? {} : { places: network.places };
    const engines = await NatsCluster.start({
      binary,
      folder: join(home, 'engines'),
      size: ENGINES,
      ...places,
    });
    const nodes: ChildServer[] = [];
    for (let i = 0; i < NODES; i += 1) nodes.push(await startNode(home, i, engines, 0));
    const balancer = new Balancer(nodes.map(({ port }) => port));
    const crowd = await Crowd.gather(home, await balancer.listen());
    return new ClusterStage(home, engines, nodes, balancer, network, crowd, random);
  }

  /** Any of the nodes, with its number. */
  get anyNode(): { readonly node: ChildServer; readonly index: number } {
    const index = Math.floor(this.random() * this.nodes.length);
    return { index, node: this.nodes[index] as ChildServer };
  }

  /** The engine that leads the log. @throws Error when none does */
  async leader(): Promise<NatsServer> {
    const leader = await this.engines.leaderOf(LOG_STREAM);
    if (leader === undefined) throw new Error('no engine leads the log');
    return leader;
  }

  /** Starts a node that was ended again, at its port. */
  async restartNode(index: number): Promise<void> {
    const { port } = this.nodes[index] as ChildServer;
    this.nodes[index] = await startNode(this.#home, index, this.engines, port);
  }

  async close(): Promise<void> {
    await this.crowd.leave();
    await this.balancer.close();
    for (const node of this.nodes) await node.stop();
    await this.engines.stop();
    this.network?.remove();
  }
}

async function startNode(
  home: string,
  index: number,
  engines: NatsCluster,
  port: number,
): Promise<ChildServer> {
  const data = join(home, `node-${index + 1}`);
  mkdirSync(data, { recursive: true });
  return ChildServer.start(data, port, [], '', { leaveMs: 1_000 }, engines.url);
}
