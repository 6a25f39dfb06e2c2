import { encodeBytes } from '@gochat/protocol/encoding';
import type { FileId, InviteId, Position, RoomId } from '@gochat/protocol/fields';
import { paddedBytes } from '@gochat/protocol/file-chunks';
import { type Boxed, boxAad, boxInfo, encodeBoxed } from '../src/box.ts';
import { advanceChain, startChain } from '../src/chain.ts';
import { chunkCount, chunkHash, fileHash, sealChunk } from '../src/file.ts';
import { hpkeSuite } from '../src/hpke.ts';
import {
  certified,
  digits,
  encodeCredential,
  fingerprintOf,
  ownedLeaf,
  safetyNumber,
} from '../src/identity.ts';
import { inviteKeys, wrapFor, wrapPublicKey } from '../src/invite.ts';
import { joinPublicKey, keysOf, ownInviteOf } from '../src/keys.ts';
import { formatLink } from '../src/link.ts';
import { NAMES_TABLE } from '../src/names-table.ts';
import { PackWriter, partHash, sealPack } from '../src/pack.ts';
import { encodePacks } from '../src/packs.ts';
import { MESSAGE_CAPACITY, pad, padMessage } from '../src/padding.ts';
import {
  concatBytes,
  derive,
  encrypt,
  sign,
  signingKey,
  transcript,
  uint32,
  utf8,
} from '../src/primitives.ts';
import { pairingDigits } from '../src/room.ts';
import { encodeSafe, type Safe, safeInvite, sealSafe } from '../src/safe.ts';
import { REAL, REFUSED } from './name-samples.ts';
import { testBytes } from './test-bytes.ts';

export type Vector = Readonly<Record<string, unknown>>;

/** Lower-case hexadecimal: all bytes of the vectors that no frame or text contains. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const room = encodeBytes(testBytes(16, 1)) as RoomId;

function encodings(): Vector {
  const parts = [new Uint8Array(), testBytes(3), testBytes(32, 2)];
  const lists = [[], parts.slice(0, 1), parts.slice(1, 2), parts];
  const secrets = [testBytes(16), testBytes(32, 2)];
  const labels = ['message', 'gochat/invite/id/1'];
  const lengths = [0, 1, 508, 509, 1020, 16_380, 16_381, 18_428, 18_429, 65_532, 65_533, MESSAGE_CAPACITY];
  const key = testBytes(32);
  const aad = transcript('gochat/seal/message/2', utf8(room));
  const nonce = testBytes(24, 3);
  const plaintext = testBytes(40, 4);
  return {
    T: lists.map((list) => ({
      label: 'gochat/test/2',
      parts: list.map(hex),
      bytes: hex(transcript('gochat/test/2', ...list)),
    })),
    HKDF: secrets.flatMap((s) =>
      labels.flatMap((label) =>
        [16, 32, 64].map((n) => ({ s: hex(s), label, n, bytes: hex(derive(s, label, n)) })),
      ),
    ),
    HKDF_with_T: {
      s: hex(key),
      T: { label: 'gochat/wrap-ephemeral/2', parts: [hex(utf8(room))] },
      n: 32,
      bytes: hex(derive(key, transcript('gochat/wrap-ephemeral/2', utf8(room)))),
    },
    PAD: {
      of: hex(testBytes(5)),
      bytes: hex(pad(testBytes(5))),
      lengths: [...lengths, 131_068, 131_069, 1_000_000].map((length) => ({
        length,
        padded: pad(new Uint8Array(length)).length,
        ...(length <= MESSAGE_CAPACITY && { padded_message: padMessage(new Uint8Array(length)).length }),
      })),
    },
    SEAL: {
      k: hex(key),
      aad: hex(aad),
      p: hex(plaintext),
      nonce: hex(nonce),
      bytes: hex(encrypt(key, aad, plaintext, { random: () => nonce })),
    },
    DIGITS: [3, 6, 12].map((groups) => ({ s: hex(key), groups, text: digits(key, groups) })),
  };
}

async function invites(): Promise<Vector> {
  const secret = testBytes(16);
  const k = testBytes(32, 2);
  const [founder, inviter] = [signingKey(testBytes(32, 3)), signingKey(testBytes(32, 4))];
  const keys = inviteKeys(secret);
  const wrapKey = await wrapPublicKey(keys);
  const link = {
    address: 'https://chat.example',
    room,
    secret,
    founder: fingerprintOf(founder.publicKey),
  };
  return {
    secret: hex(secret),
    room,
    invite_id: keys.id,
    join_key: { private: hex(keys.join.seed), public: hex(keys.join.publicKey) },
    wrap_key: { ikm: hex(keys.wrapIkm), public: hex(wrapKey) },
    founder: { identity_key: hex(founder.publicKey), fingerprint: hex(link.founder) },
    inviter: { identity_key: hex(inviter.publicKey), fingerprint: hex(fingerprintOf(inviter.publicKey)) },
    links: {
      of_the_founder: formatLink(link),
      of_the_inviter: formatLink({ ...link, inviter: fingerprintOf(inviter.publicKey) }),
    },
    k: hex(k),
    wrapped: hex(await wrapFor(wrapKey, room, keys.id, k)),
    wrapped_for_another_room: hex(
      await wrapFor(wrapKey, encodeBytes(testBytes(16, 5)) as RoomId, keys.id as InviteId, k),
    ),
  };
}

async function safe(): Promise<Vector> {
  const secret = testBytes(16);
  const invite = await safeInvite(secret);
  const [self, other] = [testBytes(16, 2), testBytes(16, 3)].map((id) => encodeBytes(id) as RoomId);
  if (self === undefined || other === undefined) throw new Error('two rooms');
  const founder = fingerprintOf(signingKey(testBytes(32, 4)).publicKey);
  const plain: Safe = {
    seed: testBytes(32, 4),
    name: 'Ana',
    tickets: [
      {
        server: 'https://chat.example',
        self: true,
        room: self,
        founder,
        own: testBytes(16, 5),
        name: 'self',
      },
      {
        server: 'http://127.0.0.1:4040',
        self: false,
        room: other,
        founder,
        own: testBytes(16, 6),
        name: 'kitchen',
      },
    ],
  };
  const ekm = testBytes(32, 7);
  const { more } = await sealSafe(invite, self, plain, { random: () => ekm });
  return {
    secret: hex(secret),
    invite,
    link: formatLink({ address: 'https://chat.example', room: self, secret, founder }, 'recover'),
    seed: hex(plain.seed),
    name: plain.name,
    tickets: plain.tickets.map((one) => ({ ...one, founder: hex(one.founder), own: hex(one.own) })),
    plaintext_starts_with: hex(encodeSafe(plain).bytes.subarray(0, 256)),
    plaintext_bytes: encodeSafe(plain).bytes.length,
    ekm: hex(ekm),
    more,
  };
}

function identities(): Vector {
  const [identity, device, leaf, other] = [1, 2, 3, 4].map((n) => signingKey(testBytes(32, n)));
  if (identity === undefined || device === undefined || leaf === undefined || other === undefined)
    throw new Error('four keys');
  const signature = sign(identity, certified(device.publicKey, 0));
  const groupId = testBytes(16, 6);
  const leafSignature = sign(device, ownedLeaf(groupId, leaf.publicKey));
  const certificate = { identityKey: identity.publicKey, deviceKey: device.publicKey, rights: 0, signature };
  const pair = (key: typeof leaf) => ({ private: hex(key.seed), public: hex(key.publicKey) });
  return {
    identity: pair(identity),
    device: pair(device),
    leaf: pair(leaf),
    rights: '00',
    group_id: hex(groupId),
    signature_of_the_device: { signed: hex(certified(device.publicKey, 0)), signature: hex(signature) },
    signature_of_the_leaf: { signed: hex(ownedLeaf(groupId, leaf.publicKey)), signature: hex(leafSignature) },
    name: 'ana',
    credential: hex(encodeCredential(certificate, leafSignature, 'ana')),
    fingerprint: hex(fingerprintOf(identity.publicKey)),
    other_identity_key: hex(other.publicKey),
    safety_number: safetyNumber(identity.publicKey, other.publicKey),
  };
}

async function epochKeysVector(): Promise<Vector> {
  const root = testBytes(32);
  return { root: hex(root), ...(await namedKeys(root)) };
}

/** All that is derived from an epoch's `root`. */
export async function namedKeys(root: Uint8Array): Promise<Vector> {
  const keys = keysOf(root);
  const own = await ownInviteOf(keys);
  return {
    message_key: hex(keys.message),
    handshake_key: hex(keys.handshake),
    signal_key: hex(keys.signal),
    groupinfo_key: hex(keys.groupInfo),
    access_key: { private: hex(keys.access.seed), public: hex(keys.access.publicKey) },
    chain_key: hex(keys.chain),
    own_secret: hex(keys.own),
    own_invite: { id: own.id, join: own.join, wrap: own.wrap },
    epoch_join_key: { ikm: hex(keys.joinIkm), public: hex(await joinPublicKey(keys)) },
    pairing: { bytes: hex(keys.pairing), digits: pairingDigits({ keys }) },
  };
}

function chain(): Vector {
  const secret = testBytes(32);
  const entries = [
    { seq: '5' as Position, at: 1_700_000_000_000, kind: 'message' as const, body: testBytes(64, 2) },
    { seq: '7' as Position, at: 1_700_000_000_500, kind: 'knock' as const, body: testBytes(1, 3) },
    {
      seq: '9007199254740991' as Position,
      at: 2 ** 53 - 1,
      kind: 'handshake' as const,
      body: testBytes(600, 4),
    },
  ];
  let state = startChain(secret, undefined);
  const values = entries.map((entry) => {
    state = advanceChain(state, entry, entry.body);
    return { ...entry, body: hex(entry.body), c: hex(state.value), h: encodeBytes(state.value.slice(0, 16)) };
  });
  return { chain_key: hex(secret), entries: values };
}

async function file(): Promise<Vector> {
  const seal = {
    room,
    id: encodeBytes(testBytes(16, 2)) as FileId,
    key: encodeBytes(testBytes(32, 3)),
    bytes: 20_000,
  };
  const bytes = testBytes(seal.bytes, 4);
  const nonce = testBytes(12, 5);
  const chunk = await sealChunk(seal, 0, bytes, { random: () => nonce });
  const hash = await chunkHash(chunk);
  const sizes = [0, 16_384, 16_385, 20_000, 32_769, 1_048_548, 1_048_549, 104_857_600];
  return {
    ...seal,
    of: 'the bytes 00 04, then 02 03 04 … ff 00 01 …',
    nonce: hex(nonce),
    aad: hex(transcript('gochat/file/2', utf8(room), utf8(seal.id), uint32(0), uint32(1))),
    chunk_starts_with: hex(chunk.subarray(0, 44)),
    tag: hex(chunk.subarray(-16)),
    chunk_bytes: chunk.length,
    chunk_sha256: hex(hash),
    hash: await fileHash([hash]),
    sizes: sizes.map((size) => ({ bytes: size, padded: paddedBytes(size), chunks: chunkCount(size) })),
  };
}

/** The table in its packed form, and names on both sides of each rule; half a surrogate pair has no form in UTF-8. */
function names(): Vector {
  return {
    kinds: NAMES_TABLE,
    valid: REAL,
    invalid: REFUSED.filter(([why]) => why !== 'half a surrogate pair').map(([, name]) => name),
  };
}

/** The bytes of context, keys, signatures and payloads are made up: nothing here verifies them. */
function pack(): Vector {
  const speaker = { leaf: 1, key: testBytes(32, 1), credential: testBytes(197, 2) };
  const record = { groupContext: testBytes(40, 3), speakers: [speaker] };
  const writer = new PackWriter();
  const lines = [1, 2].map((i) => ({
    seq: String(6 + i) as Position,
    at: 1_800_000_000_000 + i,
    proof: { epoch: 5n, leaf: 1, signature: testBytes(64, 3 + i), payload: testBytes(30, 5 + i) },
  }));
  for (const { proof, ...place } of lines) writer.add(place, proof, record);
  const bytes = writer.encode();
  const random = (length: number) => testBytes(length, 8);
  const sealed = sealPack(room, bytes, { random });
  const [body = new Uint8Array()] = sealed.parts;
  const content = {
    kind: 'pack' as const,
    parts: [{ seq: '10' as Position, hash: partHash(body) }],
    key: encodeBytes(sealed.key),
    from: '7' as Position,
    to: '8' as Position,
    seen: '9' as Position,
    messages: 2,
  };
  const { kind: _, ...said } = content;
  const list = [{ ...said, by: encodeBytes(testBytes(32, 9)), at: 1_800_000_000_100 }];
  return {
    room,
    epochs: [
      {
        group_context: hex(record.groupContext),
        speakers: [{ leaf: 1, key: hex(speaker.key), credential: hex(speaker.credential) }],
      },
    ],
    lines: lines.map(({ seq, at, proof }) => ({
      seq,
      at,
      epoch: 0,
      leaf: proof.leaf,
      signature: hex(proof.signature),
      application_data: hex(proof.payload),
    })),
    pack: hex(bytes),
    pack_key: hex(sealed.key),
    body: hex(body),
    content,
    sharer: hex(testBytes(32, 9)),
    announced: 1_800_000_000_100,
    extension_f7c5: hex(encodePacks({ list, heard: true, changes: [] }) ?? new Uint8Array()),
  };
}

/** What a box says, and its part for one leaf. */
async function box(): Promise<Vector> {
  const [leaf, ekm, key] = [testBytes(32, 2), testBytes(32, 3), testBytes(32, 4)];
  const sender = signingKey(testBytes(32, 5)).publicKey;
  const boxed: Boxed = {
    room: encodeBytes(testBytes(16, 6)) as RoomId,
    secret: testBytes(16, 7),
    text: 'Grüße, Ben',
  };
  const plain = encodeBoxed(boxed);
  const nonce = testBytes(24, 8);
  const info = boxInfo(room, 7n, encodeBytes(sender));
  const { publicKey } = await hpkeSuite.kem.deriveKeyPair(Uint8Array.from(leaf).buffer);
  const part = await hpkeSuite.seal({ recipientPublicKey: publicKey, info, ekm }, key);
  return {
    room,
    epoch: 7,
    sender: hex(sender),
    leaf_ikm: hex(leaf),
    leaf_encryption_key: hex(new Uint8Array(await hpkeSuite.kem.serializePublicKey(publicKey))),
    ekm: hex(ekm),
    box_key: hex(key),
    part: hex(concatBytes(new Uint8Array(part.enc), new Uint8Array(part.ct))),
    direct_room: boxed.room,
    secret: hex(boxed.secret),
    text: boxed.text,
    plaintext_starts_with: hex(plain.subarray(0, 64)),
    plaintext_bytes: plain.length,
    nonce: hex(nonce),
    sealed: hex(encrypt(key, boxAad(room), plain, { random: () => nonce })),
  };
}

/** The vectors that need no MLS group, by the name of their file in docs/vectors/. */
export async function makeVectors(): Promise<ReadonlyMap<string, Vector>> {
  return new Map([
    ['encodings.json', encodings()],
    ['invite.json', await invites()],
    ['identity.json', identities()],
    ['epoch-keys.json', await epochKeysVector()],
    ['chain.json', chain()],
    ['file.json', await file()],
    ['safe.json', await safe()],
    ['pack.json', pack()],
    ['box.json', await box()],
    ['names.json', names()],
  ]);
}
