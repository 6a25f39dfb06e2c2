import type { Rules } from '@gochat/protocol/rules';

/** An engine need not know a longer time. */
const LONGEST_SEC = 100 * 365 * 24 * 3600;

/**
 * How many seconds a message or a knock is kept: as long as the server keeps it, or as long as the room's rules say if that is shorter.
 * @param serverSec undefined: for ever
 * @returns undefined: for ever
 */
export function lifetimeSec(serverSec: number | undefined, rules: Rules | undefined): number | undefined {
  if (rules?.retainMs === undefined) return serverSec;
  const roomSec = Math.min(LONGEST_SEC, Math.max(1, Math.ceil(rules.retainMs / 1000)));
  return Math.min(serverSec ?? roomSec, roomSec);
}
