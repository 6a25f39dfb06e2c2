import type { HistoryItem } from '../room/history.ts';
import type { Profile } from './open.ts';

const PAGE = 500;

/**
 * The lines that the profile has of a room, from the one after `after` to the one that is the newest when this begins, oldest first, in
 * pages: a long history is never in memory as a whole. No server is asked.
 * @param room its id. @param after a position; "0" is the beginning. @throws ChatError as the method `history`
 */
export async function* historyPages(
  profile: Pick<Profile, 'call'>,
  room: string,
  after = '0',
): AsyncGenerator<readonly HistoryItem[], void, undefined> {
  const [newest] = (await profile.call('history', { room, limit: 1 })).slice(-1);
  const end = Number(newest?.seq ?? '0');
  for (let last = Number(after); last < end; ) {
    const page = await profile.call('history', { room, after: String(last), limit: PAGE });
    if (page.length === 0) return;
    last = Number(page.at(-1)?.seq);
    yield last <= end ? page : page.filter(({ seq }) => Number(seq) <= end);
  }
}
