/** Whether this is a system on which Cmd gives commands, while Ctrl edits text and Option types characters. */
export function isApple(): boolean {
  return /Macintosh|iPhone|iPad/.test(navigator.userAgent);
}

type Key = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey'>;

/** Whether the key that gives commands is held: Cmd on Apple's systems, else Ctrl. */
export function hasCommandKey(event: Pick<Key, 'ctrlKey' | 'metaKey'>, apple = isApple()): boolean {
  return apple ? event.metaKey : event.ctrlKey;
}

/** Whether a key edits or types text where the focus is in a text field, although a command could be bound to it. */
export function isTextKey({ key, ctrlKey, metaKey, altKey }: Key, apple = isApple()): boolean {
  if (!apple) return false;
  // Ctrl+K cuts to the end of the line, Ctrl+F and Ctrl+B move; Option types `@`, `[`, `|` on keyboards of many countries.
  return !metaKey && (ctrlKey || (altKey && [...key].length === 1));
}

/** The letter of a key, in lower case: on keyboards of other scripts, the Latin letter that is on the same key. */
export function letterOf({ key, code }: Pick<Key, 'key' | 'code'>): string {
  const latin = /^Key([A-Z])$/.exec(code)?.[1];
  const isOther = /^\p{L}$/u.test(key) && !/^\p{Script=Latin}$/u.test(key);
  return (isOther && latin !== undefined ? latin : key).toLowerCase();
}

/** The names of keys as they are printed on the keyboards of this system. */
export function keyNames(text: string, apple = isApple()): string {
  return apple ? text.replaceAll('Ctrl+', 'Cmd+').replaceAll('Alt+', 'Option+') : text;
}
