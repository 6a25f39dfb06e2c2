/** 16 bytes as base64url: the last character carries two bits only, so each id has one spelling. */
const ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** Ids are parsed where they enter the server; a malformed one here is a mistake of the caller. */
export function requireId(id: string): string {
  if (!ID.test(id)) throw new TypeError(`not an id of 16 bytes in base64url: ${JSON.stringify(id)}`);
  return id;
}

export function bytesOfId(id: string): Buffer {
  return Buffer.from(requireId(id), 'base64url');
}

/** Names a value among a room's state: the server's own words, and short. */
export function requireKey(key: string): string {
  if (key.length === 0 || Buffer.byteLength(key) > 200)
    throw new RangeError('a state key has 1 to 200 bytes');
  return key;
}
