import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { NatsCluster } from '@gochat/e2e/nats-cluster';
import { NodeCluster, type NodeOptions } from '@gochat/e2e/node-cluster';
import { Child } from '../child.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
const TICKS_PER_SECOND = 100;

/** What a set of processes has used. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly residentKb: number;
}

export interface StageOptions {
  readonly nodes: number;
  /** Of NATS. Absent: three. 0: each node stores its rooms in its own folder. */
  readonly engines?: number;
  /** As `--log-streams` takes it. Absent: 1. */
  readonly streams?: number;
  /** As `--nodes` takes it: how many nodes share each port. Absent: 1. */
  readonly processes?: number;
}

/** NATS servers, each write synced, and some nodes on them. No process is pinned: all share the machine's cores. */
export class BenchStage {
  readonly #cluster: NodeCluster<Child>;
  /** How many nodes there are. */
  readonly size: number;

  private constructor(cluster: NodeCluster<Child>, size: number) {
    this.#cluster = cluster;
    this.size = size;
  }

  static async open(
    binary: string,
    home: string,
    { nodes: size, engines = 3, streams = 1, processes = 1 }: StageOptions,
  ): Promise<BenchStage> {
    const startNode = async ({ data, log, port }: NodeOptions) => {
      const replicas = String(Math.min(3, engines));
      const rooms =
        engines === 0 ? [] : ['--log', log, '--log-replicas', replicas, '--log-streams', String(streams)];
      const flags = ['--data', data, ...rooms, '--nodes', String(processes), '--log-level', 'error'];
      const node = new Child([process.execPath, GOCHAT, 'serve', '--port', String(port), ...flags], {
        cwd: home,
        env: { HOME: home, NODE_OPTIONS: '' },
        pinned: false,
      });
      await node.opens(port);
      if (processes > 1) await node.says(`${processes} nodes serve this port`);
      return node;
    };
    const cluster = await NodeCluster.start({ home, binary, size, engines, startNode });
    return new BenchStage(cluster, size * processes);
  }

  get engines(): NatsCluster {
    return this.#cluster.engines;
  }

  get nodes(): readonly Child[] {
    return this.#cluster.nodes;
  }

  get ports(): readonly number[] {
    return this.#cluster.ports;
  }

  get nodePids(): readonly number[] {
    return this.nodes.flatMap((node) => node.pids);
  }

  get enginePids(): readonly number[] {
    return this.engines.servers.flatMap(({ pid }) => pid ?? []);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}

/** The sum over these processes, as the system reports it; CPU time in ticks of 10 ms. */
export function usageOf(pids: readonly number[]): Usage {
  let [cpuSeconds, residentKb] = [0, 0];
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    residentKb += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  }
  return { cpuSeconds, residentKb };
}

export function median(sorted: readonly number[], part = 0.5): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
