import type { Outcome, OutgoingState } from '@gochat/client/outgoing';

/** How many messages came to which end. A cancelled one counts as refused. */
export function countEnds(outcomes: readonly Outcome[]) {
  const count = (...states: readonly OutgoingState[]) =>
    outcomes.filter(({ state }) => states.includes(state)).length;
  return {
    refused: count('refused', 'cancelled'),
    silenced: count('silenced'),
    unknown: count('unknown'),
    missed: count('missed'),
  };
}
