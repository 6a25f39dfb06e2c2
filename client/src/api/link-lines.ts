import { type InviteLink, parseLink } from '@gochat/crypto/link';
import { LinkError } from '@gochat/crypto/link-error';
import { encodeBytes } from '@gochat/protocol/encoding';
import { parseAddress } from '../net/address.ts';
import type { ChatError } from './chat-error.ts';
import { toChatError } from './to-chat-error.ts';

/** An invite link in a text, or why there is none where one seems to be. */
export type LinkLine =
  | { readonly line: number; readonly link: string; readonly error?: undefined }
  | { readonly line: number; readonly link?: undefined; readonly error: ChatError };

/** How many lines mail programs make of one link. */
const WRAPPED_LINES = 8;

/**
 * Finds the invite links in a text. Several links of one line are separated by spaces, commas or semicolons. A link may be wrapped
 * over several lines and surrounded by other text. A link that comes again is left out.
 * @returns the links and damaged links in order, by the number of their first line, from 1. Empty if nothing resembles a link.
 */
export function linkLines(text: string): LinkLine[] {
  const lines = text.split('\n');
  const found = lines.map(tryLink);
  const seen = new Set<string>();
  const result: LinkLine[] = [];
  for (let i = 0; i < lines.length; i++) {
    let last = i;
    let here = found[i] ?? 'form';
    // A later line with a whole link does not belong to this one.
    while (isDamaged(here) && last + 1 < lines.length && last - i + 1 < WRAPPED_LINES) {
      if (typeof found[last + 1] !== 'string') break;
      last += 1;
      const wrapped = tryLink(lines.slice(i, last + 1).join('\n'));
      if (typeof wrapped !== 'string') here = wrapped;
    }
    const line = i + 1;
    if (typeof here !== 'string') {
      const around = lines.slice(i, last + 1).join('\n');
      const parts = last === i ? wholeLinks(around) : [];
      i = last;
      for (const { link, whole: one } of parts.length > 1 ? parts : [{ link: around, whole: here }]) {
        const key = `${one.room} ${encodeBytes(one.secret)}`;
        if (!seen.has(key)) result.push({ line, link });
        seen.add(key);
      }
    } else if (isDamaged(here) && here !== 'fragment') {
      result.push({ line, error: toChatError(new LinkError(here)) });
    }
  }
  return result;
}

/** Whether more lines may complete it. A web address may be the beginning of a link. */
function isDamaged(found: InviteLink | LinkError['code']): found is LinkError['code'] {
  return typeof found === 'string' && found !== 'form';
}

/** The parts of a line that are links. One that has a gap is found only in the line as a whole. */
function wholeLinks(line: string): { readonly link: string; readonly whole: InviteLink }[] {
  return line.split(/[\s,;]+/).flatMap((link) => {
    const whole = tryLink(link);
    return typeof whole === 'string' ? [] : [{ link, whole }];
  });
}

function tryLink(text: string): InviteLink | LinkError['code'] {
  try {
    const link = parseLink(text);
    parseAddress(link.address);
    return link;
  } catch (error) {
    return error instanceof LinkError ? error.code : 'damaged';
  }
}
