import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Refusal } from './refusal.ts';

/** @returns a refusal if the text is a `hello` of another protocol version, even one whose other members are unknown */
export function otherVersion(text: string): Refusal | undefined {
  if (!text.includes('"hello"')) return undefined;
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== 'object' || frame === null || !('version' in frame)) return undefined;
    const { version } = frame;
    return Number.isSafeInteger(version) && version !== PROTOCOL_VERSION
      ? versionRefusal(Number(version))
      : undefined;
  } catch {
    return undefined;
  }
}

/** @param theirs the client's version */
export function versionRefusal(theirs: number): Refusal {
  const older = theirs < PROTOCOL_VERSION ? 'client' : 'server';
  return new Refusal(
    'version',
    `the server speaks protocol version ${PROTOCOL_VERSION}, the client version ${theirs}: upgrade the ${older}`,
  );
}
