import fc from 'fast-check';
import type { Down } from '../src/down.ts';
import { encodeBytes } from '../src/encoding.ts';
import { ERRORS, type ErrorCode } from '../src/errors.ts';
import type { InviteId, Position, RequestId, RoomId } from '../src/fields.ts';
import { LIMITS } from '../src/limits.ts';
import { isSmallOrder } from '../src/small-order.ts';
import type { Up } from '../src/up.ts';

/** One generator for each type of a union: a type that lacks one doesn't compile. */
export type Frames<F extends { type: string }> = {
  readonly [T in F['type']]: fc.Arbitrary<Extract<F, { type: T }>>;
};

function bytes(min: number, max = min) {
  return fc.uint8Array({ minLength: min, maxLength: max }).map(encodeBytes);
}

function opaque(maxBytes: number) {
  return bytes(1, Math.min(maxBytes, 96));
}

const roomId = bytes(16).map((text) => text as RoomId);
const inviteId = bytes(16).map((text) => text as InviteId);
const uniqueId = bytes(16).map((text) => text as RequestId);
const requestId = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((text) => text as RequestId);
const position = fc
  .oneof(fc.nat(100), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER))
  .map((n) => String(n) as Position);
const key = bytes(32).filter((text) => !isSmallOrder(text));
const signature = bytes(64);
const nonce = bytes(16);
const instant = fc.maxSafeNat();
const body = opaque(LIMITS.messageBytes);
const groupInfo = opaque(LIMITS.groupInfoBytes);
const wrapped = bytes(1, LIMITS.wrappedKeyBytes);
const origin = fc.stringMatching(/^[a-z0-9.:[\]_-]{1,260}$/);
const text = fc.string({ unit: 'binary', maxLength: 64 });

const grant = fc.record(
  {
    invite: inviteId,
    wrapped,
    join: key,
    expires: instant,
    uses: fc.integer({ min: 1, max: LIMITS.inviteUses }),
    knock: fc.constant(true as const),
  },
  { requiredKeys: ['invite', 'wrapped'] },
);
const invites = fc.array(grant, { maxLength: 3 });
const features = fc.array(fc.stringMatching(/^[a-z0-9-]{1,32}$/), { maxLength: 4 });
const byteCount = fc.integer({ min: 1 });
const rules = fc
  .record({ voice: key, quietBytes: byteCount, quietMs: instant, retainMs: instant }, { requiredKeys: [] })
  .filter((some) => Object.keys(some).length > 0);
const order = fc.record(
  {
    key,
    retire: fc.constant(true as const),
    admins: fc.array(key, { minLength: 1, maxLength: 3 }),
    keepers: key,
    rules,
    close: fc.constant(true as const),
    proof: signature,
  },
  { requiredKeys: ['key', 'proof'] },
);
const endpoint = fc.stringMatching(/^https:\/\/[!-~]{1,60}$/);

function type<T extends string>(name: T) {
  return fc.constant(name);
}

export const ups: Frames<Up> = {
  hello: fc.record(
    { type: type('hello'), id: requestId, version: instant, origin, features },
    { requiredKeys: ['type', 'id', 'version', 'origin'] },
  ),
  create: fc.record(
    {
      type: type('create'),
      id: uniqueId,
      room: roomId,
      body,
      access: key,
      admin: key,
      keepers: key,
      rules,
      groupInfo,
      member: wrapped,
      invites,
      by: fc.record({ room: roomId, key: position, nonce, proof: signature }),
      token: nonce,
      proof: signature,
    },
    {
      requiredKeys: [
        'type',
        'id',
        'room',
        'body',
        'access',
        'admin',
        'groupInfo',
        'member',
        'invites',
        'proof',
      ],
    },
  ),
  enter: fc.record(
    {
      type: type('enter'),
      id: requestId,
      room: roomId,
      key: position,
      since: position,
      nonce,
      proof: signature,
      voice: signature,
    },
    { requiredKeys: ['type', 'id', 'room', 'key', 'since', 'nonce', 'proof'] },
  ),
  post: fc.record({ type: type('post'), id: uniqueId, room: roomId, base: position, body }),
  handshake: fc.record(
    {
      type: type('handshake'),
      id: uniqueId,
      room: roomId,
      after: position,
      key: position,
      body,
      access: key,
      groupInfo,
      member: wrapped,
      invites,
      proof: signature,
      order,
    },
    {
      requiredKeys: [
        'type',
        'id',
        'room',
        'after',
        'key',
        'body',
        'access',
        'groupInfo',
        'member',
        'invites',
        'proof',
      ],
    },
  ),
  invitation: fc.record({
    type: type('invitation'),
    id: requestId,
    room: roomId,
    invite: inviteId,
    nonce,
    proof: signature,
  }),
  join: fc.record({
    type: type('join'),
    id: uniqueId,
    room: roomId,
    invite: inviteId,
    after: position,
    body,
    access: key,
    groupInfo,
    member: wrapped,
    invites,
    nonce,
    proof: signature,
  }),
  refresh: fc.record({
    type: type('refresh'),
    id: uniqueId,
    room: roomId,
    after: position,
    key: position,
    groupInfo,
    member: wrapped,
    invites,
    proof: signature,
  }),
  knock: fc.record({
    type: type('knock'),
    id: uniqueId,
    room: roomId,
    invite: inviteId,
    body,
    nonce,
    proof: signature,
  }),
  wake: fc.record(
    {
      type: type('wake'),
      id: requestId,
      room: roomId,
      push: fc.record({ endpoint, p256dh: bytes(65), auth: nonce }),
    },
    { requiredKeys: ['type', 'id', 'room'] },
  ),
  fetch: fc.record({ type: type('fetch'), id: requestId, room: roomId }),
  read: fc.record({
    type: type('read'),
    id: requestId,
    room: roomId,
    after: position,
    limit: fc.integer({ min: 1, max: LIMITS.readEntries }),
  }),
  signal: fc.record({ type: type('signal'), room: roomId, body: opaque(LIMITS.signalBytes) }),
  exit: fc.record({ type: type('exit'), id: requestId, room: roomId }),
  ping: fc.record({ type: type('ping'), id: requestId }),
};

const stored = {
  seq: position,
  kind: fc.constantFrom('message' as const, 'handshake' as const, 'knock' as const),
  at: instant,
  body,
  invite: inviteId,
};
const alwaysStored = ['seq', 'kind', 'at', 'body'] as const;

export const downs: Frames<Down> = {
  welcome: fc.record(
    {
      type: type('welcome'),
      id: requestId,
      version: fc.maxSafeInteger().map((n) => n + 0),
      nonce,
      server: text,
      silenceMs: instant,
      now: instant,
      inviteLifetimeMs: instant,
      retainMs: instant,
      files: fc.record({ bytes: byteCount, keepMs: instant }, { requiredKeys: ['bytes'] }),
      push: bytes(65),
      features,
    },
    { requiredKeys: ['type', 'id', 'version', 'nonce', 'server', 'silenceMs', 'now'] },
  ),
  entered: fc.record(
    {
      type: type('entered'),
      id: requestId,
      room: roomId,
      handshake: position,
      floor: position,
      last: position,
      rules,
    },
    { requiredKeys: ['type', 'id', 'room', 'handshake', 'floor', 'last'] },
  ),
  entry: fc.record(
    { type: type('entry'), room: roomId, ...stored },
    { requiredKeys: ['type', 'room', ...alwaysStored] },
  ),
  live: fc.record({ type: type('live'), room: roomId, seq: position }),
  retired: fc.record({ type: type('retired'), room: roomId, seq: position }),
  ack: fc.record({ type: type('ack'), id: requestId, seq: position, at: instant, dup: fc.boolean() }),
  groupinfo: fc.record(
    {
      type: type('groupinfo'),
      id: requestId,
      room: roomId,
      handshake: position,
      groupInfo,
      wrapped,
      member: wrapped,
      invites: fc.array(
        fc.record(
          { invite: inviteId, wrapped, expires: instant, uses: instant },
          { requiredKeys: ['invite'] },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ['type', 'id', 'room', 'handshake', 'groupInfo', 'invites'] },
  ),
  page: fc.record({
    type: type('page'),
    id: requestId,
    room: roomId,
    entries: fc.array(fc.record(stored, { requiredKeys: [...alwaysStored] }), { maxLength: 4 }),
    floor: position,
    more: fc.boolean(),
  }),
  refreshed: fc.record({ type: type('refreshed'), room: roomId, handshake: position }),
  waking: fc.record({ type: type('waking'), id: requestId, room: roomId }),
  signal: fc.record({ type: type('signal'), room: roomId, body: opaque(LIMITS.signalBytes) }),
  exited: fc.record({ type: type('exited'), id: requestId, room: roomId }),
  pong: fc.record({ type: type('pong'), id: requestId }),
  error: fc.record(
    {
      type: type('error'),
      id: requestId,
      room: roomId,
      code: fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[])),
      message: text,
      handshake: position,
      retryAfterMs: instant,
    },
    { requiredKeys: ['type', 'code', 'message'] },
  ),
};

/** Any frame that a client may send. */
export const anyUp: fc.Arbitrary<Up> = fc.oneof(...Object.values(ups));
/** Any frame that a server may send. */
export const anyDown: fc.Arbitrary<Down> = fc.oneof(...Object.values(downs));
