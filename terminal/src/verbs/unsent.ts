import type { Profile } from '@gochat/client/open';
import { type Io, note } from '../io.ts';

/** Says, on standard error, how many texts were not sent, as their membership had ended or their author might not write. @param except how many of them were reported before */
export async function noteUnsent(io: Io, profile: Profile, room: string, except = 0): Promise<void> {
  const count = (await profile.call('rooms', {})).find(({ id }) => id === room)?.unsent ?? 0;
  if (count > except) note(io, `gochat: ${io.words.text.lines.unsent(count - except, 'gochat resend')}`);
}
