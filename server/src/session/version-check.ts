import { PROTOCOL_VERSION } from '@gochat/protocol/version';
import { Refusal } from './refusal.ts';

/** A first frame that this version can't read may still say which version it is of. */
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

export function versionRefusal(theirs: number): Refusal {
  const older = theirs < PROTOCOL_VERSION ? 'client' : 'server';
  return new Refusal(
    'version',
    `this server speaks protocol version ${PROTOCOL_VERSION}, the client version ${theirs}: upgrade the ${older}`,
  );
}
