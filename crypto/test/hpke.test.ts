import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { expect, test } from 'vitest';
import { hpkeSuite } from '../src/hpke.ts';

test("the suite computes the same as the library's own", async () => {
  const library = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes128Gcm(),
  });
  const [ikm, ekm, info] = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
  if (ikm === undefined || ekm === undefined || info === undefined) throw new Error('three values');
  const compute = async (suite: CipherSuite, opening: CipherSuite) => {
    const pair = await suite.kem.deriveKeyPair(ikm);
    const { enc, ct } = await suite.seal({ recipientPublicKey: pair.publicKey, info, ekm }, ekm, ikm);
    const context = await suite.createSenderContext({ recipientPublicKey: pair.publicKey, info, ekm });
    const opened = await opening.open({ recipientKey: pair.privateKey, enc, info }, ct, ikm);
    return [
      await suite.kem.serializePublicKey(pair.publicKey),
      enc,
      ct,
      await context.export(info, 80),
      opened,
    ].map((buffer) => Buffer.from(buffer).toString('hex'));
  };
  const expected = await compute(library, library);
  expect(expected[4]).toBe(Buffer.from(ekm).toString('hex'));
  expect(await compute(hpkeSuite, library)).toEqual(expected);
  expect(await compute(library, hpkeSuite)).toEqual(expected);
});
