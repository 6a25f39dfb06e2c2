import { ChatError } from './chat-error.ts';

/** The kinds of the members of an object with options. */
type Kinds<T> = { readonly [Name in keyof T]-?: 'flag' | 'other' };

/**
 * Checks what a program without types may have given: a misspelt option, or `'false'` for `false`, must not do what was not meant.
 * @throws ChatError `usage`: `option-unknown`, `option-flag`
 */
export function checkOptions<T extends object>(given: T, kinds: Kinds<T>): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new ChatError({ reason: 'option-unknown', name: String(given) });
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof T] : undefined;
    if (kind === undefined) throw new ChatError({ reason: 'option-unknown', name });
    if (kind === 'flag') checkFlag(name, value);
  }
  return given;
}

/** @returns the value of a flag that may be absent. @throws ChatError `usage` `option-flag` */
export function checkFlag(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new ChatError({ reason: 'option-flag', name });
}
