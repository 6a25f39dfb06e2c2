import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NatsCluster } from '@gochat/e2e/nats-cluster';
import { Child, freePort } from '../child.ts';

const GOCHAT = fileURLToPath(new URL('../../../terminal/bin/gochat.js', import.meta.url));
const TICKS_PER_SECOND = 100;

/** What a set of processes has used. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly residentKb: number;
}

/** Three engines, each write synced, and some nodes on them. Nothing is pinned: all share the machine. */
export class BenchStage {
  readonly engines: NatsCluster;
  readonly nodes: readonly Child[];
  readonly ports: readonly number[];

  private constructor(engines: NatsCluster, nodes: readonly Child[], ports: readonly number[]) {
    this.engines = engines;
    this.nodes = nodes;
    this.ports = ports;
  }

  static async open(binary: string, home: string, count: number): Promise<BenchStage> {
    const engines = await NatsCluster.start({ binary, folder: join(home, 'engines') });
    const nodes: Child[] = [];
    const ports: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const port = await freePort();
      const folders = ['--data', join(home, `node-${i}`), '--log', engines.url, '--log-level', 'error'];
      const node = new Child([process.execPath, GOCHAT, 'serve', '--port', String(port), ...folders], {
        cwd: home,
        env: { HOME: home, NODE_OPTIONS: '' },
        pinned: false,
      });
      await node.opens(port);
      nodes.push(node);
      ports.push(port);
    }
    return new BenchStage(engines, nodes, ports);
  }

  get nodePids(): readonly number[] {
    return this.nodes.flatMap((node) => node.pids);
  }

  get enginePids(): readonly number[] {
    return this.engines.servers.flatMap(({ pid }) => pid ?? []);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.engines.stop();
  }
}

/** Of all these together, by the system's word; processor time in ticks of 10 ms. */
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
