import type { FileDescription } from './file-store.ts';

export function encodeDescription({ bytes, began, until, discard }: FileDescription): Uint8Array {
  return Buffer.from(`${JSON.stringify({ v: 1, bytes, began, until, discard })}\n`);
}

/** @throws Error when it is damaged, or another version wrote it */
export function decodeDescription(text: string): FileDescription {
  const { v, bytes, began, until, discard } = JSON.parse(text) as Partial<Record<string, unknown>>;
  if (v !== 1) throw new Error(`another version of gochat wrote file description version ${String(v)}`);
  if (![bytes, began, until].every(Number.isSafeInteger)) throw new Error('a file description is damaged');
  return {
    bytes: bytes as number,
    began: began as number,
    until: until as number,
    ...(typeof discard === 'string' && { discard }),
  };
}
