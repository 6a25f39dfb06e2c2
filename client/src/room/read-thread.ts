import type { Profile } from '../profile/profile-connection.ts';
import type { TextItem } from './history.ts';

/** A position of the log can have several lines: one for each thing that its entry says. */
const LINES_PER_ENTRY = 8;
const PAGE = 500;

type Place = { readonly seq: string; readonly id: string };
type Calls = Pick<Profile, 'call'>;

/** The message at a position of the log with this id, if the profile has it. @throws ChatError */
export async function readMessage(
  profile: Calls,
  room: string,
  { seq, id }: Place,
): Promise<TextItem | undefined> {
  const after = String(Math.max(0, Number(seq) - 1));
  const items = await profile.call('history', { room, after, limit: LINES_PER_ENTRY });
  return items.find((item): item is TextItem => item.kind === 'text' && item.seq === seq && item.id === id);
}

/**
 * A message and the replies to it, with the replies to these, oldest first; of a reply without any, those of the first message of the
 * replies that end with it. @throws ChatError
 */
export async function readThread(profile: Calls, room: string, item: TextItem): Promise<readonly TextItem[]> {
  const thread = await repliesFrom(profile, room, item);
  if (thread.length > 1) return thread;
  const root = await rootOf(profile, room, item);
  return root === item ? thread : repliesFrom(profile, room, root);
}

/** A reply can name only a message before it, but a sender may say anything. */
async function rootOf(profile: Calls, room: string, item: TextItem): Promise<TextItem> {
  let root = item;
  while (root.reply !== undefined && Number(root.reply.seq) < Number(root.seq)) {
    const before = await readMessage(profile, room, root.reply);
    if (before === undefined) break;
    root = before;
  }
  return root;
}

async function repliesFrom(profile: Calls, room: string, root: TextItem): Promise<TextItem[]> {
  const found = [root];
  const names = new Set([nameOf(root)]);
  for (let after = root.seq; ; ) {
    const page = await profile.call('history', { room, after, limit: PAGE });
    for (const item of page) {
      if (item.kind !== 'text' || item.reply === undefined || !names.has(nameOf(item.reply))) continue;
      names.add(nameOf(item));
      found.push(item);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return found;
    after = last.seq;
  }
}

function nameOf({ seq, id }: Place): string {
  return `${seq} ${id}`;
}
