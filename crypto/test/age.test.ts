import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AgeOpeners, type AgeRecipients, decryptFile, encryptFile, recoveryKeys } from '../src/age.ts';

/** 16 bytes of a recovery code. */
const SECRET = Uint8Array.from({ length: 16 }, (_, i) => i);

function streamOf(bytes: Uint8Array, size = 50_000): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size));
      controller.close();
    },
  });
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const sealed = async (bytes: Uint8Array, to: AgeRecipients) =>
  bytesOf(await encryptFile(streamOf(bytes), to));
const opened = async (bytes: Uint8Array, by: AgeOpeners) => bytesOf(await decryptFile(streamOf(bytes), by));

test('a recovery secret gives the same keys everywhere', async () => {
  const keys = await recoveryKeys(SECRET);
  expect(keys).toEqual({
    identity: 'AGE-SECRET-KEY-100ZRUN8M2UDFYA3T4Z7Q0AZC8QZDNMZHUD2RZ8FE6FZ6RX42GPNS4FMCFM',
    recipient: 'age1fh8l3thuw9nsdy0ger5x03nt0xnglngrfrugg9nx8kect0z6uycsyh7vhe',
  });
});

test('what was encrypted to a recovery code is opened by it, and by no other one', async () => {
  const { identity, recipient } = await recoveryKeys(SECRET);
  const other = await recoveryKeys(SECRET.toReversed());
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const all = new Uint8Array(200_000);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes.subarray(0, all.length - at), at);
  const file = await sealed(all, { recipients: [recipient] });
  expect(await opened(file, { identities: [other.identity, identity] })).toEqual(all);
  await expect(opened(file, { identities: [other.identity] })).rejects.toMatchObject({ code: 'key' });
  await expect(opened(file, { passphrase: 'x' })).rejects.toMatchObject({ code: 'key' });
});

test('a passphrase opens a file, however it is composed; another one does not', async () => {
  const file = await sealed(new TextEncoder().encode('words'), { passphrase: 'Ame\u0301lie 12' });
  expect(new TextDecoder().decode(await opened(file, { passphrase: 'Am\u00e9lie 12' }))).toBe('words');
  await expect(opened(file, { passphrase: 'Amelie 12' })).rejects.toMatchObject({ code: 'key' });
  const { identity } = await recoveryKeys(SECRET);
  await expect(opened(file, { identities: [identity] })).rejects.toMatchObject({ code: 'key' });
});

test('what is no recipient, no identity and no file is refused', async () => {
  const bytes = Uint8Array.of(1);
  const { identity, recipient } = await recoveryKeys(SECRET);
  for (const wrong of ['age1', `${recipient}x`, 'ssh-ed25519 AAAA', ''])
    await expect(sealed(bytes, { recipients: [wrong] })).rejects.toMatchObject({ code: 'recipient' });
  const file = await sealed(bytes, { recipients: [recipient] });
  for (const wrong of ['AGE-SECRET-KEY-1', `${identity}X`, recipient, ''])
    await expect(opened(file, { identities: [wrong] })).rejects.toMatchObject({ code: 'identity' });
  for (const wrong of ['', 'hello', 'age-encryption.org/v2\n'])
    await expect(opened(new TextEncoder().encode(wrong), { identities: [identity] })).rejects.toMatchObject({
      code: 'damaged',
    });
});

test('a flipped bit and a cut are refused, wherever they are', async () => {
  const { identity, recipient } = await recoveryKeys(SECRET);
  const file = await sealed(new Uint8Array(70_000), { recipients: [recipient] });
  const refused = { code: expect.stringMatching(/^(?:damaged|key)$/) };
  await fc.assert(
    fc.asyncProperty(fc.nat(file.length - 1), fc.nat(7), fc.boolean(), async (at, bit, isCut) => {
      const changed = isCut ? file.slice(0, at) : file.slice();
      if (!isCut) changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      await expect(opened(changed, { identities: [identity] })).rejects.toMatchObject(refused);
    }),
    { numRuns: 60 },
  );
});
