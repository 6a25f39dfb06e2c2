import { cleanFileName } from '@gochat/client/file-name';
import type { EventItem, TextItem } from '@gochat/client/history';
import { sanitizeLine } from '../text/sanitize.ts';
import type { ViewText } from '../words/english.ts';
import type { ExportWords } from '../words/export.ts';

/** What an export says. */
export interface ExportText {
  readonly text: ViewText;
  readonly own: ExportWords;
}

/** Names and sentences as one kind of file writes them. */
export interface Hand {
  /** A member's name. */
  name(name: string): string;
  /** Any other text of a member, in one line. */
  line(text: string): string;
}

/** How much of a message is quoted by one that answers it, in characters. */
const QUOTED = 80;

/** What no keyboard writes, and what could control a terminal that prints the file. Line feeds and tabs stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it matches
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** A message as it was written, without control characters. */
export function textOf({ text }: TextItem): string {
  return text.replace(/\r\n?/g, '\n').replace(CONTROLS, '');
}

/** The sentence for an event, with what contradicts its time. */
export function eventSentence({ text }: ExportText, item: EventItem, hand: Hand): string {
  const mark = text.timeMark(item);
  const said = text.event(item, item.from === '' ? [] : [sanitizeLine(item.from)]);
  return hand.line(mark === '' ? said : `${said} (${mark})`);
}

/** What is said beside the text of a message, each in one line. */
export function remarksOn(
  { text, own: words }: ExportText,
  item: TextItem,
  answered: TextItem | undefined,
  hand: Hand,
): string[] {
  const mark = text.timeMark(item);
  return [
    ...(item.reply === undefined ? [] : [replyTo(words, answered, hand)]),
    ...(item.forwarded === undefined ? [] : [text.timeline.forwarded(hand.name(item.forwarded.from))]),
    ...(item.newer === undefined ? [] : [text.timeline.newer]),
    ...(item.edited === undefined || item.deleted !== undefined
      ? []
      : [words.edited(words.stamp(item.edited))]),
    ...(item.closed === undefined
      ? []
      : [words.pollClosed(hand.name(item.closed.by), words.stamp(item.closed.at))]),
    ...(item.shared === undefined
      ? []
      : [text.timeline.shared(hand.name(item.shared.by), item.stranger === true)]),
    ...(item.deleted === undefined ? [] : [words.deleted(hand.name(item.deleted.by))]),
    ...(item.files ?? []).map(({ name, bytes, ms, alt }, i) => {
      const facts = [text.files.size(bytes), ...(ms === undefined ? [] : [text.files.length(ms)])];
      const description = alt === undefined ? '' : hand.line(alt);
      return words.file(i + 1, [hand.line(cleanFileName(name)), ...facts], description);
    }),
    ...(item.reactions ?? []).map(({ emoji, by }) =>
      words.reaction(
        hand.line(emoji),
        by.map(({ name }) => hand.name(name)),
      ),
    ),
    ...(mark === '' ? [] : [mark]),
  ];
}

function replyTo(words: ExportWords, answered: TextItem | undefined, hand: Hand): string {
  if (answered === undefined) return words.replyToUnknown;
  const to = hand.name(answered.from);
  if (answered.deleted !== undefined) return words.reply(to, words.deleted(hand.name(answered.deleted.by)));
  const [file] = answered.files ?? [];
  const said = sanitizeLine(answered.text || (file && cleanFileName(file.name)) || '');
  const chars = [...said];
  const quoted = chars.length > QUOTED ? `${chars.slice(0, QUOTED - 1).join('')}…` : said;
  return words.reply(to, hand.line(quoted));
}
