import { KEY_BYTES } from './store.ts';

/** @throws RangeError when the key has an invalid length. */
export function checkKey(key: Uint8Array): void {
  if (key.length >= 1 && key.length <= KEY_BYTES) return;
  throw new RangeError(`a key has 1 to ${KEY_BYTES} bytes, not ${key.length}`);
}

/** @returns a negative number, zero or a positive one when `a` is before, equal to or after `b` in byte order. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** @returns the first key after all that begin with `prefix`; `undefined` when there is none. */
export function endOfPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte !== 0xff);
  if (last < 0) return undefined;
  const end = prefix.slice(0, last + 1);
  end[last] = (end[last] ?? 0) + 1;
  return end;
}
