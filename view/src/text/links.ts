import { parseUrl } from '@gochat/client/parse-url';
import { charAt, charBefore, isUnspaced } from './scripts.ts';

/** A link in a text without markup. */
export interface BareLink {
  readonly href: string;
  /** The text to show: as written, or the address in ASCII where the host could be mistaken for another. */
  readonly shown: string;
  /** The offset where it ends. */
  readonly end: number;
}

const LINK_CHARS = 2048;
const SCHEME = /https?:\/\/|www\./iy;
/** What ends an address wherever it comes: blanks, quotes of any language, brackets and stops of Chinese and Japanese. */
const ENDS =
  /[\s\p{Cc}<>"`“”„‟‘’‚‛«»‹›—\u3000-\u3004\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]/u;
/** What doesn't belong to an address as its last character. */
const TRAILING = /^[?!.,:;*_~'|…]$|^(?!\p{ASCII})\p{P}$/u;
const PLAIN = /^[a-zA-Z0-9/:.?&=%_-]$/;
const CLOSING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const LOCAL = /[a-z0-9][a-z0-9.!#$%&'*+/=?^_{|}~-]*/iy;
const MAIL_HOST =
  /@[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+/uy;

/** A link at an offset, or where to look for the next. */
export type Found =
  | (BareLink & { readonly next: number })
  | { readonly end: undefined; readonly next: number };

/** The address at this offset, such as `https://example.org/` or `www.example.org`. */
export function linkAt(text: string, at: number): Found {
  SCHEME.lastIndex = at;
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme === undefined || isLetter(charBefore(text, at))) return { end: undefined, next: at + 1 };
  const all = untilEnd(text, at, at + scheme.length);
  const next = at + all.length;
  const raw = trimmed(all);
  const isWeb = scheme.includes(':');
  if (raw.length <= scheme.length || (!isWeb && !/^www\.[^/?#]+\.[^/?#]/i.test(raw)))
    return { end: undefined, next };
  const href = safeHref(isWeb ? raw : `http://${raw}`);
  if (href === undefined) return { end: undefined, next };
  return { href, shown: shownAs(raw, href), end: at + raw.length, next };
}

function isLetter(char: string): boolean {
  return /^[\p{L}\p{N}]$/u.test(char) && !isUnspaced(char);
}

/** The address without what follows it in a sentence, such as a full stop. */
function untilEnd(text: string, from: number, after: number): string {
  const open = new Map<string, number>();
  let end = after;
  let isAscii = true;
  for (let char = charAt(text, end); char !== ''; char = charAt(text, end)) {
    if (PLAIN.test(char)) {
      end += 1;
      continue;
    }
    if (ENDS.test(char)) break;
    const opener = CLOSING[char];
    if (opener === undefined) open.set(char, (open.get(char) ?? 0) + 1);
    else {
      const count = open.get(opener) ?? 0;
      if (count === 0) break;
      open.set(opener, count - 1);
    }
    // Chinese and Japanese go on after an address without a space: "https://example.org/aを".
    if (isAscii && isUnspaced(char) && /[a-z0-9]/i.test(text.charAt(end - 1))) break;
    if (char > '\u007f') isAscii = false;
    end += char.length;
  }
  return text.slice(from, end);
}

function trimmed(address: string): string {
  let end = address.length;
  for (;;) {
    const last = charBefore(address, end);
    const entity =
      last === ';' ? /&[a-z0-9]{2,31};$/i.exec(address.slice(Math.max(0, end - 34), end))?.[0] : undefined;
    if (entity !== undefined) end -= entity.length;
    else if (last !== '' && TRAILING.test(last)) end -= last.length;
    else return address.slice(0, end);
  }
}

/** The mail address at this offset. */
export function mailAt(text: string, at: number): Found {
  LOCAL.lastIndex = at;
  const local = LOCAL.exec(text)?.[0] ?? '';
  const next = at + Math.max(1, local.length);
  MAIL_HOST.lastIndex = at + local.length;
  const host = MAIL_HOST.exec(text)?.[0];
  const end = at + local.length + (host?.length ?? 0);
  if (local === '' || local.length > 64 || host === undefined || /^[-_]/.test(text.slice(end, end + 1)))
    return { end: undefined, next };
  const shown = text.slice(at, end);
  const href = safeHref(`mailto:${shown}`);
  if (href === undefined) return { end: undefined, next };
  return { href, shown: isClearHost(host.slice(1)) ? shown : href, end, next: end };
}

/** @returns the address in its normal form, undefined when it must not be opened: only http, https and mailto without a password may. */
export function safeHref(href: string): string | undefined {
  const url = href.length > LINK_CHARS ? undefined : parseUrl(href);
  if (url === undefined) return undefined;
  if (url.protocol === 'mailto:') return url.href;
  if (!['http:', 'https:'].includes(url.protocol)) return undefined;
  // What comes before the @ looks like the host.
  return url.username === '' && url.password === '' ? url.href : undefined;
}

/**
 * Whether a text that is shown for a link names another address than the one that is opened, or one that looks like another. The text is
 * judged as it is drawn: without what is invisible, with look-alike dots and slashes as these, and word by word.
 */
export function isMisleading(shown: string, href: string): boolean {
  const words = asDrawn(shown).split(/\s+/u).map(bare);
  const isOne = words.length === 1;
  return words.some((word) => (isOne ? CLAIMS : WORD_CLAIMS).test(word) && isOtherAddress(word, href));
}

function asDrawn(shown: string): string {
  return shown
    .replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800]/gu, '')
    .replace(/[\u2024\u3002\ufe52\uff0e\uff61]/g, '.')
    .replace(/[\u2044\u2215\u29f8\uff0f]/g, '/')
    .replace(/[\u02d0\ua789\u2236\ufe55\uff1a]/g, ':');
}

/** A word without the punctuation around it. */
function bare(word: string): string {
  const from = Math.max(0, word.search(/[\p{L}\p{N}]/u));
  let end = word.length;
  while (end > from && !/[\p{L}\p{N}/]/u.test(charBefore(word, end))) end -= charBefore(word, end).length;
  return word.slice(from, end);
}

function isOtherAddress(shown: string, href: string): boolean {
  const url = new URL(href);
  if (url.protocol === 'mailto:')
    return href.split('?')[0] !== safeHref(`mailto:${shown.replace(/^mailto:/i, '')}`);
  const claimed = /^[a-z][a-z0-9+.-]*:/i.test(shown) ? shown : `http://${shown}`;
  const said = parseUrl(claimed);
  if (said === undefined) return true;
  const { host, username, password } = said;
  if (username !== '' || password !== '') return true;
  return withoutWww(host) !== withoutWww(url.host) || !isClearHost(hostIn(claimed));
}

const CLAIMS = /:\/\/|^[a-z][a-z0-9+.-]*:\S|^www\.|^[^\s/]+\.\p{L}{2,}(?:[/:?#]|$)/iu;

/** A word of a sentence that names an address. */
const WORD_CLAIMS = /:\/\/|^www\.|^[^\s/]+\.\p{L}{2,}(?:[/:?#]|$)/iu;

function withoutWww(host: string): string {
  return host.replace(/^www\./, '');
}

function shownAs(raw: string, href: string): string {
  return isClearHost(hostIn(raw)) ? raw : href;
}

/** The host as it is written. */
function hostIn(address: string): string {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#\\]*)/i.exec(address)?.[1] ?? '';
}

/** The scripts that a label of a host may mix with each other. */
const SCRIPTS = [
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\u30fc\u3005\u3007A-Za-z0-9-]*$/u,
  /^[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u017e\u1e00-\u1eff0-9-]*$/u,
  ...[
    'Cyrillic',
    'Greek',
    'Armenian',
    'Georgian',
    'Arabic',
    'Hebrew',
    'Devanagari',
    'Bengali',
    'Tamil',
    'Telugu',
    'Thai',
  ].map((script) => new RegExp(`^[\\p{Script=${script}}\\p{M}0-9-]*$`, 'u')),
];
/** Letters of Cyrillic, Greek and Armenian that look like Latin ones. */
const LOOKALIKES = /^[асԁеһіјӏкорԛѕтԝхуъьгпѵѡёїαεικνορτυχωγηօսոհցզյ0-9-]+$/iu;
const ASCII = /^\p{ASCII}*$/u;

/** Whether a host can't be mistaken for another: each label is of one script, and not made only of letters that look Latin. */
function isClearHost(host: string): boolean {
  if (ASCII.test(host)) return true;
  const labels = host.replace(/:\d*$/, '').split('.');
  const isLatinEnding = ASCII.test(labels.at(-1) ?? '');
  return labels.every(
    (label) =>
      ASCII.test(label) ||
      (SCRIPTS.some((script) => script.test(label)) && !(isLatinEnding && LOOKALIKES.test(label))),
  );
}
