import { readMessageLink } from '@gochat/client/message-link';
import { parseUrl } from '@gochat/client/parse-url';
import type { Inline } from '@gochat/view/rich';
import { sanitizeText } from '@gochat/view/sanitize';
import { type Span, type Style, span } from './frame.ts';

/** The spans of a line of text; each line feed is a separate span. */
export function* inlineSpans(inside: readonly Inline[], style: Style): Generator<Span> {
  for (const one of inside) {
    switch (one.kind) {
      case 'text':
      case 'emoji':
        yield* textSpans(one.text, style);
        break;
      case 'strong':
        yield* inlineSpans(one.inside, { ...style, bold: true });
        break;
      case 'emphasis':
        yield* inlineSpans(one.inside, { ...style, italic: true });
        break;
      case 'strike':
        yield* inlineSpans(one.inside, { ...style, strike: true });
        break;
      case 'code':
        yield* textSpans(one.text, { ...style, fg: 'code' });
        break;
      case 'link':
        yield* linkSpans(one, style);
        break;
      case 'mention':
        yield* textSpans(one.text, { ...style, fg: one.self ? 'warn' : 'accent', bold: true });
        break;
      case 'break':
        yield span('\n');
        break;
      default:
        one satisfies never;
    }
  }
}

/** The sanitised text, with blanks for tabs; each line feed is a separate span. */
export function* textSpans(text: string, style: Style): Generator<Span> {
  yield* lineSpans(text.replaceAll('\t', ' '.repeat(TAB_CELLS)), style);
}

/** The sanitised text with its tabs; each line feed is a separate span. */
export function* lineSpans(text: string, style: Style): Generator<Span> {
  let at = 0;
  // Where Thai may break a line: a terminal may draw it as a blank.
  const clean = sanitizeText(text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text).replaceAll(
    '\u200b',
    '',
  );
  while (at < clean.length) {
    const end = clean.indexOf('\n', at);
    if (end !== at) yield span(clean.slice(at, end === -1 ? undefined : end), style);
    if (end === -1) return;
    yield span('\n');
    at = end + 1;
  }
}

export const TAB_CELLS = 4;
/** More than a message can have. */
const TEXT_CHARS = 100_000;

/** The text of a link, and its address unless the text is the address, or the link leads to a message. */
function* linkSpans(link: Extract<Inline, { kind: 'link' }>, style: Style): Generator<Span> {
  const href = sanitizeText(link.href).replace(/\s+/g, '');
  const linked: Style = { ...style, fg: 'link', underline: true, link: href };
  const words = [...inlineSpans(link.inside, linked)];
  yield* words;
  // It leads nowhere else than it says: it is opened here.
  if (readMessageLink(link.href) !== undefined) return;
  const said = words.map(({ text }) => text).join('');
  if (bare(said) !== bare(href) && !isSame(said, href))
    yield span(` <${href}>`, { ...style, fg: 'dim', link: href });
}

function bare(href: string): string {
  return href.replace(/^(?:https?:\/\/|mailto:)/, '').replace(/\/$/, '');
}

/** Whether what is shown is the address, as with a host that isn't in ASCII. */
function isSame(said: string, href: string): boolean {
  return [said, `http://${said}`, `mailto:${said}`].some((address) => parseUrl(address)?.href === href);
}
