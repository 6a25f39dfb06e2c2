import { type FaultOptions, type FaultReport, playFaults } from '../faults/run.ts';
import { CLUSTER_FAULTS, NETWORK_FAULTS } from './kinds.ts';
import { ClusterStage } from './stage.ts';

export interface ClusterOptions extends FaultOptions {
  /** The program `nats-server`. */
  readonly binary: string;
  /** Whether this process has its own network namespace. */
  readonly ownNetwork: boolean;
}

export interface ClusterReport extends FaultReport {
  /** The number of connections that each node got. */
  readonly shares: readonly number[];
}

/** Injects faults into three nodes that share three NATS servers. */
export async function runClusterFaults(options: ClusterOptions): Promise<ClusterReport> {
  let shares: readonly number[] = [];
  const report = await playFaults(options, {
    async open(home, random, load) {
      const stage = await ClusterStage.open({ home, random, load, ...options });
      return Object.assign(stage, {
        close: async () => {
          ({ shares } = stage.balancer);
          await ClusterStage.prototype.close.call(stage);
        },
      });
    },
    faults: CLUSTER_FAULTS,
    leftOut: ({ network }) =>
      network === undefined
        ? { kinds: NETWORK_FAULTS, why: 'only root can make network namespaces for them' }
        : undefined,
  });
  return { ...report, shares };
}
