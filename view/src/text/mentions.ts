import { sanitizeText } from './sanitize.ts';
import { charAt, charBefore, isBoundary } from './scripts.ts';

/** Those who are mentioned by one name after an `@`. */
export interface Mentioned {
  /** Identity keys. */
  readonly identities: readonly string[];
  /** Whether this profile is one of them. */
  readonly self: boolean;
}

/** The members who can be mentioned, by each name that mentions them. */
export type Callable = ReadonlyMap<string, Mentioned>;

interface Named {
  readonly name: string;
  readonly identity: string;
  readonly self: boolean;
}

/**
 * The names that mention members. Members of the same name have labels such as `ana#x1y2`: the label mentions one of them, and the
 * name alone mentions all.
 */
export function callableOf(members: Iterable<Named>): Callable {
  const callable = new Map<string, Mentioned>();
  for (const { name, identity, self } of members)
    for (const each of new Set([clean(name), clean(baseName(name))])) {
      const known = callable.get(each);
      callable.set(each, {
        identities: [...(known?.identities ?? []), identity],
        self: self || known?.self === true,
      });
    }
  callable.delete('');
  return callable;
}

/** A label without the suffix that members of the same name have. */
export function baseName(label: string): string {
  return /^(.+)#[\w-]{4}$/su.exec(label)?.[1] ?? label;
}

function clean(name: string): string {
  return sanitizeText(name).normalize('NFC');
}

/**
 * The longest name after the `@` at this offset, as the key of `callable`, and the offset where it ends in the text.
 * @returns undefined when nobody is mentioned here.
 */
export function mentionAt(
  text: string,
  at: number,
  callable: Callable,
): { readonly name: string; readonly end: number } | undefined {
  if (callable.size === 0 || !isBoundary(charBefore(text, at), 'a')) return undefined;
  let longest: { readonly name: string; readonly end: number } | undefined;
  for (const name of callable.keys()) {
    const end = endOf(text, at + 1, name);
    if (end === undefined || end <= (longest?.end ?? 0)) continue;
    if (isBoundary(charBefore(text, end), charAt(text, end))) longest = { name, end };
  }
  return longest;
}

/** The offset after a name at an offset; accents may be separate characters there. */
function endOf(text: string, at: number, name: string): number | undefined {
  if (text.startsWith(name, at)) return at + name.length;
  const decomposed = name.normalize('NFD');
  return decomposed !== name && text.startsWith(decomposed, at) ? at + decomposed.length : undefined;
}
