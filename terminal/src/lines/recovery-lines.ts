import type { Profile } from '@gochat/client/open';
import type { TerminalText } from '@gochat/view/terminal-words';

interface Counts {
  readonly rooms: number;
  readonly left: number;
}

/** @returns whether there is a recovery link, and where it leads. @param waitMs how long the servers may take */
export async function recoveryLines(profile: Profile, text: TerminalText, waitMs: number): Promise<string[]> {
  const state = await profile.call('recovery', { waitMs });
  const { recovery } = await text.devices();
  if (!state.made) return [recovery.none];
  const others = await otherRooms(profile, text, state);
  return [recovery.made(state.since, state.rooms), ...others, ...(state.current ? [] : [recovery.updating])];
}

/** The rooms into which a link doesn't lead. */
export async function otherRooms(
  profile: Profile,
  text: TerminalText,
  { rooms, left }: Counts,
): Promise<string[]> {
  const { recovery } = await text.devices();
  const all = await profile.call('rooms', {});
  const follow = all.filter((room) => room.status === 'active').length - rooms - left;
  return [...(left > 0 ? [recovery.left(left)] : []), ...(follow > 0 ? [recovery.follow(follow)] : [])];
}
