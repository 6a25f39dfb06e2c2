import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { NatsCluster, type Place } from './nats-cluster.ts';
import { freePort } from './ports.ts';

/** A process that serves rooms. */
export interface Node {
  stop(): Promise<void>;
}

export interface NodeOptions {
  /** The node's own folder, which exists. */
  readonly data: string;
  /** The addresses of the NATS servers, as `--log` takes them. */
  readonly log: string;
  readonly port: number;
}

export interface NodeClusterOptions<N extends Node> {
  /** An empty folder. */
  readonly home: string;
  /** The program `nats-server`. */
  readonly binary: string;
  /** Where each NATS server listens, instead of loopback. */
  readonly places?: readonly Place[];
  /** The number of NATS servers. Absent: three. */
  readonly engines?: number;
  /** The number of nodes. */
  readonly size: number;
  readonly startNode: (options: NodeOptions) => Promise<N>;
}

/** NATS servers, and nodes that keep their rooms on them. */
export class NodeCluster<N extends Node> {
  readonly engines: NatsCluster;
  readonly nodes: N[] = [];
  readonly ports: number[] = [];
  readonly #options: NodeClusterOptions<N>;

  private constructor(engines: NatsCluster, options: NodeClusterOptions<N>) {
    this.engines = engines;
    this.#options = options;
  }

  static async start<N extends Node>(options: NodeClusterOptions<N>): Promise<NodeCluster<N>> {
    const { home, binary, places, size, engines: servers = 3 } = options;
    const folder = join(home, 'engines');
    const engines = await NatsCluster.start({
      binary,
      folder,
      size: servers,
      ...(places !== undefined && { places }),
    });
    const cluster = new NodeCluster(engines, options);
    for (let index = 0; index < size; index += 1) {
      cluster.ports.push(await freePort());
      await cluster.startNode(index);
    }
    return cluster;
  }

  /** Starts a node, or starts it again after it ended: with the same folder and port. */
  async startNode(index: number): Promise<void> {
    const { home, startNode } = this.#options;
    const data = join(home, `node-${index + 1}`);
    mkdirSync(data, { recursive: true });
    const port = this.ports[index] as number;
    this.nodes[index] = await startNode({ data, log: this.engines.url, port });
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.engines.stop();
  }
}
