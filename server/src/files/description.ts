import { type FileDescription, OtherVersion } from './file-store.ts';

export function encodeDescription({ bytes, began, until, discard }: FileDescription): Uint8Array {
  return Buffer.from(`${JSON.stringify({ v: 1, bytes, began, until, discard })}\n`);
}

/**
 * @returns undefined when it is damaged. That is as good as none: it was never durable, so no chunk of the file was acknowledged
 * @throws OtherVersion
 */
export function decodeDescription(text: string): FileDescription | undefined {
  const { v, bytes, began, until, discard } = membersOf(text);
  if (typeof v === 'number' && v !== 1)
    throw new OtherVersion(`another version of gochat wrote file description version ${v}`);
  if (v !== 1 || ![bytes, began, until].every(Number.isSafeInteger)) return undefined;
  return {
    bytes: bytes as number,
    began: began as number,
    until: until as number,
    ...(typeof discard === 'string' && { discard }),
  };
}

function membersOf(text: string): Partial<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
