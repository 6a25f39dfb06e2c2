import type { Result } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';

/**
 * Joins the others again, if the room there is as here, or as it was seen.
 * @param seen the tag of a comparison that the user has seen, and agrees to
 * @returns what differs there: if this device hasn't returned, the user has to see it first. Null if there is nothing to come back from
 * @throws ChatError
 */
export async function comesBack({
  profile,
  room,
  waitMs,
  seen,
}: {
  readonly profile: Profile;
  readonly room: string;
  readonly waitMs: number;
  readonly seen: string | undefined;
}): Promise<{ readonly comparison: Result<'compare'>; readonly returned: boolean }> {
  const comparison = await profile.call('compare', { room, waitMs });
  if (comparison === null) return { comparison, returned: false };
  if (!comparison.same && seen === undefined) return { comparison, returned: false };
  const { returned } = await profile.call('return', { room, seen: seen ?? comparison.tag, waitMs });
  return { comparison, returned };
}
