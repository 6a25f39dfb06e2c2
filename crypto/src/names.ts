import { NameError } from './name-error.ts';
import { NAMES_TABLE } from './names-table.ts';
import { utf8 } from './utf8.ts';

const NAME_BYTES = 128;
const TOPIC_LENGTH = 512;
/**
 * The longest run of marks in a name or topic. The longest in a real name is 5 (Burmese: two medials, two vowels and a tone), or 5 with
 * Hebrew points and an accent. The limit is one above, because a name that was refused by mistake can't be allowed later in the
 * same version of the policy. Longer runs would cover the lines around.
 */
const MARKS_IN_A_ROW = 6;

/**
 * Trims a person's or room's name, and makes each run of white space one space. All else stays as typed: Unicode normalisation depends on
 * the engine, and members must judge a name alike.
 * @throws NameError if the result is empty, is longer than 128 bytes in UTF-8, shows nothing, or contains a character that names must not
 * contain. Joiners and other invisible characters are allowed where they change what is drawn: in Persian, Sinhala and emoji.
 */
export function cleanName(text: string): string {
  const name = cleanSpaces(text);
  const problem = problemOfName(name);
  if (problem !== undefined) throw new NameError(problem, 'name', NAME_BYTES);
  return name;
}

/**
 * The same for a room's topic.
 * @returns undefined if nothing is left. @throws NameError if it is longer than 512 UTF-16 code units, or contains a character that names
 * must not contain.
 */
export function cleanTopic(text: string): string | undefined {
  const topic = cleanSpaces(text);
  const problem = problemOfTopic(topic);
  if (problem !== undefined) throw new NameError(problem, 'topic', TOPIC_LENGTH);
  return topic === '' ? undefined : topic;
}

/** Whether a name is valid and {@link cleanName} would not change it. Policy refuses all others. */
export function isCleanName(name: string): boolean {
  return cleanSpaces(name) === name && problemOfName(name) === undefined;
}

/** Whether a topic is absent, or valid and {@link cleanTopic} would not change it. */
export function isCleanTopic(topic: string | undefined): boolean {
  return (
    topic === undefined ||
    (topic !== '' && cleanSpaces(topic) === topic && problemOfTopic(topic) === undefined)
  );
}

function problemOfName(name: string): NameError['code'] | undefined {
  if (name === '') return 'empty';
  if (utf8(name).length > NAME_BYTES) return 'too-long';
  const kinds = validKinds(name);
  if (kinds === undefined) return 'control';
  return /[^XMCVWS]/.test(kinds) ? undefined : 'empty';
}

function problemOfTopic(topic: string): NameError['code'] | undefined {
  if (topic.length > TOPIC_LENGTH) return 'too-long';
  return validKinds(topic) === undefined ? 'control' : undefined;
}

/** Listed, because `\s` depends on the engine's version of Unicode. */
const SPACES = /[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/** Makes each run of white space one space, and trims. */
export function cleanSpaces(text: string): string {
  return text.replace(SPACES, ' ').replace(/^ | $/g, '');
}

/** The flag of England, Scotland or another region: its tags are valid nowhere else. */
const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu;
const FLAG_OR_CHAR = new RegExp(`${FLAG.source}|[^]`, 'gu');
const BLACK_FLAG = '\u{1f3f4}';

const LONG_RUN = new RegExp(`(?:[MCVW]X*){${MARKS_IN_A_ROW + 1}}`);

/** @returns the kinds of a text's code points without the tags of flags, or undefined if a character is barred where it is. */
function validKinds(text: string): string | undefined {
  const points = [...text.replace(FLAG, BLACK_FLAG)].map((char) => char.codePointAt(0) as number);
  const kinds = points.map(kindOf).join('');
  const isValid = points.every((_, at) => kinds[at] !== 'X' || isInPlace(points, kinds, at));
  return isValid && !LONG_RUN.test(kinds) ? kinds : undefined;
}

/**
 * Leaves out the characters that names must not contain where they are, and the marks of a run that is too long. Flags of regions stay.
 * @returns a text in which no character is barred. Quadratic in a text's length, so that callers limit it.
 */
export function withoutBarred(text: string): string {
  const chars = text.match(FLAG_OR_CHAR) ?? [];
  const points = chars.map((char) => char.codePointAt(0) as number);
  const kinds = points.map(kindOf).join('');
  let marks = 0;
  const left = chars.filter((_, at) => {
    const kind = kinds[at] as string;
    if (kind === 'X') return isInPlace(points, kinds, at);
    marks = isMark(kind) ? marks + 1 : 0;
    return marks <= MARKS_IN_A_ROW;
  });
  // What was allowed after a character that is gone may not be any more.
  return left.length === chars.length ? text : withoutBarred(left.join(''));
}

function isMark(kind: string): boolean {
  return /[MCVW]/.test(kind);
}

/** Whether a barred character is allowed at this index, because it changes there what is drawn. */
function isInPlace(points: readonly number[], kinds: string, at: number): boolean {
  const before = points[at - 1] ?? 0;
  const after = points[at + 1] ?? 0;
  const point = points[at] ?? 0;
  if (point === 0x200c) {
    // RFC 5892, appendix A.1.
    const isBetweenJoining =
      /[DL][MVT]*$/.test(kinds.slice(0, at)) && /^[MVT]*[DR]/.test(kinds.slice(at + 1));
    return isVirama(kinds[at - 1]) || isBetweenJoining;
  }
  // RFC 5892, appendix A.2, and sequences of emoji.
  if (point === 0x200d)
    return isVirama(kinds[at - 1]) || (kinds[at + 1] === 'E' && endsEmoji(points, kinds, at - 1));
  if (point === 0xfe0e || point === 0xfe0f)
    return kinds[at - 1] === 'E' || (point === 0xfe0f && after === 0x20e3 && isKeycap(before));
  if (isIn(point, 0xe0100, 0xe01ef)) return kinds[at - 1] === 'H';
  if (point === 0x180e) return isMongolian(before) && isMongolian(after);
  if (isIn(point, 0x180b, 0x180f)) return isMongolian(before);
  return false;
}

/** Whether an emoji ends at this index, perhaps with a style or a skin tone. */
function endsEmoji(points: readonly number[], kinds: string, at: number): boolean {
  const last = points[at] ?? 0;
  const isStyled = last === 0xfe0f || isIn(last, 0x1f3fb, 0x1f3ff);
  return kinds[isStyled ? at - 1 : at] === 'E';
}

function isVirama(kind: string | undefined): boolean {
  return kind === 'V' || kind === 'W';
}

/** `#`, `*` and the digits. */
function isKeycap(point: number): boolean {
  return point === 0x23 || point === 0x2a || isIn(point, 0x30, 0x39);
}

function isMongolian(point: number): boolean {
  return isIn(point, 0x1820, 0x1878) || isIn(point, 0x1880, 0x18aa);
}

function isIn(point: number, first: number, last: number): boolean {
  return point >= first && point <= last;
}

interface Table {
  /** The first code point of each run. */
  readonly starts: Uint32Array;
  readonly kinds: string;
}

let table: Table | undefined;

function decodeTable(): Table {
  const runs = [...NAMES_TABLE.matchAll(/([A-Z])([0-9a-z]*)/g)];
  const starts = new Uint32Array(runs.length);
  let start = 0;
  for (const [i, [, , length]] of runs.entries()) {
    starts[i] = start;
    start += length ? Number.parseInt(length, 36) : 1;
  }
  return { starts, kinds: runs.map(([, kind]) => kind).join('') };
}

/**
 * @returns `X`: barred; `M`: nonspacing or enclosing mark; `C`: spacing mark; `V`, `W`: the same with combining class 9; `D`, `R`, `L`:
 * letter with this Joining_Type; `T`: transparent letter; `E`: emoji; `H`: unified ideograph; `S`: space; `A`: other.
 */
export function kindOf(point: number): string {
  table ??= decodeTable();
  const { starts, kinds } = table;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= point) low = middle;
    else high = middle - 1;
  }
  return kinds[low] as string;
}
