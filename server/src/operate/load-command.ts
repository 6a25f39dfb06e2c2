import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { answer, type Command } from './control-socket.ts';

const WATCHED_MS = 2_000;

/**
 * The command that answers how busy the server's core is: `{"busy": "0.42"}`, the share of the next two seconds in which the event
 * loop didn't wait. At 1 the process can do no more.
 */
export const loadCommand: Command = async (response) => {
  const before = performance.eventLoopUtilization();
  await setTimeout(WATCHED_MS);
  const { utilization } = performance.eventLoopUtilization(before);
  answer(response, 200, { busy: utilization.toFixed(2) });
};
