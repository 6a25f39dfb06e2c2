import { Marked, type Token, type Tokens } from 'marked';
import type { Block, Inline } from './rich.ts';
import { sanitizeText } from './sanitize.ts';

/** The members who can be mentioned: the label after an `@`, and whether it is this profile. */
export type Callable = ReadonlyMap<string, { readonly self: boolean }>;

/** Deeper nesting is shown as it was written. */
const NESTED = 8;

/** Without HTML, tables, reference definitions, indented code, underlined headings and pictures. */
const parser = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    html: () => undefined,
    tag: () => undefined,
    table: () => undefined,
    def: () => undefined,
    code: () => undefined,
    lheading: () => undefined,
    reflink: () => undefined,
  },
});

/**
 * Parses a message. HTML stays text, and links lead only to http, https or mailto.
 * @param text as it was received.
 */
export function parseMarkdown(text: string, callable: Callable): Block[] {
  const clean = sanitizeText(text);
  try {
    if (isMaze(clean)) return plain(clean, callable);
    const made = blocks(parser.lexer(clean), callable, 0);
    return made.length === 0 ? plain(clean, callable) : made;
  } catch {
    // The lexer recurses: input that nests too deep for its stack is an attack.
    return plain(clean, callable);
  }
}

/** More marks than any message needs. The parser's time grows with their square. */
const MARKS = 1000;

/** A message without its markup, in one line. */
export function plainWords(text: string): string {
  return wordsOf(parseMarkdown(text, new Map()));
}

/** The words of a message that was parsed, in one line. */
export function wordsOf(blocks: readonly Block[]): string {
  return words(blocks).replace(/\s+/gu, ' ').trim();
}

function words(all: readonly (Block | Inline)[]): string {
  return all
    .map((part): string => {
      switch (part.kind) {
        case 'paragraph':
        case 'heading':
        case 'quote':
          return `${words(part.inside)} `;
        case 'list':
          return part.items.map((item) => `${words(item)} `).join('');
        case 'rule':
        case 'break':
          return ' ';
        case 'strong':
        case 'emphasis':
        case 'strike':
        case 'link':
          return words(part.inside);
        default:
          return part.text;
      }
    })
    .join('');
}

/** Whether there are so many marks, or such deep nesting, that the parser would take seconds. */
function isMaze(text: string): boolean {
  const outsideCode = text.replace(/^(`{3,}|~{3,})[\s\S]*?(?:^\1|$(?![\s\S]))/gm, '');
  const marks = outsideCode.match(/[*_~`[\]<\\]/g)?.length ?? 0;
  return marks > MARKS || /^(?:[ \t]*(?:[>*+-]|\d+[.)])){32}/m.test(outsideCode);
}

function plain(text: string, callable: Callable): Block[] {
  const lines = text
    .split('\n')
    .flatMap((line, i): Inline[] => [
      ...(i === 0 ? [] : [{ kind: 'break' } as const]),
      ...called(line, callable),
    ]);
  return [{ kind: 'paragraph', inside: lines }];
}

function blocks(tokens: readonly Token[], callable: Callable, depth: number): Block[] {
  return tokens.flatMap((token): Block[] => {
    if (depth > NESTED) return plain(token.raw.trimEnd(), callable);
    switch (token.type) {
      case 'space':
      case 'checkbox':
        return [];
      case 'code':
        return [{ kind: 'code', language: (token.lang ?? '').split(/\s/)[0] ?? '', text: token.text }];
      case 'heading':
        return [{ kind: 'heading', level: token.depth, inside: inlines(token.tokens ?? [], callable) }];
      case 'hr':
        return [{ kind: 'rule' }];
      case 'blockquote':
        return [{ kind: 'quote', inside: blocks(token.tokens ?? [], callable, depth + 1) }];
      case 'list':
        return [list(token as Tokens.List, callable, depth)];
      case 'paragraph':
      case 'text':
        return [{ kind: 'paragraph', inside: inlines(token.tokens ?? [token], callable) }];
      default:
        return plain(token.raw.trimEnd(), callable);
    }
  });
}

function list(token: Tokens.List, callable: Callable, depth: number): Block {
  return {
    kind: 'list',
    start: token.ordered ? Number(token.start) || 0 : undefined,
    items: token.items.map((item) => {
      const inside = blocks(item.tokens, callable, depth + 1);
      if (!item.task) return inside;
      const box: Inline = { kind: 'text', text: item.checked === true ? '☑ ' : '☐ ' };
      const [first, ...rest] = inside;
      if (first?.kind !== 'paragraph') return [{ kind: 'paragraph', inside: [box] }, ...inside];
      return [{ ...first, inside: [box, ...first.inside] }, ...rest];
    }),
  };
}

function inlines(tokens: readonly Token[], callable: Callable): Inline[] {
  return tokens.flatMap((token): Inline[] => {
    switch (token.type) {
      case 'strong':
        return [{ kind: 'strong', inside: inlines(token.tokens ?? [], callable) }];
      case 'em':
        return [{ kind: 'emphasis', inside: inlines(token.tokens ?? [], callable) }];
      case 'del':
        return [{ kind: 'strike', inside: inlines(token.tokens ?? [], callable) }];
      case 'codespan':
        return [{ kind: 'code', text: token.text }];
      case 'br':
        return [{ kind: 'break' }];
      case 'escape':
        return [{ kind: 'text', text: token.text }];
      case 'link':
        return link(token as Tokens.Link, callable);
      case 'text':
        return token.tokens === undefined ? lines(token.text, callable) : inlines(token.tokens, callable);
      default:
        return lines(token.raw, callable);
    }
  });
}

function lines(text: string, callable: Callable): Inline[] {
  return text
    .split('\n')
    .flatMap((line, i) => [...(i === 0 ? [] : [{ kind: 'break' } as const]), ...called(line, callable)]);
}

const LINK_CHARS = 2048;

function link(token: Tokens.Link, callable: Callable): Inline[] {
  const href = safeHref(token.href);
  if (href === undefined) return lines(token.raw, callable);
  const shown = token.text.trim();
  // Words that look like an address must be the one that is opened.
  const claims = /^[a-z][a-z0-9+.-]*:|^www\.|^[^\s/]+\.[a-z]{2,}(?:[/:?#]|$)/i.test(shown);
  const honest = !claims || sameHost(shown, href);
  const inside = honest ? inlines(token.tokens, new Map()) : [{ kind: 'text', text: href } as const];
  return [{ kind: 'link', href, inside: inside.length === 0 ? [{ kind: 'text', text: href }] : inside }];
}

function safeHref(href: string): string | undefined {
  if (href.length > LINK_CHARS || !URL.canParse(href)) return undefined;
  const url = new URL(href);
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined;
}

function sameHost(shown: string, href: string): boolean {
  const url = new URL(href);
  if (url.protocol === 'mailto:')
    return href.slice('mailto:'.length).split('?')[0] === shown.replace(/^mailto:/i, '');
  const claimed = /^[a-z][a-z0-9+.-]*:/i.test(shown) ? shown : `http://${shown}`;
  return (
    URL.canParse(claimed) && new URL(claimed).host.replace(/^www\./, '') === url.host.replace(/^www\./, '')
  );
}

/** Splits what calls a member by name out of a text. */
function called(text: string, callable: Callable): Inline[] {
  if (text === '') return [];
  if (callable.size === 0 || !text.includes('@')) return [{ kind: 'text', text }];
  const found: Inline[] = [];
  let rest = text;
  let before = '';
  for (let at = rest.indexOf('@'); at !== -1; at = rest.indexOf('@')) {
    const label = /[\p{L}\p{N}]$/u.test(before + rest.slice(0, at))
      ? undefined
      : labelAt(rest, at + 1, callable);
    const length = label === undefined ? 0 : label.length;
    if (label !== undefined) {
      if (before + rest.slice(0, at) !== '') found.push({ kind: 'text', text: before + rest.slice(0, at) });
      found.push({ kind: 'mention', text: `@${label}`, self: callable.get(label)?.self === true });
      before = '';
    } else before += rest.slice(0, at + 1);
    rest = rest.slice(at + 1 + length);
  }
  if (before + rest !== '') found.push({ kind: 'text', text: before + rest });
  return found;
}

/** The longest label at this offset that is followed by no letter or digit. */
export function labelAt(
  text: string,
  at: number,
  callable: ReadonlyMap<string, unknown>,
): string | undefined {
  let longest: string | undefined;
  for (const label of callable.keys()) {
    if (!text.startsWith(label, at) || label.length <= (longest?.length ?? 0)) continue;
    if (!/^[\p{L}\p{N}_]/u.test(text.slice(at + label.length))) longest = label;
  }
  return longest;
}
