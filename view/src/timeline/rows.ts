import { type EventItem, factKey, type HistoryItem, type TextItem } from '@gochat/client/history';
import { readMessageLink } from '@gochat/client/message-link';
import type { EndState } from '@gochat/client/outgoing';
import { ANSWER_EMOJI, type PollText, readPoll } from '@gochat/client/polls';
import { fileNames } from '../files/file-rows.ts';
import type { TextContext } from '../text/inline-parser.ts';
import { isLarge, parseShown, wordsOf } from '../text/markdown.ts';
import { callableOf } from '../text/mentions.ts';
import { sanitizeLine, sanitizeText } from '../text/sanitize.ts';
import { colourOf } from './colour.ts';
import type { Readers, RowContext } from './context.ts';
import type { Line, Lines } from './lines.ts';
import { keyOf, ownKey } from './lines.ts';
import { isNews } from './news.ts';
import type { Author, FileRow, MessageRow, PollRow, Quote, ReactionRow, Row } from './row.ts';
import { ReplyCounts } from './thread.ts';

/** Messages of one author within this time form a group. */
const GROUP_MS = 5 * 60 * 1000;
const QUOTE_CHARS = 120;

/** Everything that rows are made of. */
export interface TimelineInput {
  readonly lines: Pick<Lines, 'all' | 'message'>;
  /** Whether the lines are one message and the replies to it. */
  readonly thread?: boolean;
  /** Own messages that wait to be sent or were refused, as the lines that they will become. */
  readonly waiting: readonly TextItem[];
  /** Those that are not sent any more, by the message's id. */
  readonly refused: ReadonlyMap<string, EndState>;
  /** Lines as they will be after the waiting changes are sent, by key. */
  readonly changed: ReadonlyMap<string, TextItem>;
  /** Quoted messages that aren't among the lines, by `seq id`; null when this device doesn't have it. */
  readonly quoted: ReadonlyMap<string, TextItem | null>;
  /** The files of a message. */
  readonly files: (item: TextItem) => readonly FileRow[];
  readonly readers: Readers;
  /** The position after which lines are new; undefined for no unread line. */
  readonly newAfter: number | undefined;
  /** Whether the lines start where the history does. */
  readonly complete: boolean;
  /** The room's name, sanitized. */
  readonly room: string;
  /** Whether this profile created the room, and whether it is the only member. */
  readonly founded: boolean;
  readonly alone: boolean;
  /** Whether it is a conversation of two, which is called by the other person. */
  readonly direct?: boolean;
  readonly context: RowContext;
}

/** The rows that are not made of one line, by key. An unchanged row stays the same object. */
export type RowCache = Map<string, { readonly of: readonly unknown[]; readonly row: Row }>;

/**
 * The rows of a room. Only rows that show something changed are made again.
 * @param cache of the last call; it is updated.
 */
export function makeRows(
  input: TimelineInput,
  cache: RowCache,
): { readonly rows: Row[]; readonly unreadKey: string | undefined } {
  const pass = new Pass(input, cache);
  for (const line of input.lines.all) pass.line(line);
  for (const item of input.waiting) pass.waiting(item);
  return pass.end();
}

class Pass {
  readonly #input: TimelineInput;
  readonly #cache: RowCache;
  readonly #rows: Row[] = [];
  readonly #used: RowCache = new Map();
  #previous: TextItem | undefined;
  #day = '';
  #unreadKey: string | undefined;
  #fold: Line[] = [];
  readonly #replies: ReplyCounts;
  /** How many readers have not read as far as the current line. */
  #unreached = 0;

  constructor(input: TimelineInput, cache: RowCache) {
    this.#input = input;
    this.#cache = cache;
    const { complete, founded, alone, context, thread = false } = input;
    this.#replies = new ReplyCounts(thread ? [] : input.lines.all);
    const oldest = complete ? input.lines.all.find(({ item }) => item.kind === 'text')?.item : undefined;
    const isShared = oldest?.kind === 'text' && oldest.shared !== undefined;
    if (complete)
      this.#reuse('start', [context.words, founded, alone, input.room, isShared, thread], () =>
        this.#start(isShared),
      );
  }

  line(line: Line): void {
    const { context, newAfter, changed } = this.#input;
    const item = changed.size === 0 ? line.item : (changed.get(line.key) ?? line.item);
    const isNew =
      newAfter !== undefined && this.#unreadKey === undefined && line.at > newAfter && isNews(item, context);
    if (line.day !== this.#day || isNew) {
      this.#flush();
      if (line.day !== this.#day) this.#newDay(line);
      if (isNew) this.#unread(line);
    }
    const ignored = context.ignored.size > 0 && item.identity !== '' && context.ignored.has(item.identity);
    if (item.kind === 'text' && !ignored) {
      this.#flush();
      this.#message(item, line);
    } else if (item.kind === 'warning') {
      this.#flush();
      this.#warning(item, line);
    } else {
      if (this.#fold.length > 0 && isIgnored(this.#fold[0], context) !== (item.kind === 'text'))
        this.#flush();
      this.#fold.push(line);
      this.#previous = undefined;
    }
  }

  waiting(item: TextItem): void {
    this.#flush();
    const { context } = this.#input;
    const key = ownKey(item.id);
    const first = this.#isFirst(item);
    const quote = this.#quote(item);
    const end = this.#input.refused.get(item.id);
    const files = this.#files(item);
    this.#reuse(key, [item, first, quote.item, context, end, files], () =>
      messageRow(item, { first, quote: quote.quote, files, repliesToSelf: false, context, key, end }),
    );
    this.#previous = item;
  }

  end(): { rows: Row[]; unreadKey: string | undefined } {
    this.#flush();
    this.#cache.clear();
    for (const [key, row] of this.#used) this.#cache.set(key, row);
    return { rows: this.#rows, unreadKey: this.#unreadKey };
  }

  #message(item: TextItem, line: Line): void {
    const { context, readers, changed, refused } = this.#input;
    const first = this.#isFirst(item);
    this.#previous = item;
    const quote = item.reply === undefined ? NO_QUOTE : this.#quote(item);
    let readBy = 0;
    if (item.own) {
      while (this.#unreached < readers.length && (readers[this.#unreached]?.at ?? 0) < line.at)
        this.#unreached++;
      readBy = readers.length - this.#unreached;
    }
    const waits = changed.size > 0 && changed.has(line.key);
    const end = item.own && refused.size > 0 ? refused.get(item.id) : undefined;
    const files = this.#files(item);
    const replies = this.#replies.of(item);
    const { cached } = line;
    if (
      cached !== undefined &&
      cached.item === item &&
      cached.context === context &&
      cached.first === first &&
      cached.quoted === quote.item &&
      cached.files === files &&
      cached.readBy === readBy &&
      cached.replies === replies &&
      cached.waits === waits &&
      cached.end === end
    ) {
      this.#rows.push(cached.row);
      return;
    }
    const names = readers.slice(this.#unreached).map((reader) => reader.name);
    const repliesToSelf = quote.item?.own === true;
    const row =
      item.deleted === undefined
        ? messageRow(item, {
            first,
            quote: quote.quote,
            files,
            repliesToSelf,
            context,
            key: line.key,
            replies,
            ...(!waits && { names }),
            ...(end && { end }),
          })
        : deletedRow(item, first, context, line.key);
    line.cached = { row, item, context, first, quoted: quote.item, files, readBy, replies, waits, end };
    this.#rows.push(row);
  }

  #warning(item: EventItem, line: Line): void {
    const { context } = this.#input;
    this.#previous = undefined;
    if (line.cached?.item !== item || line.cached.context !== context) {
      const text = context.words.text.event(item, []);
      const time = context.words.clock.time(item.at);
      const spoken = context.words.text.timeline.spoken.warning(time, text);
      const row: Row = { kind: 'warning', key: line.key, time, text, spoken };
      line.cached = {
        row,
        item,
        context,
        first: false,
        quoted: undefined,
        files: NO_FILES,
        readBy: 0,
        replies: 0,
        waits: false,
        end: undefined,
      };
    }
    this.#rows.push(line.cached.row);
  }

  /** Makes one row of the folded lines. */
  #flush(): void {
    const [first] = this.#fold;
    if (first === undefined) return;
    const lines = this.#fold;
    this.#fold = [];
    const { context } = this.#input;
    const key = `fold.${first.key}`;
    const make = () =>
      isIgnored(first, context) ? ignoredRow(key, lines, context) : noticeRow(key, lines, context);
    this.#reuse(key, [context, lines.length, first.item, lines.at(-1)?.item], make);
  }

  #isFirst(item: TextItem): boolean {
    const previous = this.#previous;
    return (
      previous === undefined ||
      previous.identity !== item.identity ||
      previous.from !== item.from ||
      previous.shared?.by !== item.shared?.by ||
      item.at - previous.at > GROUP_MS ||
      item.reply !== undefined
    );
  }

  #newDay(line: Line): void {
    this.#day = line.day;
    this.#previous = undefined;
    const { words, today, now } = this.#input.context;
    this.#reuse(`day.${line.day}`, [words, today], () => {
      const text = words.clock.day(line.item.at, now);
      return { kind: 'day', key: `day.${line.day}`, text, spoken: text };
    });
  }

  #unread(line: Line): void {
    this.#previous = undefined;
    this.#unreadKey = `unread.${line.key}`;
    const key = this.#unreadKey;
    const text = this.#input.context.words.text.timeline.unreadLine;
    this.#reuse(key, [text], () => ({ kind: 'unread', key, text, spoken: text }));
  }

  #start(isShared: boolean): Row {
    const { founded, alone, room, context, direct = false, thread = false } = this.#input;
    if (thread) return threadStart(context);
    const { between, start, startShared, made, madeAlone, invite } = context.words.text.timeline;
    const ofRoom = isShared ? startShared : !founded ? start : alone ? madeAlone(room) : made(room);
    const text = direct ? between(room) : ofRoom;
    const button = founded && alone && !direct ? invite : '';
    return { kind: 'start', key: 'start', text, invite: button, back: '', spoken: text };
  }

  #reuse(key: string, of: readonly unknown[], make: () => Row): void {
    const known = this.#cache.get(key);
    const entry = known !== undefined && same(known.of, of) ? known : { of, row: make() };
    this.#used.set(key, entry);
    this.#rows.push(entry.row);
  }

  #files(item: TextItem): readonly FileRow[] {
    return item.files === undefined ? NO_FILES : this.#input.files(item);
  }

  #quote(item: TextItem): {
    readonly item: TextItem | null | undefined;
    readonly quote: Quote | undefined;
  } {
    const { reply } = item;
    if (reply === undefined) return NO_QUOTE;
    const { lines, quoted, changed, context } = this.#input;
    const line = lines.message(reply.seq, reply.id);
    const found =
      line === undefined ? quoted.get(`${reply.seq} ${reply.id}`) : (changed.get(line.key) ?? line.item);
    return {
      item: found,
      quote: quoteOf(found ?? undefined, reply.seq, line?.key, context, item.expires !== undefined),
    };
  }
}

function threadStart({ words }: RowContext): Row {
  const { start, back } = words.text.timeline.thread;
  return { kind: 'start', key: 'start', text: start, invite: '', back, spoken: start };
}

const NO_FILES: readonly FileRow[] = [];
const NO_QUOTE = { item: undefined, quote: undefined } as const;

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function isIgnored(line: Line | undefined, context: RowContext): boolean {
  return line?.item.kind === 'text' && context.ignored.has(line.item.identity);
}

/** A message as a quote. @param mayBeGone whether the message may have disappeared */
export function quoteOf(
  item: TextItem | undefined,
  seq: string,
  key: string | undefined,
  context: RowContext,
  mayBeGone = false,
): Quote {
  const { words } = context;
  const { missingQuote, goneQuote } = words.text.timeline;
  if (item === undefined)
    return { seq, key, from: '', colour: 0, text: mayBeGone ? goneQuote : missingQuote };
  return {
    seq,
    key: key ?? keyOf(item),
    from: sanitizeLine(item.from),
    colour: colourOf(item.identity),
    text: shownInShort(item, context),
  };
}

/** As {@link inShort}, and of a deleted message that it is one. */
export function shownInShort(item: TextItem, context: RowContext): string {
  return item.deleted === undefined ? inShort(item, context) : context.words.text.timeline.deletedQuote;
}

/** The first words of a message, without its markup and in one line, and what files it has. */
export function inShort(item: TextItem, context: RowContext): string {
  const said = wordsInShort(item, context);
  const names = fileNames(item);
  if (names.length === 0) return said;
  const { only, beside } = context.words.text.files;
  return said === '' ? only(names) : beside(said, only(names));
}

/** The same for a result of a search, which may be in the description of a file. */
export function foundInShort(item: TextItem, context: RowContext): string {
  const alts = (item.files ?? []).flatMap(({ alt }) => (alt === undefined ? [] : [sanitizeLine(alt)]));
  const short = inShort(item, context);
  return alts.length === 0 ? short : context.words.text.files.described(short, alts);
}

function wordsInShort(item: TextItem, context: RowContext): string {
  const line = wordsOf(parseShown(item.text.slice(0, QUOTE_CHARS * 4), textContext(item, context)));
  const chars = [...line];
  return chars.length > QUOTE_CHARS ? `${chars.slice(0, QUOTE_CHARS - 1).join('')}…` : line;
}

function authorOf(item: HistoryItem, { verified }: RowContext): Author {
  return {
    identity: item.identity,
    name: sanitizeLine(item.from),
    colour: colourOf(item.identity),
    own: item.own,
    verified: verified.has(item.identity),
  };
}

interface MessageParts {
  readonly first: boolean;
  readonly quote: Quote | undefined;
  readonly files: readonly FileRow[];
  readonly context: RowContext;
  readonly key: string;
  /** Whether it replies to a message of this profile. */
  readonly repliesToSelf: boolean;
  /** Who has read it; undefined while it or its change waits to be sent. */
  readonly names?: readonly string[];
  /** How many replies it has. */
  readonly replies?: number;
  /** Set when the message is not sent any more. */
  readonly end?: EndState | undefined;
}

function messageRow(
  item: TextItem,
  { first, quote, files, repliesToSelf, context, key, names, replies: replied = 0, end }: MessageParts,
): MessageRow {
  const { clock } = context.words;
  const text = context.words.text.timeline;
  const author = authorOf(item, context);
  const delivery = deliveryOf(item, names, end, context);
  const asks = item.poll && readPoll(item.text);
  const answers = asks === undefined ? [] : ANSWER_EMOJI.slice(0, asks.answers.length);
  const all = reactionsOf(item, context);
  const reactions = asks === undefined ? all : all.filter(({ emoji }) => !answers.includes(emoji));
  const poll = asks && pollRow(item, asks, all, context);
  const forwarded = item.forwarded === undefined ? '' : text.forwarded(sanitizeLine(item.forwarded.from));
  const replies = replied === 0 ? '' : text.thread.replies(replied);
  const newer = item.newer === true ? text.newer : '';
  const mentioned = !item.own && (repliesToSelf || item.mentions?.includes(context.self) === true);
  const edited = item.edited === undefined ? '' : text.edited(clock.time(item.edited));
  const shared = first ? sharedText(item, context) : '';
  const timeMark = context.words.text.timeMark(item);
  // A room has thousands of rows, of which a screen draws some dozen: what takes long is made when it is read.
  const body = once(() => parseShown(asks?.question ?? item.text, textContext(item, context)));
  const spoken = once(() =>
    text.spoken.message({
      author: author.name,
      time: clock.time(item.at),
      mentionsYou: mentioned,
      isReply: quote !== undefined,
      replyTo: quote?.from ?? '',
      forwarded,
      newer,
      text: wordsOf(body()),
      poll: poll === undefined ? [] : [poll.rule, ...poll.answers.map(text.spoken.answer), poll.total],
      files: files.map(({ spoken: said }) => said),
      reactions,
      replies,
      edited,
      shared,
      timeMark,
      delivery: delivery.deliveryText,
    }),
  );
  return {
    kind: 'message',
    key,
    seq: names === undefined && item.seq === WAITING_SEQ ? '' : item.seq,
    author,
    first,
    me: item.me === true,
    edited,
    shared,
    timeMark,
    reply: quote,
    files,
    replies,
    reactions,
    poll,
    forwarded,
    newer,
    ...delivery,
    mentioned,
    source: sanitizeText(item.text),
    get time() {
      return clock.time(item.at);
    },
    get date() {
      return clock.date(item.at);
    },
    get body() {
      return body();
    },
    get large() {
      return isLarge(body());
    },
    get spoken() {
      return spoken();
    },
  };
}

function sharedText({ shared, stranger }: TextItem, { words }: RowContext): string {
  return shared === undefined ? '' : words.text.timeline.shared(sanitizeLine(shared.by), stranger === true);
}

function reactionsOf({ reactions = [] }: TextItem, { self, words }: RowContext): ReactionRow[] {
  const text = words.text.timeline;
  return reactions.map(({ emoji, by }) => ({
    emoji: sanitizeLine(emoji),
    count: by.length,
    own: by.some(({ identity }) => identity === self),
    by: text.reactedBy(by.map((one) => (one.identity === self ? text.you : sanitizeLine(one.name)))),
  }));
}

function pollRow(
  { poll, closed, reactions = [] }: TextItem,
  { answers }: PollText,
  shown: readonly ReactionRow[],
  { words }: RowContext,
): PollRow {
  const chosen = ANSWER_EMOJI.slice(0, answers.length);
  const voters = new Set(
    reactions.flatMap(({ emoji, by }) => (chosen.includes(emoji) ? by.map(({ identity }) => identity) : [])),
  );
  const { rule, voted, closedOwn, closed: closedBy } = words.text.timeline.poll;
  const ended = closed && (closed.own ? closedOwn : closedBy(sanitizeLine(closed.by)));
  return {
    rule: ended ?? rule[poll ?? 'one'],
    isOpen: closed === undefined,
    answers: answers.map((answer, i) => {
      const emoji = chosen[i] ?? '';
      const { count = 0, own = false, by = '' } = shown.find((one) => one.emoji === emoji) ?? {};
      const share = voters.size === 0 ? 0 : count / voters.size;
      return { emoji, text: sanitizeLine(answer), count, share, own, by };
    }),
    total: voted(voters.size),
  };
}

/** Makes a value when it is asked for, and keeps it. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The position of a message that waits to be sent. */
export const WAITING_SEQ = '0';

function deliveryOf(
  item: TextItem,
  names: readonly string[] | undefined,
  end: EndState | undefined,
  { words }: RowContext,
): Pick<MessageRow, 'delivery' | 'deliveryText'> {
  if (!item.own) return { delivery: undefined, deliveryText: '' };
  if (end !== undefined) return { delivery: 'refused', deliveryText: words.text.timeline.refused(end) };
  if (names === undefined) return { delivery: 'waiting', deliveryText: words.text.timeline.waiting };
  if (names.length === 0) return { delivery: 'sent', deliveryText: words.text.timeline.sent };
  return { delivery: 'read', deliveryText: words.text.timeline.readBy(names) };
}

/** A text mentions only those whom its author's client says it mentions. */
function textContext(item: TextItem, { labels, self, emoji, roomName, words }: RowContext): TextContext {
  const mentioned = (item.mentions ?? []).flatMap((identity) => {
    const name = labels.get(identity);
    return name === undefined ? [] : [{ name, identity, self: identity === self }];
  });
  const labelOf = (href: string) => {
    const place = readMessageLink(href);
    const name = place && roomName(place.room);
    return name === undefined ? undefined : words.text.timeline.messageIn(name);
  };
  return { callable: callableOf(mentioned), emoji, labelOf };
}

function deletedRow(item: TextItem, first: boolean, context: RowContext, key: string): Row {
  const { words } = context;
  const author = authorOf(item, context);
  const time = words.clock.time(item.at);
  const text = withMark(deletedText(item, author.name, words.text.timeline), item, words);
  const spoken = words.text.timeline.spoken.notice(time, text);
  return { kind: 'deleted', key, author, time, first, text, spoken };
}

function deletedText(
  { deleted, own, from }: TextItem,
  name: string,
  text: RowContext['words']['text']['timeline'],
): string {
  if (deleted === undefined || deleted.by === from) return own ? text.deletedOwn : text.deleted(name);
  return text.deletedByAdmin(name, sanitizeLine(deleted.by));
}

/** A sentence about a line, with what contradicts the line's time. */
function withMark(text: string, item: HistoryItem, words: RowContext['words']): string {
  const mark = words.text.timeMark(item);
  return mark === '' ? text : `${text}; ${mark}`;
}

function ignoredRow(key: string, lines: readonly Line[], { words }: RowContext): Row {
  const names = [...new Set(lines.map(({ item }) => sanitizeLine(item.from)))];
  const text = words.text.timeline.ignored(lines.length, names);
  return { kind: 'ignored', key, text, spoken: text };
}

function noticeRow(key: string, lines: readonly Line[], { words }: RowContext): Row {
  const events = lines.flatMap(({ item }) => (item.kind === 'text' ? [] : [item]));
  const { event, timeline } = words.text;
  const nameOf = (item: EventItem) => sanitizeLine(item.from);
  const details = events.map((item) => ({
    time: words.clock.time(item.at),
    text: withMark(event(item, [nameOf(item)]), item, words),
  }));
  // "ana and ben joined by invite; cleo was removed by ana"
  const groups = new Map<string, { readonly first: EventItem; readonly names: Set<string> }>();
  for (const item of events) {
    const fact = factKey(item);
    const group = groups.get(fact) ?? { first: item, names: new Set() };
    groups.set(fact, group);
    group.names.add(nameOf(item));
  }
  const marks = new Set(events.map((item) => words.text.timeMark(item)).filter((mark) => mark !== ''));
  const text = [...[...groups.values()].map(({ first, names }) => event(first, [...names])), ...marks].join(
    '; ',
  );
  const time = details.at(-1)?.time ?? '';
  return { kind: 'notice', key, time, text, details, spoken: timeline.spoken.notice(time, text) };
}
