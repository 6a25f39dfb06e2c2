import { readFileSync } from 'node:fs';

/** The unit in which Linux counts a process's CPU time, on every machine: a hundredth of a second. */
const TICKS_PER_SECOND = 100;
/** The fields of user and system time, counted after the name, which may contain spaces. */
const USER = 11;
const SYSTEM = 12;

/** The CPU time that a running process has used, in seconds; undefined where the system doesn't report it. */
export function cpuSecondsOf(pid: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[USER]) + Number(fields[SYSTEM])) / TICKS_PER_SECOND;
}
