/** 16 bytes as base64url. The last character carries only two bits, so each id has one spelling. */
const ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** Ids are validated where they enter the server, so a malformed one is a bug. @throws TypeError */
export function requireId(id: string): string {
  if (!ID.test(id)) throw new TypeError(`not an id of 16 bytes in base64url: ${JSON.stringify(id)}`);
  return id;
}

export function bytesOfId(id: string): Buffer {
  return Buffer.from(requireId(id), 'base64url');
}

/** Checks the key of a state value. @throws RangeError */
export function requireKey(key: string): string {
  if (key.length === 0 || Buffer.byteLength(key) > 200)
    throw new RangeError('a state key must have 1 to 200 bytes');
  return key;
}
