import { createHash, createHmac, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { expect, test } from 'vitest';
import { roomVector } from './room-vector.ts';
import { makeVectors } from './vectors.ts';

const folder = new URL('../../docs/vectors/', import.meta.url);

function textOf(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

test('the files in docs/vectors are those that the code makes', async () => {
  const made = new Map([...(await makeVectors()), ['room.json', await roomVector()] as const]);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(files.sort()).toEqual([...made.keys()].sort());
  for (const [name, vector] of made) {
    expect([name, textOf(name)]).toEqual([name, `${JSON.stringify(vector, null, 2)}\n`]);
  }
});

test('nothing random is in the room that is made twice', async () => {
  expect(await roomVector()).toEqual(await roomVector());
});

/** From here on nothing of crypto/ is used: the formulas are those of the protocol's page. */
const fromHex = (text: string) => Buffer.from(text, 'hex');

function T(label: string, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(label), ...parts].flatMap((part) => [uint(part.length, 4), part]));
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer.subarray(8 - bytes);
}

function HKDF(secret: Uint8Array, info: string | Uint8Array, n = 32): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, n));
}

function publicHalf(privateKey: string, kind: 'ed25519' | 'x25519' = 'ed25519'): string {
  const prefix = kind === 'ed25519' ? '302e020100300506032b657004220420' : '302e020100300506032b656e04220420';
  const key = createPrivateKey({ key: fromHex(prefix + privateKey), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
}

interface Pair {
  readonly private: string;
  readonly public: string;
}

test('T, HKDF, PAD and SEAL are as the page defines them', () => {
  const { T: lists, HKDF: keys, HKDF_with_T: keyed, PAD, SEAL } = JSON.parse(textOf('encodings.json'));
  for (const { label, parts, bytes } of lists as { label: string; parts: string[]; bytes: string }[])
    expect(T(label, ...parts.map(fromHex)).toString('hex')).toBe(bytes);
  for (const { s, label, n, bytes } of keys as { s: string; label: string; n: number; bytes: string }[])
    expect(HKDF(fromHex(s), label, n).toString('hex')).toBe(bytes);
  const info = T(keyed.T.label, ...(keyed.T.parts as string[]).map(fromHex));
  expect(HKDF(fromHex(keyed.s), info, keyed.n).toString('hex')).toBe(keyed.bytes);
  const padded = Buffer.concat([uint(5, 4), fromHex(PAD.of)]);
  expect(Buffer.concat([padded, Buffer.alloc(512 - padded.length)]).toString('hex')).toBe(PAD.bytes);
  const cipher = xchacha20poly1305(fromHex(SEAL.k), fromHex(SEAL.nonce), fromHex(SEAL.aad));
  const sealed = Buffer.concat([fromHex(SEAL.nonce), cipher.encrypt(fromHex(SEAL.p))]);
  expect(sealed.toString('hex')).toBe(SEAL.bytes);
});

test('an invite, an identity and the keys of an epoch are derived as the page says', () => {
  const invite = JSON.parse(textOf('invite.json'));
  const secret = fromHex(invite.secret);
  expect(HKDF(secret, 'gochat/invite/id/1', 16).toString('base64url')).toBe(invite.invite_id);
  expect(HKDF(secret, 'gochat/invite/join/1').toString('hex')).toBe(invite.join_key.private);
  expect(HKDF(secret, 'gochat/invite/wrap/1').toString('hex')).toBe(invite.wrap_key.ikm);
  for (const { identity_key: key, fingerprint } of [invite.founder, invite.inviter])
    expect(HKDF(fromHex(key), 'gochat/founder/1', 16).toString('hex')).toBe(fingerprint);

  const identity = JSON.parse(textOf('identity.json'));
  const keys = JSON.parse(textOf('epoch-keys.json'));
  const pairs: Pair[] = [invite.join_key, identity.identity, identity.device, identity.leaf, keys.access_key];
  for (const pair of pairs) expect(publicHalf(pair.private)).toBe(pair.public);
  const credential = [
    '02',
    identity.identity.public,
    identity.device.public,
    identity.rights,
    identity.signature_of_the_device.signature,
    identity.signature_of_the_leaf.signature,
    Buffer.from(identity.name).toString('hex'),
  ];
  expect(credential.join('')).toBe(identity.credential);
  expect(keysOf(keys.root)).toEqual(picked(keys));
  const { bytes, digits } = keys.pairing;
  expect(String(Number.parseInt(bytes, 16) % 1_000_000).padStart(6, '0')).toBe(digits);
});

/** The keys of an epoch that HKDF alone gives. */
function keysOf(root: string): Record<string, string> {
  const key = (label: string, n = 32) => HKDF(fromHex(root), label, n).toString('hex');
  return {
    message_key: key('message'),
    handshake_key: key('handshake'),
    signal_key: key('signal'),
    groupinfo_key: key('groupinfo'),
    access_key: key('access'),
    chain_key: key('chain'),
    own_secret: key('own', 16),
    epoch_join_key: key('join'),
    pairing: key('pairing', 6),
  };
}

interface EpochKeys extends Readonly<Record<string, unknown>> {
  readonly access_key: Pair;
  readonly epoch_join_key: { readonly ikm: string };
  readonly pairing: { readonly bytes: string };
}

function picked(keys: EpochKeys): Record<string, unknown> {
  const { message_key, handshake_key, signal_key, groupinfo_key, chain_key, own_secret } = keys;
  return {
    ...{ message_key, handshake_key, signal_key, groupinfo_key, chain_key, own_secret },
    access_key: keys.access_key.private,
    epoch_join_key: keys.epoch_join_key.ikm,
    pairing: keys.pairing.bytes,
  };
}

interface Entry {
  readonly seq: string;
  readonly at: number;
  readonly kind: string;
  readonly body: string;
}

function chained(c: Uint8Array, { seq, at, kind, body }: Entry, encoding: 'hex' | 'base64url'): Buffer {
  const parts = [c, uint(Number(seq), 8), uint(at, 8), Buffer.from(kind), Buffer.from(body, encoding)];
  return createHash('sha256')
    .update(T('gochat/chain/2', ...parts))
    .digest();
}

test('a box opens with its key as the page says', () => {
  const box = JSON.parse(textOf('box.json'));
  const aad = T('gochat/seal/box/2', Buffer.from(box.room));
  const sealed = fromHex(box.sealed);
  const cipher = xchacha20poly1305(fromHex(box.box_key), sealed.subarray(0, 24), aad);
  const plain = Buffer.from(cipher.decrypt(sealed.subarray(24)));
  const words = Buffer.from(box.text);
  const said = [Buffer.from(box.direct_room, 'base64url'), fromHex(box.secret)];
  const head = Buffer.concat([...said, uint(words.length, 2), words]);
  expect(plain).toEqual(Buffer.concat([head, Buffer.alloc(box.plaintext_bytes - head.length)]));
  expect([sealed.length, fromHex(box.part).length]).toEqual([1098, 80]);
});

test('the chain is as the page says', () => {
  const { chain_key: key, entries } = JSON.parse(textOf('chain.json'));
  let c: Buffer = fromHex(key);
  for (const entry of entries as (Entry & { c: string; h: string })[]) {
    c = chained(c, entry, 'hex');
    expect([c.toString('hex'), c.subarray(0, 16).toString('base64url')]).toEqual([entry.c, entry.h]);
  }
});

interface Step {
  readonly what: string;
  readonly frames: readonly { readonly type: string; readonly access?: string; readonly order?: object }[];
  readonly entries: readonly Entry[];
  readonly heard?: readonly string[];
  readonly after: {
    readonly epoch: number;
    readonly members: readonly { readonly name: string }[];
    readonly mls: { readonly exporter_secret: string };
    readonly root: string;
    readonly keys: EpochKeys;
    readonly chain: { readonly i: number; readonly c: string };
  };
}

/** MLS-Exporter (RFC 9420, section 8.5). */
function exported(secret: Uint8Array, label: string, context: string): string {
  const expand = (key: Uint8Array, name: string, value: Uint8Array) => {
    const [full, length] = [Buffer.from(`MLS 1.0 ${name}`), Buffer.from([0, 32])];
    const info = Buffer.concat([
      length,
      Buffer.from([full.length]),
      full,
      Buffer.from([value.length]),
      value,
    ]);
    return createHmac('sha256', key)
      .update(info)
      .update(Buffer.from([1]))
      .digest();
  };
  const hash = createHash('sha256').update(context).digest();
  return expand(expand(secret, label, Buffer.alloc(0)), 'exported', hash).toString('hex');
}

test('the keys and the chain of each epoch of the room are as the page says', () => {
  const { room, steps } = JSON.parse(textOf('room.json')) as { room: string; steps: Step[] };
  let epoch = -1;
  let c: Buffer = Buffer.alloc(0);
  for (const { what, entries, frames, after } of steps) {
    expect([what, exported(fromHex(after.mls.exporter_secret), 'gochat/epoch/2', room)]).toEqual([
      what,
      after.root,
    ]);
    expect(keysOf(after.root)).toEqual(picked(after.keys));
    const access = frames.findLast((frame) => frame.access !== undefined)?.access;
    if (access !== undefined)
      expect(Buffer.from(access, 'base64url').toString('hex')).toBe(after.keys.access_key.public);
    if (after.epoch > epoch) c = fromHex(after.keys.chain_key as string);
    else for (const entry of entries) c = chained(c, entry, 'base64url');
    epoch = after.epoch;
    expect([what, c.toString('hex')]).toEqual([what, after.chain.c]);
  }
});

test('the room has a join, a heal, messages, an order, an own join and keys that are handed over', () => {
  const { steps, persons } = JSON.parse(textOf('room.json')) as { steps: Step[]; persons: unknown[] };
  expect(persons).toHaveLength(3);
  expect(steps.map(({ after }) => after.epoch)).toEqual([0, 1, 2, 2, 3, 3, 4, 5, 6, 7]);
  expect(steps.map(({ frames }) => frames.at(-1)?.type)).toEqual([
    ...['create', 'handshake', 'join', 'post', 'handshake'],
    ...['post', 'handshake', 'join', 'handshake', 'handshake'],
  ]);
  expect(steps.flatMap(({ heard = [] }) => heard)).toHaveLength(2);
  expect(steps[6]?.frames.at(-1)?.order).toMatchObject({ retire: true });
  expect(steps.at(-1)?.after.members.map(({ name }) => name)).toEqual(['ana', 'ben', 'ben']);
  const key = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(steps.at(-2)).toMatchObject({ admin_key: key, keepers_key: key });
  expect(steps.at(-1)).toMatchObject({ voice_key: key, rules: { quietBytes: 4137 } });
});
