import { type Delimiter, delimiterAt, type Emphasis, pairDelimiters } from './emphasis.ts';
import { entityAt } from './entities.ts';
import { type BareLink, isMisleading, linkAt, mailAt, safeHref } from './links.ts';
import { type Callable, mentionAt } from './mentions.ts';
import type { Inline } from './rich.ts';
import { charBefore } from './scripts.ts';

/** What the text of a message is parsed with. */
export interface TextContext {
  /** Whom an `@` mentions. */
  readonly callable: Callable;
  /** The emoji of a name without colons; undefined while the names are not loaded. */
  readonly emoji?: ((name: string) => string | undefined) | undefined;
  /** What a link is shown as that is written as a bare address; undefined: as it is written. */
  readonly labelOf?: ((href: string) => string | undefined) | undefined;
}

/** Runs of emphasis beyond these are shown as they were written. */
const DELIMITERS = 2000;
/** Deeper emphasis is shown without its innermost style. */
const NESTED = 16;

type Node = Inline | Delimiter;

interface Bracket {
  /** Its index among the nodes. */
  readonly node: number;
  /** The offset after it. */
  readonly from: number;
  /** Whether it may still begin a link: no link is within another. */
  active: boolean;
}

/** Parses the text of a paragraph, whose lines stay lines. In linear time. @param text sanitized */
export function parseInline(text: string, context: TextContext): Inline[] {
  return new InlineParser(text, context).parse();
}

class InlineParser {
  readonly #text: string;
  readonly #context: TextContext;
  readonly #nodes: Node[] = [];
  readonly #brackets: Bracket[] = [];
  #at = 0;
  /** Where the plain text begins that is not among the nodes yet. */
  #plainFrom = 0;
  #delimiters = 0;
  /** Before these offsets no link and no mail address begins. */
  #noLink = 0;
  #noMail: number;
  readonly #lastBracket: number;
  #ticks: Map<number, number[]> | undefined;

  constructor(text: string, context: TextContext) {
    this.#text = text;
    this.#context = context;
    this.#noMail = text.includes('@') ? 0 : text.length;
    this.#lastBracket = text.lastIndexOf('](');
  }

  parse(): Inline[] {
    while (this.#at < this.#text.length) if (!this.#special()) this.#at += 1;
    this.#flush(this.#at);
    return nested(this.#nodes);
  }

  /** Takes what is more than a plain character at the current offset. @returns whether there was something */
  #special(): boolean {
    const char = this.#text.charAt(this.#at);
    switch (char) {
      case '\n':
        return this.#take(1, { kind: 'break' });
      case '\\':
        return this.#escape();
      case '`':
        return this.#code();
      case '*':
      case '_':
      case '~':
        return this.#delimiter();
      case '[':
        return this.#openBracket(1);
      case '!':
        return this.#text.charAt(this.#at + 1) === '[' && this.#openBracket(2);
      case ']':
        return this.#closeBracket();
      case '<':
        return this.#autolink();
      case '&':
        return this.#entity();
      case '@':
        return this.#mention();
      case ':':
        return this.#emoji();
      default:
        return /[a-z0-9]/i.test(char) && this.#word(char);
    }
  }

  #flush(to: number): void {
    if (to > this.#plainFrom) this.#nodes.push({ kind: 'text', text: this.#text.slice(this.#plainFrom, to) });
    this.#plainFrom = to;
  }

  #take(length: number, node: Node): true {
    this.#flush(this.#at);
    this.#nodes.push(node);
    this.#at += length;
    this.#plainFrom = this.#at;
    return true;
  }

  #escape(): boolean {
    const next = this.#text.charAt(this.#at + 1);
    const path = this.#windowsPath();
    if (path !== '') return this.#take(path.length, { kind: 'text', text: path });
    if (next === '\n') return this.#take(2, { kind: 'break' });
    return ASCII_MARK.test(next) && this.#take(2, { kind: 'text', text: next });
  }

  /** The path at this offset. Its backslashes and stars are no markup. */
  #windowsPath(): string {
    if (!/^$|[\s("'“„«>]/u.test(charBefore(this.#text, this.#at))) return '';
    WINDOWS_PATH.lastIndex = this.#at;
    return WINDOWS_PATH.exec(this.#text)?.[0] ?? '';
  }

  #code(): boolean {
    const length = runLength(this.#text, this.#at);
    const from = this.#at + length;
    const end = this.#nextTicks(length, from);
    if (end === undefined) {
      this.#at = from;
      return true;
    }
    const inside = this.#text.slice(from, end).replaceAll('\n', ' ');
    const text = /^ .* $/.test(inside) && inside.trim() !== '' ? inside.slice(1, -1) : inside;
    return this.#take(end + length - this.#at, { kind: 'code', text });
  }

  /** Where the next run of exactly so many backticks begins. */
  #nextTicks(length: number, from: number): number | undefined {
    this.#ticks ??= ticksOf(this.#text);
    const places = this.#ticks.get(length) ?? [];
    while (places.length > 0 && (places.at(-1) ?? 0) < from) places.pop();
    return places.at(-1);
  }

  #delimiter(): boolean {
    const delimiter = delimiterAt(this.#text, this.#at);
    this.#delimiters += 1;
    if (this.#delimiters <= DELIMITERS && (delimiter.canOpen || delimiter.canClose))
      return this.#take(delimiter.length, delimiter);
    this.#at += delimiter.length;
    return true;
  }

  #openBracket(length: number): boolean {
    if (this.#at > this.#lastBracket) return false;
    this.#flush(this.#at);
    const node = this.#nodes.length;
    this.#take(length, { kind: 'text', text: this.#text.slice(this.#at, this.#at + length) });
    this.#brackets.push({ node, from: this.#at, active: true });
    return true;
  }

  #closeBracket(): boolean {
    const bracket = this.#brackets.pop();
    if (bracket === undefined || !bracket.active) return false;
    const target = targetAt(this.#text, this.#at + 1);
    const href = target && safeHref(target.href);
    if (target === undefined || href === undefined) return false;
    this.#flush(this.#at);
    const inside = withoutLinks(nested(this.#nodes.splice(bracket.node).slice(1)));
    const shown = wordsIn(inside).trim();
    const isHonest = shown !== '' && !isMisleading(shown, href);
    for (const outer of this.#brackets) outer.active = false;
    return this.#take(target.end - this.#at, {
      kind: 'link',
      href,
      inside: isHonest ? inside : [{ kind: 'text', text: href }],
    });
  }

  #autolink(): boolean {
    AUTOLINK.lastIndex = this.#at;
    const [whole = '', address = ''] = AUTOLINK.exec(this.#text) ?? [];
    if (whole === '') return false;
    const link = linkAt(address, 0);
    if (link.end === address.length) return this.#link(link, whole.length);
    const href = safeHref(address.includes(':') ? address : `mailto:${address}`);
    if (href === undefined) return false;
    const inside = [{ kind: 'text', text: isMisleading(address, href) ? href : address } as const];
    return this.#take(whole.length, { kind: 'link', href, inside });
  }

  #entity(): boolean {
    const entity = entityAt(this.#text, this.#at);
    return entity !== undefined && this.#take(entity.end - this.#at, { kind: 'text', text: entity.text });
  }

  #mention(): boolean {
    const { callable } = this.#context;
    const found = mentionAt(this.#text, this.#at, callable);
    if (found === undefined) return false;
    const self = callable.get(found.name)?.self === true;
    return this.#take(found.end - this.#at, { kind: 'mention', text: `@${found.name}`, self });
  }

  /** An emoji by its name. Only between blanks or punctuation: `a:b:c` and `10:20:30` are no emoji. */
  #emoji(): boolean {
    SHORTCODE.lastIndex = this.#at;
    const name = SHORTCODE.exec(this.#text)?.[1];
    if (name === undefined) return false;
    const isAfterEmoji = this.#plainFrom === this.#at && kindOf(this.#nodes.at(-1)) === 'emoji';
    if (
      !isAfterEmoji &&
      !/^$|[\s\p{Ps}\p{Pi}"'*_~>\p{Extended_Pictographic}]|\ufe0f/u.test(charBefore(this.#text, this.#at))
    )
      return false;
    const emoji = this.#context.emoji?.(name);
    return emoji !== undefined && this.#take(name.length + 2, { kind: 'emoji', text: emoji, name });
  }

  /** A word may begin an address or a path. */
  #word(char: string): boolean {
    if (/[a-z0-9]/i.test(charBefore(this.#text, this.#at))) return false;
    if (/[hw]/i.test(char) && this.#at >= this.#noLink) {
      const link = linkAt(this.#text, this.#at);
      this.#noLink = link.next;
      if (link.end !== undefined) return this.#link(link, link.end - this.#at);
    }
    const path = this.#windowsPath();
    if (path !== '') return this.#take(path.length, { kind: 'text', text: path });
    if (this.#at < this.#noMail) return false;
    const mail = mailAt(this.#text, this.#at);
    this.#noMail = mail.next;
    // In an address that isn't opened, what comes before the @ is a user's name.
    const isUser = charBefore(this.#text, this.#at) === '/';
    return mail.end !== undefined && !isUser && this.#link(mail, mail.end - this.#at);
  }

  #link({ href, shown }: BareLink, length: number): true {
    const text = this.#context.labelOf?.(href) ?? shown;
    return this.#take(length, { kind: 'link', href, inside: [{ kind: 'text', text }] });
  }
}

const ASCII_MARK = /^[!-/:-@[-`{-~]$/;
const WINDOWS_PATH = /(?:[a-z]:\\|\\\\[\w$.-]+\\)[^\s"<>|”“]*/iy;
const AUTOLINK = /<([a-z][a-z0-9+.-]{1,31}:[^\s<>]*|[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[^\s<>@]+\.[^\s<>@]+)>/iy;
const SHORTCODE = /:([a-z0-9_+-]{1,40}):(?![\p{L}\p{N}_]|:(?![a-z0-9_+-]{1,40}:))/uy;

function kindOf(node: Node | undefined): string {
  return node !== undefined && 'kind' in node ? node.kind : '';
}

function runLength(text: string, at: number): number {
  let end = at + 1;
  while (text.charAt(end) === text.charAt(at)) end++;
  return end - at;
}

/** The offsets of runs of backticks by their length, the last first. */
function ticksOf(text: string): Map<number, number[]> {
  const ticks = new Map<number, number[]>();
  for (const { 0: run, index } of [...text.matchAll(/`+/g)].reverse()) {
    const places = ticks.get(run.length);
    if (places === undefined) ticks.set(run.length, [index]);
    else places.push(index);
  }
  return ticks;
}

/** The `(address "title")` of a link at this offset. */
function targetAt(text: string, at: number): { readonly href: string; readonly end: number } | undefined {
  if (text.charAt(at) !== '(') return undefined;
  TARGET.lastIndex = at;
  const found = TARGET.exec(text);
  if (found === null) return undefined;
  const bracketed = found[1];
  const raw = bracketed ?? balanced(text, at + 1 + (found[2] ?? '').length);
  const after = bracketed === undefined ? at + 1 + (found[2] ?? '').length + raw.length : TARGET.lastIndex;
  TITLE.lastIndex = after;
  const title = TITLE.exec(text);
  return title === null ? undefined : { href: unescaped(raw), end: after + title[0].length };
}

const TARGET = /\([ \n]{0,8}<([^<>\n]{0,2048})>|\(([ \n]{0,8})/y;
const TITLE =
  /(?:[ \n]{1,8}(?:"(?:\\.|[^"\\]){0,512}"|'(?:\\.|[^'\\]){0,512}'|\([^()]{0,512}\)))?[ \n]{0,8}\)/y;

/** The address up to a blank or an unbalanced bracket. */
function balanced(text: string, from: number): string {
  let depth = 0;
  let at = from;
  for (; at < text.length && depth < 32; at++) {
    const char = text.charAt(at);
    if (/[\s\p{Cc}]/u.test(char)) break;
    if (char === '\\' && ASCII_MARK.test(text.charAt(at + 1))) at++;
    else if (char === '(') depth++;
    else if (char === ')' && --depth < 0) break;
  }
  return text.slice(from, at);
}

function unescaped(raw: string): string {
  let made = '';
  for (let at = 0; at < raw.length; ) {
    const entity = raw.charAt(at) === '&' ? entityAt(raw, at) : undefined;
    if (entity !== undefined) {
      made += entity.text;
      at = entity.end;
      continue;
    }
    if (raw.charAt(at) === '\\' && ASCII_MARK.test(raw.charAt(at + 1))) at++;
    made += raw.charAt(at);
    at++;
  }
  return made;
}

/** The words of a line without their markup. */
export function wordsIn(all: readonly Inline[]): string {
  return all
    .map((one) => {
      if (one.kind === 'break') return ' ';
      return 'inside' in one ? wordsIn(one.inside) : one.text;
    })
    .join('');
}

/** What a link shows: neither links nor mentions. */
function withoutLinks(all: readonly Inline[]): Inline[] {
  return all.flatMap((one): Inline[] => {
    if (one.kind === 'link') return [...one.inside];
    if (one.kind === 'mention') return [{ kind: 'text', text: one.text }];
    return 'inside' in one ? [{ ...one, inside: withoutLinks(one.inside) }] : [one];
  });
}

interface Level {
  /** Undefined for the whole, and for emphasis that is nested too deep. */
  readonly kind: Emphasis | undefined;
  readonly inside: Inline[];
}

/** Puts what is between paired runs into their emphasis. */
function nested(nodes: readonly Node[]): Inline[] {
  pairDelimiters(nodes.filter((node) => 'char' in node));
  const whole: Level = { kind: undefined, inside: [] };
  const levels = [whole];
  const top = () => levels.at(-1) ?? whole;
  for (const node of nodes) {
    if (!('char' in node)) {
      add(top().inside, node);
      continue;
    }
    for (const _ of node.closes) {
      const { kind, inside } = levels.pop() ?? whole;
      if (kind !== undefined) add(top().inside, { kind, inside });
    }
    if (node.left > 0) add(top().inside, { kind: 'text', text: node.char.repeat(node.left) });
    for (const kind of node.opens)
      levels.push(levels.length > NESTED ? { kind: undefined, inside: top().inside } : { kind, inside: [] });
  }
  return whole.inside;
}

function add(inside: Inline[], one: Inline): void {
  const last = inside.at(-1);
  if (one.kind === 'text' && last?.kind === 'text')
    inside[inside.length - 1] = { kind: 'text', text: last.text + one.text };
  else inside.push(one);
}
