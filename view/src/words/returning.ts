import type { Difference, RoomComparison } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import type { Formats } from './formats.ts';
import { namesIn } from './names.ts';

const MOST_NAMES = 20;

/** @returns sentences about what is otherwise where this device would come back to. `clean`: what is shown of a name */
export function returnText(
  f: Formats,
): (comparison: RoomComparison, clean?: (name: string) => string) => string[] {
  const names = namesIn(f);
  return ({ by: signer, proved, same, members, admins, moderators, bans }, clean = sanitizeLine) => {
    const by = clean(signer);
    const lines = (
      { there, here }: Difference,
      said: (who: string) => string,
      lost: (who: string) => string,
    ) => [
      ...(there.length > 0 ? [said(names(there.map(clean), MOST_NAMES))] : []),
      ...(here.length > 0 ? [lost(names(here.map(clean), MOST_NAMES))] : []),
    ];
    return [
      proved
        ? `${by} has signed that the others are there.`
        : `Only ${by} has signed what is there: that does not prove that the others are.`,
      ...(same ? ['Members, admins, moderators and bans are as here.'] : []),
      ...lines(
        members,
        (who) => `Members there, not here: ${who}.`,
        (who) => `Members here, not there: ${who}.`,
      ),
      ...lines(
        admins,
        (who) => `Admins there, not here: ${who}.`,
        (who) => `Admins here, not there: ${who}.`,
      ),
      ...lines(
        moderators,
        (who) => `Moderators there, not here: ${who}.`,
        (who) => `Moderators here, not there: ${who}.`,
      ),
      ...lines(
        bans,
        (who) => `Banned there, not here: ${who}.`,
        (who) => `Banned here, not there: ${who}.`,
      ),
    ];
  };
}
