import type { HistoryItem, TextItem } from '@gochat/client/history';
import { historyPages } from '@gochat/client/history-pages';
import type { RoomInfo } from '@gochat/client/methods';
import type { Profile } from '@gochat/client/open';
import type { ViewText } from '../words/english.ts';
import type { Format } from './format.ts';
import { jsonFormat } from './json.ts';
import { markdownFormat } from './markdown.ts';
import { textFormat } from './text.ts';
import type { ExportText } from './written.ts';

export type ExportFormat = 'md' | 'json' | 'txt';

const FORMATS: Readonly<Record<ExportFormat, (text: ExportText) => Format>> = {
  md: markdownFormat,
  json: jsonFormat,
  txt: textFormat,
};

/** How many of the last messages are kept, since most replies answer one of them. */
const REMEMBERED = 2_000;

/**
 * Everything that the profile has of a room, as a file for people or programs: each message as it is now. No server is asked.
 * @param now in milliseconds since 1970
 * @returns the text of the file in parts, of which none is larger than a page of the history. @throws ChatError as the method `history`
 */
export async function* exportRoom(
  profile: Pick<Profile, 'call'>,
  room: RoomInfo,
  format: ExportFormat,
  { text, now }: { readonly text: ViewText; readonly now: number },
): AsyncGenerator<string, void, undefined> {
  const writer = FORMATS[format]({ text, own: await text.export() });
  const messages = new Messages(profile, room.id);
  yield writer.head({ room, at: now });
  for await (const page of historyPages(profile, room.id)) {
    let part = '';
    for (const item of page) {
      messages.add(item);
      part += writer.line(item, await messages.answeredBy(item));
    }
    yield part;
  }
  yield writer.end;
}

/** The messages that others answer. */
class Messages {
  readonly #profile: Pick<Profile, 'call'>;
  readonly #room: string;
  readonly #recent = new Map<string, TextItem>();

  constructor(profile: Pick<Profile, 'call'>, room: string) {
    this.#profile = profile;
    this.#room = room;
  }

  add(item: HistoryItem): void {
    if (item.kind !== 'text') return;
    this.#recent.set(item.id, item);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > REMEMBERED && oldest !== undefined) this.#recent.delete(oldest);
  }

  async answeredBy(item: HistoryItem): Promise<TextItem | undefined> {
    if (item.kind !== 'text' || item.reply === undefined) return undefined;
    const { seq, id } = item.reply;
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent;
    const after = String(Number(seq) - 1);
    if (!/^\d+$/.test(after)) return undefined;
    const there = await this.#profile.call('history', { room: this.#room, after, limit: 1 });
    const found = there.find((one) => one.kind === 'text' && one.id === id);
    return found?.kind === 'text' ? found : undefined;
  }
}
