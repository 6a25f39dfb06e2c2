import { parseDuration } from './duration.ts';

/** What `--wait` says. @throws UsageError */
export function waitMs(given: string | undefined, otherwise: number): number {
  return given === undefined ? otherwise : parseDuration(given);
}
