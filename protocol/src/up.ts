import * as v from 'valibot';
import * as f from './fields.ts';
import { LIMITS } from './limits.ts';
import { rules } from './rules.ts';

/** The first frame of a connection: the protocol version and the host that was dialled. */
const hello = v.strictObject({
  type: v.literal('hello'),
  id: f.requestId,
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  origin: f.origin,
  features: v.optional(f.features),
});

/** An invite as the server stores it. All but `invite` and `wrapped` are for new invites; known invites keep theirs. */
const inviteGrant = v.strictObject({
  invite: f.inviteId,
  wrapped: f.wrappedKey,
  join: v.optional(f.publicKey),
  expires: v.optional(f.instant),
  uses: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.inviteUses))),
  /** With it one may knock, and not join. */
  knock: v.optional(v.literal(true)),
});
export type InviteGrant = v.InferOutput<typeof inviteGrant>;

const grants = v.pipe(v.array(inviteGrant), v.maxLength(LIMITS.invitesPerRoom));
const admins = v.pipe(v.array(f.publicKey), v.minLength(1), v.maxLength(LIMITS.adminsPerRoom));

/** Creates a room whose first entry is `body`. */
const create = v.strictObject({
  type: v.literal('create'),
  id: f.uniqueId,
  room: f.roomId,
  body: f.handshakeBody,
  access: f.publicKey,
  admin: f.publicKey,
  /** The public half of the moderators' key, which may order a retirement. */
  keepers: v.optional(f.publicKey),
  rules: v.optional(rules),
  groupInfo: f.sealedGroupInfo,
  member: f.wrappedKey,
  invites: grants,
  /** Proves that the creator has a live access key of another room. It is not part of the bytes that the admin key signs. */
  by: v.optional(v.strictObject({ room: f.roomId, key: f.position, nonce: f.nonce, proof: f.signature })),
  /** For servers that require a token to create a room. It is not part of the signed bytes. */
  token: v.optional(f.createToken),
  proof: f.signature,
});

/** Requests the entries after `since` and follows the room, with the access key that the handshake at `key` added. */
const enter = v.strictObject({
  type: v.literal('enter'),
  id: f.requestId,
  room: f.roomId,
  key: f.position,
  since: f.position,
  nonce: f.nonce,
  proof: f.signature,
  /** By the voice key of the room's rules. */
  voice: v.optional(f.signature),
});

/** A sealed message. `base` is the last handshake that its sender has processed. */
const post = v.strictObject({
  type: v.literal('post'),
  id: f.uniqueId,
  room: f.roomId,
  base: f.position,
  body: f.messageBody,
});

/** What the admin key or the keepers key orders. It makes the list of invites complete: an invite that it leaves out ends. */
const order = v.strictObject({
  key: f.publicKey,
  /** Retires every access key that was added before. */
  retire: v.optional(v.literal(true)),
  /** The new admin keys. */
  admins: v.optional(admins),
  keepers: v.optional(f.publicKey),
  /** Replaces all rules of the room. */
  rules: v.optional(rules),
  /** Ends the room. */
  close: v.optional(v.literal(true)),
  proof: f.signature,
});
export type Order = v.InferOutput<typeof order>;

/** A member's sealed commit. It is appended only if the last handshake is at `after`. */
const handshake = v.strictObject({
  type: v.literal('handshake'),
  id: f.uniqueId,
  room: f.roomId,
  after: f.position,
  key: f.position,
  body: f.handshakeBody,
  access: f.publicKey,
  groupInfo: f.sealedGroupInfo,
  member: f.wrappedKey,
  invites: grants,
  proof: f.signature,
  order: v.optional(order),
});

/** Requests the sealed GroupInfo and its wrapped key, with an invite's join key. */
const invitation = v.strictObject({
  type: v.literal('invitation'),
  id: f.requestId,
  room: f.roomId,
  invite: f.inviteId,
  nonce: f.nonce,
  proof: f.signature,
});

/** A sealed external commit, signed with an invite's join key. */
const join = v.strictObject({
  type: v.literal('join'),
  id: f.uniqueId,
  room: f.roomId,
  invite: f.inviteId,
  after: f.position,
  body: f.handshakeBody,
  access: f.publicKey,
  groupInfo: f.sealedGroupInfo,
  member: f.wrappedKey,
  invites: grants,
  nonce: f.nonce,
  proof: f.signature,
});

/** Replaces the GroupInfo of the handshake at `after`, which must be the last one. */
const refresh = v.strictObject({
  type: v.literal('refresh'),
  id: f.uniqueId,
  room: f.roomId,
  after: f.position,
  key: f.position,
  groupInfo: f.sealedGroupInfo,
  member: f.wrappedKey,
  invites: grants,
  proof: f.signature,
});

/** A sealed request of somebody who has an invite that needs approval. */
const knock = v.strictObject({
  type: v.literal('knock'),
  id: f.uniqueId,
  room: f.roomId,
  invite: f.inviteId,
  body: f.knockBody,
  nonce: f.nonce,
  proof: f.signature,
});

/** Requests a notification for each message while away; without `push`, stops them. */
const wake = v.strictObject({
  type: v.literal('wake'),
  id: f.requestId,
  room: f.roomId,
  push: v.optional(v.strictObject({ endpoint: f.pushEndpoint, p256dh: f.pushKey, auth: f.pushSecret })),
});

/** Requests the current GroupInfo of an entered room. */
const fetch = v.strictObject({ type: v.literal('fetch'), id: f.requestId, room: f.roomId });

/** Requests entries after `after` of an entered room. */
const read = v.strictObject({
  type: v.literal('read'),
  id: f.requestId,
  room: f.roomId,
  after: f.position,
  limit: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.readEntries)),
});

/** A sealed signal. It is neither stored nor acknowledged. */
const signal = v.strictObject({ type: v.literal('signal'), room: f.roomId, body: f.signalBody });

/** Stops following a room. */
const exit = v.strictObject({ type: v.literal('exit'), id: f.requestId, room: f.roomId });

const ping = v.strictObject({ type: v.literal('ping'), id: f.requestId });

/** Every frame that a client may send. */
export const up = v.variant('type', [
  hello,
  create,
  enter,
  post,
  handshake,
  invitation,
  join,
  refresh,
  knock,
  wake,
  fetch,
  read,
  signal,
  exit,
  ping,
]);
export type Up = v.InferOutput<typeof up>;
export type UpOf<T extends Up['type']> = Extract<Up, { type: T }>;
