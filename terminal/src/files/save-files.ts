import { ChatError } from '@gochat/client/chat-error';
import { cleanFileName } from '@gochat/client/file-name';
import type { TextItem } from '@gochat/client/history';
import type { Profile } from '@gochat/client/open';
import { saveFile } from './save-file.ts';

const PAGE = 500;

/** A file that was saved. */
export interface Saved {
  /** Its place in the message, from 1. */
  readonly number: number;
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly type: string;
}

/** The newest message that fits, among all that the profile has. */
export async function findMessage(
  profile: Profile,
  room: string,
  fits: (item: TextItem) => boolean,
): Promise<TextItem | undefined> {
  let before: string | undefined;
  for (;;) {
    const page = await profile.call('history', {
      room,
      limit: PAGE,
      ...(before !== undefined && { before }),
    });
    const found = page.findLast((item): item is TextItem => item.kind === 'text' && fits(item));
    if (found !== undefined) return found;
    const first = page[0]?.seq;
    if (page.length < PAGE || first === undefined || first === before) return undefined;
    before = first;
  }
}

/** The message with an id, or the one at a position of the log. */
export function messageNamed(profile: Profile, room: string, named: string): Promise<TextItem | undefined> {
  return findMessage(profile, room, ({ id, seq }) => id === named || seq === named);
}

export interface SaveParts {
  readonly profile: Profile;
  readonly room: string;
  readonly item: TextItem;
  /** The folder. */
  readonly to: string;
  /** The file's place in the message, from 1; all of them when absent. */
  readonly number?: number | undefined;
  readonly signal?: AbortSignal;
  readonly progress?: (name: string, done: number, of: number) => void;
}

/** Saves the files of a message, one after another. @throws ChatError, and the system's errors */
export async function* saveFiles(parts: SaveParts): AsyncGenerator<Saved, void, undefined> {
  const { profile, room, item, to, number, signal, progress } = parts;
  const { files = [], seq, id } = item;
  const wanted = [...files.entries()].filter(([i]) => number === undefined || number === i + 1);
  if (wanted.length === 0) throw new ChatError({ reason: 'file-unknown' });
  for (const [i, { name, bytes, type }] of wanted) {
    const clean = cleanFileName(name);
    const pieces = profile.files.open(room, { seq, id }, i, {
      ...(signal && { signal }),
      ...(progress && { progress: (done, of) => progress(clean, done, of) }),
    });
    const path = await saveFile(to, clean, pieces);
    yield { number: i + 1, path, name: clean, bytes, type };
  }
}
