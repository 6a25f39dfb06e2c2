/**
 * Whether a key belongs to an input method, which composes characters of several keys: its Enter confirms a candidate, and does nothing
 * else. Safari ends the composition before it reports that Enter, and marks the key only by its code 229.
 */
export function isComposingKey(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
