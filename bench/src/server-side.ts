import { isLoaded } from './fan-out.ts';
import { gochat } from './gochat.ts';
import { inNewHome } from './home.ts';
import { measureLmdb } from './lmdb-alone.ts';
import { type Idle, type Joining, type Load, type Phase, runLoad } from './load.ts';
import type { Row } from './rows.ts';
import type { System } from './system.ts';

const WRITERS = 100;
const POSTS_PHASE = 'posts:4:1';
const IDLE_PHASE = 'idle:2';
const STORM = 1_000;
const BACKLOG = 10_000;

async function runOnce(program: string, system: System, load: Load): Promise<Phase[]> {
  return inNewHome(async (home) => {
    const running = await system.start(home);
    try {
      return await runLoad(program, system, running, load);
    } finally {
      await running.stop();
    }
  });
}

/** Memory of an idle connection in a room. */
export async function measureIdle(program: string, system: System, connections: number): Promise<Row[]> {
  const load = { receivers: connections, senders: 0, phases: [IDLE_PHASE] };
  const idle = (await runOnce(program, system, load)).find((phase): phase is Idle => phase.phase === 'idle');
  if (idle === undefined) return [];
  return [{ case: `idle-${connections}`, system: system.name, kbPerConnection: idle.kbPerConnection }];
}

/** A hundred writers, each of which posts again once its last post is acknowledged; and the same writes on LMDB alone. */
export async function measureDurable(program: string, rooms: 1 | 100 | 10_000): Promise<Row[]> {
  const roomsPerSender = rooms === 1 ? 0 : rooms / WRITERS;
  const system = gochat({ roomsPerSender, senders: WRITERS });
  const load: Load = {
    receivers: 0,
    senders: WRITERS,
    phases: [POSTS_PHASE],
    ...(roomsPerSender === 0 ? {} : { rooms: roomsPerSender }),
  };
  const phase = (await runOnce(program, system, load)).find(isLoaded);
  if (phase === undefined) return [];
  const alone = await measureLmdb(WRITERS, rooms);
  const name = `durable-${rooms}`;
  return [
    {
      case: name,
      system: 'gochat',
      postsPerSecond: phase.acknowledgedPerSecond,
      lost: phase.lost,
      generatorLoad: phase.generatorLoad,
      ...(phase.otherLoad !== undefined && { otherLoad: phase.otherLoad }),
      cpuSeconds: phase.serverLoad * phase.seconds,
    },
    { case: name, system: 'lmdb alone', postsPerSecond: alone },
  ];
}

/** A thousand connections return at once after a restart: each sends a hello, enters with a proof, and is live. */
export async function measureStorm(program: string): Promise<Row[]> {
  const system = { ...gochat(), concurrent: STORM };
  const joining = (await runOnce(program, system, { receivers: STORM, senders: 0, phases: [] })).find(
    isJoining,
  );
  if (joining === undefined) return [];
  const { cpuSeconds, seconds } = joining;
  return [{ case: `storm-${STORM}`, system: 'gochat', cpuSeconds, seconds, lost: STORM - joining.joined }];
}

/** One connection reads ten thousand messages that it has missed, from a server that has just started. */
export async function measureBacklog(program: string): Promise<Row[]> {
  const system = gochat({ backlog: BACKLOG });
  const joining = (await runOnce(program, system, { receivers: 1, senders: 0, phases: [] })).find(isJoining);
  if (joining === undefined) return [];
  const { cpuSeconds, seconds, delivered } = joining;
  return [
    {
      case: `backlog-${BACKLOG}`,
      system: 'gochat',
      messagesPerSecond: delivered / seconds,
      cpuSeconds,
      seconds,
      // The room's first handshake is an entry too.
      lost: BACKLOG + 1 - delivered,
    },
  ];
}

function isJoining(phase: Phase): phase is Joining {
  return phase.phase === 'join';
}
