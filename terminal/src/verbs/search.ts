import type { TextItem } from '@gochat/client/history';
import { UsageError } from '@gochat/server/usage-error';
import { EXIT } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { formatItem, jsonItem } from '../lines/format.ts';
import { type ProfileOptions, withProfile } from '../profile.ts';
import { roomRef } from '../room-id.ts';

interface Options extends ProfileOptions {
  readonly json?: boolean;
  readonly lines?: string;
  readonly time?: boolean;
}

const MOST = 10_000;
const USUAL = 50;

/** Prints the newest messages of the profile that hold all words, oldest first; names and descriptions of files are searched, too. */
export async function run(
  io: Io,
  [room = '', wanted = '']: readonly string[],
  options: Options,
): Promise<number> {
  const most = options.lines === undefined ? USUAL : Number(options.lines);
  if (!Number.isInteger(most) || most < 1 || most > MOST)
    throw new UsageError(`-n takes a whole number from 1 to ${MOST}`);
  return withProfile(io, options, async (profile) => {
    const ref = await roomRef(profile, room);
    const { text } = io.words;
    const items: TextItem[] = [];
    let before: string | undefined;
    do {
      const page = await profile.call('search', {
        room: ref.room,
        text: wanted,
        limit: most - items.length,
        ...(before !== undefined && { before }),
      });
      items.push(...page.items);
      before = page.next;
    } while (before !== undefined && items.length < most);
    if (items.length === 0 && options.json !== true) note(io, text.lines.nothingFound);
    for (const item of items.reverse()) {
      if (options.json === true) print(io, jsonItem(ref, item));
      else
        print(
          io,
          options.time === true ? text.lines.timed(item.at, formatItem(text, item)) : formatItem(text, item),
        );
    }
    return EXIT.done;
  });
}
