import type { Chat } from '../chat/chat.ts';

/** Calls `warn` with a warning if the browser may delete the profile, and the person has not used it yet. */
export async function warnOfLoss(
  { platform, preferences, words }: Pick<Chat, 'platform' | 'preferences' | 'words'>,
  warn: (warning: string) => void,
): Promise<void> {
  if (preferences.current.name !== undefined) return;
  if (!(await platform.keepsProfile(false))) warn(words.text.dialogs.notKept);
}
