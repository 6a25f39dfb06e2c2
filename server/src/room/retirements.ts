import type { LogPosition } from '../log/log.ts';

const KEPT = 1000;

/** Which handshakes retired the access keys before them. */
export interface Retirements {
  /** The newest {@link KEPT} of them, ascending. */
  readonly positions: readonly LogPosition[];
  /** Whether older ones were dropped. */
  readonly cut: boolean;
}

export const NO_RETIREMENTS: Retirements = { positions: [], cut: false };

export function addRetirement({ positions, cut }: Retirements, position: LogPosition): Retirements {
  const all = [...positions, position];
  return { positions: all.slice(-KEPT), cut: cut || all.length > KEPT };
}

/** Every key added before this position is retired. 0: none is. */
export function lastRetirement({ positions }: Retirements): LogPosition {
  return positions.at(-1) ?? 0;
}

/**
 * @param key the position of the handshake that added the key
 * @returns the handshake that retired it; undefined if none did; `forgotten` when it may be older than those that are kept
 */
export function retirementOf(
  { positions, cut }: Retirements,
  key: LogPosition,
): LogPosition | 'forgotten' | undefined {
  const found = positions.findIndex((position) => position > key);
  return found === 0 && cut ? 'forgotten' : positions[found];
}
