import { pause } from '../faults/crowd.ts';
import { stopped } from '../faults/kinds.ts';
import type { Fault } from '../faults/run.ts';
import type { NatsServer } from '../servers/nats-cluster.ts';
import type { Network } from './network.ts';
import type { ClusterStage } from './stage.ts';

/** Longer than the NATS servers take to elect another leader. */
const ELECTION_MS = 8_000;
const STOPPED_MS = 4_000;
const DOWN_MS = 1_000;

/** Faults of three nodes on three NATS servers. */
export const CLUSTER_FAULTS: Readonly<Record<string, Fault<ClusterStage>>> = {
  'kill-leader': async (stage) => {
    const leader = await stage.leader();
    const died = await leader.kill();
    await pause(DOWN_MS);
    leader.start();
    await stage.engines.ready();
    return Number(died);
  },
  'pause-leader': async (stage) => {
    const leader = await stage.leader();
    const seen = await stopped(() => leader.pid, ELECTION_MS);
    await stage.engines.ready();
    return seen;
  },
  'kill-engines': async (stage) => {
    const died = await Promise.all(stage.engines.servers.map((engine) => engine.kill()));
    await pause(DOWN_MS);
    for (const engine of stage.engines.servers) engine.start();
    await stage.engines.ready();
    return Number(died.every((one) => one));
  },
  'kill-node': async (stage) => {
    const { node, index } = stage.anyNode;
    const died = await node.kill();
    await pause(DOWN_MS);
    await stage.restartNode(index);
    return Number(died);
  },
  'pause-node': (stage) => {
    const { node } = stage.anyNode;
    return stopped(() => node.pid, STOPPED_MS);
  },
  'leave-node': async (stage) => {
    const { node, index } = stage.anyNode;
    await node.stop();
    await stage.restartNode(index);
    return 1;
  },
  'cut-leader-off': (stage) => cut(stage, (network, host) => network.cutOff(host), isUnreachable),
  'cut-leader-from-engines': (stage) => cut(stage, (network, host) => network.cutFromOthers(host), isDeposed),
  'cut-leader-from-nodes': (stage) => cut(stage, (network, host) => network.cutFromHere(host), isUnreachable),
};

/** The kinds that need network namespaces. */
export const NETWORK_FAULTS: ReadonlySet<string> = new Set([
  'cut-leader-off',
  'cut-leader-from-engines',
  'cut-leader-from-nodes',
]);

type Evidence = (stage: ClusterStage, leader: NatsServer, log: string) => Promise<boolean>;

async function isUnreachable(_: ClusterStage, leader: NatsServer): Promise<boolean> {
  return (await leader.ask('/varz')) === undefined;
}

/** The other servers have elected another leader, and the old one still answers. */
async function isDeposed({ engines }: ClusterStage, leader: NatsServer, log: string): Promise<boolean> {
  const others = engines.servers.filter((engine) => engine !== leader);
  const next = await engines.leaderOf(log, others);
  return next !== undefined && next !== leader && (await leader.ask('/varz')) !== undefined;
}

async function cut(
  stage: ClusterStage,
  how: (network: Network, host: string) => () => void,
  evidence: Evidence,
): Promise<number> {
  const { network } = stage;
  if (network === undefined) return 0;
  const log = stage.anyLog;
  const leader = await stage.leader(log);
  const reconnect = how(network, leader.host);
  try {
    await pause(ELECTION_MS);
    return Number(await evidence(stage, leader, log));
  } finally {
    reconnect();
    await stage.engines.ready();
  }
}
