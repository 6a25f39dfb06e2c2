import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** docs/protocol.md, “Names”. */

const vectors = JSON.parse(
  readFileSync(new URL('../../../docs/vectors/names.json', import.meta.url), 'utf8'),
) as { readonly kinds: string };
const KINDS = vectors.kinds.replace(/([A-Z])([0-9a-z]*)/g, (_, kind: string, run: string) =>
  kind.repeat(run === '' ? 1 : Number.parseInt(run, 36)),
);
const HASH = '9e95e0cd1e1f81f34633e20ddbc1228cf5e3acca0eb995c1fdb3a3793c60b7cb';
if (createHash('sha256').update(KINDS).digest('hex') !== HASH) throw new Error('not the table of the page');

const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu;
const MONGOLIAN = /^[\u1820-\u1878\u1880-\u18aa]$/;
const NOT_MARKS = /[ATHEDRL]/;

/** @returns the kinds of a text's code points; undefined if one of kind `X` is where none may be */
function kindsOf(name: string): string | undefined {
  const chars = [...name.replace(FLAG, '\u{1f3f4}')];
  const kinds = chars.map((char) => KINDS[char.codePointAt(0) ?? 0]).join('');
  return chars.every((_, at) => kinds[at] !== 'X' || isAllowed(chars, kinds, at)) ? kinds : undefined;
}

/** The second table. */
function isAllowed(chars: readonly string[], kinds: string, at: number): boolean {
  const [before, char, after] = [chars[at - 1] ?? '', chars[at] ?? '', chars[at + 1] ?? ''];
  const [kindBefore, kindAfter] = [kinds[at - 1] ?? '', kinds[at + 1] ?? ''];
  const followsVirama = kindBefore === 'V' || kindBefore === 'W';
  if (char === '\u200c')
    return (
      followsVirama || (/[DL][MVT]*$/.test(kinds.slice(0, at)) && /^[MVT]*[DR]/.test(kinds.slice(at + 1)))
    );
  if (char === '\u200d') {
    const isStyle = /^[\ufe0f\u{1f3fb}-\u{1f3ff}]$/u.test(before);
    const followsEmoji = kindBefore === 'E' || (isStyle && kinds[at - 2] === 'E');
    return followsVirama || (kindAfter === 'E' && followsEmoji);
  }
  if (char === '\ufe0f' && /^[#*0-9]$/.test(before) && after === '\u20e3') return true;
  if (char === '\ufe0e' || char === '\ufe0f') return kindBefore === 'E';
  if (/^[\u{e0100}-\u{e01ef}]$/u.test(char)) return kindBefore === 'H';
  if (/^[\u180b-\u180d\u180f]$/.test(char)) return MONGOLIAN.test(before);
  return char === '\u180e' && MONGOLIAN.test(before) && MONGOLIAN.test(after);
}

/** @returns the kinds, if the rules hold that names and topics share */
function checked(text: string): string | undefined {
  const kinds = kindsOf(text);
  if (kinds === undefined || /^S|S$|SS/.test(kinds) || /(?:[MCVW]X*){7}/.test(kinds)) return undefined;
  return kinds;
}

/** Whether this may be the name of a person or a room. */
export function isName(name: string): boolean {
  const bytes = new TextEncoder().encode(name).length;
  return bytes >= 1 && bytes <= 128 && NOT_MARKS.test(checked(name) ?? '');
}

export function isTopic(topic: string): boolean {
  return topic.length >= 1 && topic.length <= 512 && checked(topic) !== undefined;
}
