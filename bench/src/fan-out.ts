import { inNewHome } from './home.ts';
import { type Load, type Loaded, type Phase, runLoad } from './load.ts';
import type { Row } from './rows.ts';
import type { System } from './system.ts';

/** The same for every system. Twenty, so that none of GoChat's has to post faster than the limit on one connection allows. */
const SENDERS = 20;
const WINDOWS = [1, 10, 100] as const;
const RATE = 20;
/** Of a phase, before what counts. */
const WARM_UP = 0.25;

export interface FanOut {
  readonly receivers: number;
  /** Whether latency at a fixed rate is measured too. */
  readonly rate: boolean;
  /** How long each phase is measured. */
  readonly seconds: number;
}

/** One system under each window, over one opening of its connections. */
export async function measureFanOut(
  program: string,
  system: System,
  { receivers, rate, seconds }: FanOut,
): Promise<Row[]> {
  const times = `${seconds}:${seconds * WARM_UP}`;
  const load: Load = {
    receivers,
    senders: SENDERS,
    phases: [
      ...WINDOWS.map((window) => `closed:${window}:${times}`),
      ...(rate ? [`rate:${RATE}:${times}`] : []),
    ],
  };
  const phases = await inNewHome(async (home) => {
    const running = await system.start(home);
    try {
      return await runLoad(program, system, running, load);
    } finally {
      await running.stop();
    }
  });
  return phases.filter(isLoaded).map((phase) => ({
    case: phase.phase === 'rate' ? `rate-${receivers}-${RATE}` : `fanout-${receivers}-w${phase.amount}`,
    system: system.name,
    deliveriesPerSecond: phase.deliveriesPerSecond,
    cpuSecondsPerMillion: phase.cpuSecondsPerMillion,
    p50Ms: phase.p50Ms,
    p99Ms: phase.p99Ms,
    lost: phase.lost,
    generatorLoad: phase.generatorLoad,
    ...(phase.otherLoad !== undefined && { otherLoad: phase.otherLoad }),
  }));
}

export function isLoaded(phase: Phase): phase is Loaded {
  return phase.phase !== 'join' && phase.phase !== 'idle';
}
