/** What was typed after `/send`. */
export interface SendArgs {
  /** Ways to read the paths, the likelier one first. */
  readonly paths: readonly (readonly string[])[];
  /** What follows ` -- `. */
  readonly caption: string;
}

/**
 * Reads the argument of `/send`: paths as in a shell (quotes, escaped blanks, file: addresses), then perhaps ` -- ` and a caption.
 * A path with blanks needs no quotes where it is the only one. @returns undefined for a quotation mark without an end
 */
export function readSendArgs(args: string): SendArgs | undefined {
  const words = wordsOf(args);
  if (words === undefined) return undefined;
  const at = words.findIndex(({ raw }) => raw === '--');
  const [given, end] = at === -1 ? [words, args.length] : [words.slice(0, at), words[at]?.from ?? 0];
  const whole = args.slice(0, end).trim();
  const paths = given.map(({ text }) => pathOf(text) ?? text);
  const caption = at === -1 ? '' : args.slice(end + 2).trim();
  return { paths: [paths, ...(given.length > 1 ? [[whole]] : [])], caption };
}

/** More than can be attached at once is no list of paths. */
const MOST_PATHS = 32;
const MOST_CHARS = 16_384;
/** What file managers put before the addresses of files that were copied. */
const CLIPBOARD_HEAD = /^(?:x-special\/[a-z-]+\n)?(?:copy|cut)\n(?=file:)/;

/**
 * Whether a paste looks like paths of files, as terminals insert what is dropped on them: whole paths, quoted or with escaped blanks, or
 * file: addresses, between blanks or on lines. @returns ways to read them, the likelier one first; none for other texts
 */
export function pastedPaths(text: string): readonly (readonly string[])[] {
  const given = text.replace(/\r\n?/g, '\n').replace(CLIPBOARD_HEAD, '').trim();
  if (given === '' || given.length > MOST_CHARS || !BEGINS.test(given)) return [];
  const lines = given
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const words = wordsOf(given)?.map(({ text: word }) => pathOf(word));
  // A path with blanks that is not quoted, alone on its line.
  const unquoted = lines.map(pathOf);
  return [words, unquoted].filter(
    (paths, i, all): paths is string[] =>
      paths !== undefined &&
      paths.length <= MOST_PATHS &&
      paths.every((path) => path !== undefined) &&
      all.findIndex((other) => other?.join('\n') === paths.join('\n')) === i,
  );
}

const BEGINS = /^['"]?(?:~?\/|file:\/)/;

/** @returns the path, if a word is a whole one or a file: address of this machine; relative ones are too easily plain words */
function pathOf(word: string): string | undefined {
  if (/^file:/i.test(word)) return pathOfAddress(word);
  return /^~?\//.test(word) ? word : undefined;
}

function pathOfAddress(address: string): string | undefined {
  const path = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/)[^?#]*)$/i.exec(address)?.[1];
  // An encoded slash or zero byte is part of no name.
  if (path === undefined || /%(?:2f|00)/i.test(path)) return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

interface Word {
  readonly text: string;
  /** As it was written. */
  readonly raw: string;
  readonly from: number;
}

/** The words of a text as a POSIX shell splits it, without expanding anything; undefined for a quotation mark without an end. */
export function wordsOf(text: string): readonly Word[] | undefined {
  const words: Word[] = [];
  const part = /\s+|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)|(['"\\])/gy;
  let word: { text: string; from: number } | undefined;
  const end = (at: number) => {
    if (word !== undefined) words.push({ text: word.text, raw: text.slice(word.from, at), from: word.from });
    word = undefined;
  };
  for (let found = part.exec(text); found !== null; found = part.exec(text)) {
    const [, single, double, escaped, plain, open] = found;
    const piece = single ?? double?.replace(/\\(["\\$`\n])/g, '$1') ?? escaped ?? plain;
    if (open !== undefined) return undefined;
    if (piece === undefined) end(found.index);
    else word = { text: (word?.text ?? '') + piece, from: word?.from ?? found.index };
  }
  end(text.length);
  return words;
}

/** A path as it is written in the message field, so that {@link readSendArgs} reads it again. */
export function written(path: string): string {
  return path.replace(/[\s'"\\]/g, (char) => `\\${char}`);
}

/** The path whose beginning is written last, for completion. @returns where it begins, and the path so far; undefined in quotes */
export function pathBefore(args: string): { readonly from: number; readonly path: string } | undefined {
  const words = wordsOf(args);
  if (words === undefined) return undefined;
  const last = words.at(-1);
  if (last === undefined || last.from + last.raw.length < args.length) return { from: args.length, path: '' };
  return /['"]/.test(last.raw) || words.some(({ raw }) => raw === '--')
    ? undefined
    : { from: last.from, path: last.text };
}
