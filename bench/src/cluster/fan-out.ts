import { Line } from '@gochat/e2e/line';
import { RawMember, text } from '@gochat/e2e/raw-member';
import type { RoomId } from '@gochat/protocol/fields';
import { isLoaded } from '../fan-out.ts';
import { type Idle, type Loaded, runLoad } from '../load.ts';
import { type BenchStage, usageOf } from './stage.ts';

export interface ClusterLoad {
  readonly receivers: number;
  readonly senders: number;
  /** As `bench/generator/load.c` reads it. */
  readonly phase: string;
  /** Of the stage's nodes, by number; all where it is absent. */
  readonly receiveAt?: readonly number[];
  readonly sendAt?: readonly number[];
}

export interface ClusterLoaded {
  readonly loaded: Loaded | undefined;
  readonly idle: Idle | undefined;
  /** Of the engines, over the phase: processor seconds per second. */
  readonly enginesLoad: number;
  readonly nodesLoad: number;
}

/** One room whose members are spread over the nodes, under one phase of load. */
export async function measureRoom(
  program: string,
  stage: BenchStage,
  { receivers, senders, phase, receiveAt, sendAt }: ClusterLoad,
): Promise<ClusterLoaded> {
  const [port = 0] = stage.ports;
  const member = new RawMember(port);
  const room = text(16) as RoomId;
  const { line } = await Line.open(port);
  const base = await line.sayAll([member.create(room)]);
  line.close();
  const portsOf = (numbers: readonly number[] | undefined) =>
    (numbers?.map((number) => stage.ports[number] ?? port) ?? stage.ports).join(',');
  const read = () => ({
    at: performance.now(),
    nodes: usageOf(stage.nodePids).cpuSeconds,
    engines: usageOf(stage.enginePids).cpuSeconds,
  });
  let [before, after] = [read(), read()];
  const system = {
    name: `${stage.ports.length} nodes`,
    protocol: 'gochat',
    start: () => Promise.reject(new Error('it runs already')),
  };
  const running = {
    pids: stage.nodePids,
    port,
    settings: { room, base, nodes: portsOf(receiveAt), 'sender-nodes': portsOf(sendAt) },
    enter: ({ nonce }: { readonly nonce: string }) => [member.enter(room, nonce, base, base)],
    ended: (name: string) => {
      if (name === 'join') before = read();
      else after = read();
    },
    stop: async () => undefined,
  };
  const phases = await runLoad(program, system, running, { receivers, senders, phases: [phase] });
  const seconds = (after.at - before.at) / 1000;
  return {
    loaded: phases.find(isLoaded),
    idle: phases.find((one): one is Idle => one.phase === 'idle'),
    enginesLoad: (after.engines - before.engines) / seconds,
    nodesLoad: (after.nodes - before.nodes) / seconds,
  };
}
