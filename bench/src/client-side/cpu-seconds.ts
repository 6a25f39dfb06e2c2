import { readFileSync } from 'node:fs';

/** What Linux counts a process's time in, whatever the machine: a hundredth of a second. */
const TICKS_PER_SECOND = 100;
/** User and system time, counted behind the name, which may hold anything. */
const USER = 11;
const SYSTEM = 12;

/** What another process that runs has used of the CPU so far, in seconds; undefined where the system doesn't tell. */
export function cpuSecondsOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER]) + Number(fields[SYSTEM])) / TICKS_PER_SECOND;
}
