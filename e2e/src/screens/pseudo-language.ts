import type { Catalogue } from '@gochat/view/words';

const PLAIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ACCENTED = 'áƀçđéƒǧħíĵķĺɱñóƥɋŕšţúṽŵẋýžÁƁÇĐÉƑǦĦÍĴĶĹṀÑÓƤɊŔŠŢÚṼŴẊÝŽ';
const LOOK_ALIKES = new Map([...PLAIN].map((letter, i) => [letter, [...ACCENTED][i] ?? letter]));

/**
 * A text that reads like `text` and has no ASCII letter. Two letters of five are doubled, so it is about 40% longer, as texts in
 * other languages often are.
 */
export function pseudoText(text: string): string {
  let count = 0;
  return text.replace(/[a-zA-Z]/g, (letter) => {
    const accented = LOOK_ALIKES.get(letter) ?? letter;
    const doubled = count % 5 === 1 || count % 5 === 3;
    count++;
    return doubled ? accented.repeat(2) : accented;
  });
}

/**
 * A catalogue of which every entry is pseudo-language: an ASCII letter on a screen then comes from somewhere else. Its dates, lists
 * and plurals are Russian, which has no ASCII letter either.
 */
export function pseudo<Text>({ text }: Catalogue<Text>): Catalogue<Text> {
  return { language: 'ru', text: (formats) => mapped(text(formats)) as Text };
}

/** `value` with all its strings, and what its functions return, in pseudo-language. */
function mapped(value: unknown): unknown {
  if (typeof value === 'string') return pseudoText(value);
  if (typeof value === 'function') return (...data: unknown[]): unknown => mapped(value(...data));
  if (value instanceof Promise) return value.then(mapped);
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, mapped(inside)]));
}
