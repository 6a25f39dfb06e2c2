import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { type RoomId, roomId } from '@gochat/protocol/fields';
import { parseUrl } from '@gochat/protocol/parse-url';
import * as v from 'valibot';
import { LinkError } from './link-error.ts';
import { equalBytes } from './primitives.ts';

/** What a link is for, and how it is spelled: joining a room, linking a device, recovering a profile. */
const PURPOSES = ['join', 'link', 'recover'] as const;
export type LinkPurpose = (typeof PURPOSES)[number];

/** An invite link. Everything except the address is in the URL fragment, which browsers don't send to servers. */
export interface InviteLink {
  /** `http://host:port` or `https://host:port`, without a path. */
  readonly address: string;
  readonly room: RoomId;
  /** The invite secret, 16 bytes. */
  readonly secret: Uint8Array;
  /** A 16-byte hash of the founder's identity key. */
  readonly founder: Uint8Array;
  /** A 16-byte hash of the identity key of the member who made the link; left out if that is the founder. */
  readonly inviter?: Uint8Array;
}

export function formatLink(
  { address, room, secret, founder, inviter = founder }: InviteLink,
  purpose: LinkPurpose = 'join',
): string {
  const parts = [secret, founder, ...(equalBytes(inviter, founder) ? [] : [inviter])];
  return `${address}/#/${purpose}/${[room, ...parts.map(encodeBytes)].join('.')}`;
}

/** The longest text that is searched. */
const TEXT_CHARS = 1 << 16;
const HEAD_CHARS = 1024;
const TAIL_CHARS = 512;

/** Soft hyphens, zero-width characters and bidi controls, which programs insert into long words. */
const INVISIBLE = /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', num: '#', sol: '/', colon: ':', period: '.' };

/**
 * What precedes the values. Beside `#`: `*` is what some mail filters make of it, `##35;` what is left of an entity after a
 * careless replacement.
 */
const MARK = /(?:##35;|[#*])\/{0,2}(join|link|recover|message)\//gi;

/** What may be within an invite, from the strictest: nothing, the line breaks and quote marks of mail, those without line breaks. */
const GAPS = ['', '(?:[ \\t]*[\\r\\n]+[\\s>|]*)?', '[\\s>=]*'] as const;
/** What an em dash and an en dash replace. Programs put them for two hyphens or one. */
const DASHES = [
  ['--', '--'],
  ['--', '-'],
  ['-', '-'],
] as const;

/**
 * Finds the invite link in a text. Mail and chat programs surround links with other text, wrap, encode and decorate them.
 * The first link that is whole is taken. If its inviter can't be read, the link is taken without: then only the founder is known.
 * @param purpose a link for another one is refused, by its own error
 * @throws LinkError
 */
export function parseLink(text: string, purpose: LinkPurpose = 'join'): InviteLink {
  const clean = undecorated(text.slice(0, TEXT_CHARS));
  let error: LinkError['code'] = /https?:/i.test(clean) ? 'fragment' : 'form';
  let first: InviteLink | undefined;
  for (const gap of GAPS) {
    for (const dashes of DASHES) {
      const plain = clean.replace(/\u2014/g, dashes[0]).replace(/\u2013/g, dashes[1]);
      for (const mark of plain.matchAll(MARK)) {
        if (mark[1]?.toLowerCase() === 'message') {
          error = 'for-message';
          continue;
        }
        const found = linkAt(plain, mark.index, mark.index + mark[0].length, gap);
        if (typeof found === 'string') error = found;
        else if (mark[1]?.toLowerCase() !== purpose) error = OTHER[purposeOf(mark[1])];
        else if (first === undefined || equalBytes(first.secret, found.link.secret)) {
          if (!found.goesOn) return found.link;
          first ??= found.link;
        }
      }
    }
  }
  if (first !== undefined) return first;
  throw new LinkError(error);
}

const OTHER = { join: 'for-joining', link: 'for-device', recover: 'for-recovery' } as const;

function purposeOf(word = ''): LinkPurpose {
  return PURPOSES.find((purpose) => purpose === word.toLowerCase()) ?? 'join';
}

/** Whether a text is meant as an invite link, whole or damaged. */
export function resemblesLink(text: string): boolean {
  const clean = undecorated(text.slice(0, TEXT_CHARS));
  return /https?:\/\//i.test(clean) || clean.search(MARK) !== -1;
}

/** Undoes encodings, and removes what is never part of a link. */
function undecorated(text: string): string {
  // Soft line breaks of quoted-printable mail.
  let clean = text.replace(/=\r?\n/g, '');
  // A link can be encoded within another link.
  for (let pass = 0; pass < 3; pass++)
    clean = clean
      .replace(/&(amp|num|sol|colon|period);/g, (_, name: string) => ENTITIES[name] ?? '')
      .replace(/&#(?:x([\da-f]{2})|(\d{2,3}));/gi, (_, hex: string | undefined, decimal: string) =>
        String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
      )
      .replace(/(?:%|\\u00)([2-7][\da-f]|0[ad])/gi, (_, hex: string) => ascii(hex))
      .replace(/%(?:[cd]|e[\da-f]%[89ab]|f[\da-f]%[89ab][\da-f]%[89ab])[\da-f]%[89ab][\da-f]/gi, decoded);
  return (
    clean
      .replace(INVISIBLE, '')
      // Full-width forms of ASCII.
      .replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0))
      .replace(/[\u2010\u2011\u2212]/g, '-')
      .replace(/=(2[3DEF]|3A|5F)/g, (_, hex: string) => ascii(hex))
      .replace(/\\([^a-z0-9\s])/gi, '$1')
      .replace(/\[([.:])\]/g, '$1')
  );
}

function ascii(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

/** Browsers encode every other character of an address. */
function decoded(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

interface Found {
  readonly link: InviteLink;
  /** Whether something follows that may be a damaged inviter. */
  readonly goesOn: boolean;
}

/** @param mark where the `#` is, `after` where the values begin. */
function linkAt(text: string, mark: number, after: number, gap: string): Found | LinkError['code'] {
  const head = text.slice(Math.max(0, mark - HEAD_CHARS), mark);
  const tail = text.slice(after, after + TAIL_CHARS);
  if (tail.startsWith('#')) return 'exposed';
  const address = addressBefore(gap === '' ? head : head.replace(/\s+$/, ''));
  if (!address.includes('/')) return address as LinkError['code'];
  const value = `((?:[\\w-]${gap}){22})`;
  const end = '(?=[-_]*(?:[^\\w-]|$)|https?:)';
  const values = `${gap}${value}\\.${gap}${value}\\.${gap}${value}`;
  const match = new RegExp(`^${values}(?:\\.${gap}${value}${end}|${end})`, 'i').exec(tail);
  const parts = (match ?? []).slice(1).map((part = '') => part.replace(/[^\w-]/g, ''));
  const [room, secret, founder, inviter] = [parts[0], ...parts.slice(1).map(bytesOf)] as const;
  if (match === null || room === undefined || secret === undefined || founder === undefined) return 'damaged';
  const id = v.safeParse(roomId, room);
  if (!id.success) return 'damaged';
  const link = { address, room: id.output, secret, founder };
  if (inviter === undefined) return { link, goesOn: true };
  if (inviter.length === 0) return { link, goesOn: INVITER.test(tail.slice(match[0].length)) };
  return { link: equalBytes(inviter, founder) ? link : { ...link, inviter }, goesOn: false };
}

/** What may be the beginning of an inviter. */
const INVITER = /^(?:[ \t]*[\r\n]+[\s>|]*)?\.(?:[ \t]*[\r\n]+[\s>|]*)?[\w-]/;

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBytes(text);
  } catch {
    return undefined;
  }
}

/** @returns the address that ends the text as `scheme://host:port`, or why there is none. */
function addressBefore(head: string): string {
  const start = Math.max(0, ...[...head.matchAll(/h(?:tt|xx)ps?:/gi)].map(({ index }) => index));
  const own = head.slice(start);
  const whole = /^h(?:tt|xx)p(s?):\/*([^\s/?#@"'<>()|\\^`]*@)?([^\s/?#@"'<>()|\\^`]+)(?:[/?][^\s#]*)?$/i.exec(
    own,
  );
  if (whole?.[2] !== undefined) return 'user';
  if (whole !== null) return origin(whole[1] === '' ? 'http' : 'https', whole[3] ?? '');
  if (/^h(?:tt|xx)ps?:/i.test(own)) return 'damaged';
  if (/[a-z][\w+.-]*:\/\/[^\s/]*\/?$/i.test(head)) return 'scheme';
  // Without a scheme the host must be unmistakable.
  const bare =
    /(?:^|[\s\u0080-\u00bf\u2000-\u206f\u3000-\u303f"'`<>(){}*_~|,;:!=])((?:(?:[\w-]+\.)+[\w-]+|localhost|\[[\da-f:.]+\])(?::\d+)?)\/?$/i.exec(
      head,
    );
  if (bare?.[1] === undefined) return /@[^\s@]*$/.test(head) ? 'user' : 'damaged';
  const isLoopback = /^(?:localhost|127\.[\d.]+|\[::1\])(?::|$)/i.test(bare[1]);
  return origin(isLoopback ? 'http' : 'https', bare[1]);
}

function origin(scheme: string, host: string): string {
  const url = `${scheme}://${host}`;
  return parseUrl(url)?.origin ?? 'damaged';
}
