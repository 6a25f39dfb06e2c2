import { readFileSync } from 'node:fs';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { InviteId, RoomId } from '@gochat/protocol/fields';
import { expect, test } from 'vitest';
import { inviteKeys, unwrap, wrapFor, wrapPublicKey } from '../src/invite.ts';

const room = encodeBytes(new Uint8Array(16).fill(2)) as RoomId;
const secret = new Uint8Array(16).fill(1);
const key = new Uint8Array(32).fill(3);

/** The test vector of the protocol's document. */
function vector(): Readonly<Record<string, string>> {
  const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const [, block = ''] = /test vector, with bytes in base64url:\n\n```text\n([^`]+)```/.exec(protocol) ?? [];
  return Object.fromEntries(
    block
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  );
}

test("an invite's wrapped key is that of the test vector, which is the documented one", async () => {
  const keys = inviteKeys(secret);
  const publicKey = await wrapPublicKey(keys);
  const made = {
    secret: encodeBytes(secret),
    'invite id': keys.id,
    'wrap key, public': encodeBytes(publicKey),
    id: room,
    k: encodeBytes(key),
    wrapped: encodeBytes(await wrapFor(publicKey, room, keys.id, key)),
  };
  expect(made).toEqual({
    secret: 'AQEBAQEBAQEBAQEBAQEBAQ',
    'invite id': 'Bg-wTQ6bBw4Nl0cceuUU9g',
    'wrap key, public': 's40Zi8ZqPsez4Qnz3F3RUCZOiUpjCJEaUFDY0kraUDM',
    id: 'AgICAgICAgICAgICAgICAg',
    k: 'AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM',
    wrapped:
      'sHDWSULiDrMUKo19pz5uHMRy3gtCrLR-9AdIXy4cciCRAewlDUVUv--mS1Gh5sLbFjamhOPBa26z6ymEoiSh2Srtx43YCgz5TareMxiHUxk',
  });
  expect(vector()).toEqual(made);
});

test('a wrapped key opens for its invite and room, and each key, invite and room gives another', async () => {
  const keys = inviteKeys(secret);
  const publicKey = await wrapPublicKey(keys);
  const wrapped = await wrapFor(publicKey, room, keys.id, key);
  const other = inviteKeys(key.subarray(0, 16));
  const otherRoom = encodeBytes(new Uint8Array(16).fill(4)) as RoomId;
  expect(await unwrap(keys, room, wrapped)).toEqual(key);
  expect(await unwrap(keys, otherRoom, wrapped)).toBeUndefined();
  expect(await unwrap(other, room, wrapped)).toBeUndefined();
  const all = [
    wrapped,
    await wrapFor(publicKey, room, keys.id, key.with(0, 0)),
    await wrapFor(publicKey, room, other.id, key),
  ];
  // The encapsulated key is HPKE's randomness: one that occurred twice would reveal that two keys are equal.
  const encapsulated = all.map((bytes) => encodeBytes(bytes.subarray(0, 32)));
  expect(new Set(encapsulated).size).toBe(all.length);
  await expect(wrapFor(decodeBytes('AAAA'), room, keys.id as InviteId, key)).rejects.toThrow();
});
