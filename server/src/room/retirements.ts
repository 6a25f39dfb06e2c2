import type { LogPosition } from '../log/log.ts';

const KEPT = 1000;

/** The handshakes that retired earlier access keys, ascending: the newest of them, and whether there were more. */
export interface Retirements {
  readonly positions: readonly LogPosition[];
  readonly cut: boolean;
}

export const NO_RETIREMENTS: Retirements = { positions: [], cut: false };

export function addRetirement({ positions, cut }: Retirements, position: LogPosition): Retirements {
  const all = [...positions, position];
  return { positions: all.slice(-KEPT), cut: cut || all.length > KEPT };
}

/** A key that was added before this position is retired. 0 when none is. */
export function lastRetirement({ positions }: Retirements): LogPosition {
  return positions.at(-1) ?? 0;
}

/** The handshake that retired the key added at `key`; `forgotten` when that may have been before those that are kept. */
export function retirementOf(
  { positions, cut }: Retirements,
  key: LogPosition,
): LogPosition | 'forgotten' | undefined {
  const found = positions.findIndex((position) => position > key);
  return found === 0 && cut ? 'forgotten' : positions[found];
}
