import * as v from 'valibot';
import { errorCode } from './errors.ts';
import * as f from './fields.ts';
import { LIMITS } from './limits.ts';
import { rules } from './rules.ts';

/** Reply to `hello`. Every proof on this connection includes `nonce`. */
const welcome = v.strictObject({
  type: v.literal('welcome'),
  id: f.requestId,
  version: v.pipe(v.number(), v.safeInteger()),
  nonce: f.nonce,
  /** The software and its version, for people. */
  server: v.pipe(v.string(), v.maxLength(64)),
  silenceMs: f.durationMs,
  /** The server's clock. */
  now: f.instant,
  /** The longest lifetime of an invite on this server, if it is shorter than the protocol's limit. */
  inviteLifetimeMs: v.optional(f.durationMs),
  /** How long the server keeps messages; absent: for ever. */
  retainMs: v.optional(f.durationMs),
  /** The server stores files: the size of the largest one, and how long it keeps them; absent: for ever. */
  files: v.optional(v.strictObject({ bytes: f.byteCount, keepMs: v.optional(f.durationMs) })),
  /** The server sends notifications: its public key for Web Push (RFC 8292). */
  push: v.optional(f.pushKey),
  features: v.optional(f.features),
});

const entryKind = v.picklist(['message', 'handshake', 'knock']);
const stored = {
  seq: f.position,
  kind: entryKind,
  at: f.instant,
  body: f.entryBody,
  /** The invite that a join or knock used. */
  invite: v.optional(f.inviteId),
};

/** One entry of a room's log. */
const entry = v.strictObject({ type: v.literal('entry'), room: f.roomId, ...stored });
export type Entry = v.InferOutput<typeof entry>;

/** Reply to `enter`. The entries after `since` follow as `entry` frames, then `live` or `retired`. */
const entered = v.strictObject({
  type: v.literal('entered'),
  id: f.requestId,
  room: f.roomId,
  handshake: f.position,
  /** Messages at or before this position may have expired. */
  floor: f.position,
  /** The room's last entry. It only says how long the backlog is, and proves nothing. */
  last: f.position,
  rules: v.optional(rules),
});

/** The backlog up to `seq` has been sent. Later entries are sent as they are appended. */
const live = v.strictObject({ type: v.literal('live'), room: f.roomId, seq: f.position });

/** The handshake at `seq` retired the proved key. The server sends nothing more of this room until the client proves a newer key. */
const retired = v.strictObject({ type: v.literal('retired'), room: f.roomId, seq: f.position });

/** Reply to create, post, handshake, join and refresh: stored durably at `seq`. `dup`: the request was a repeat. */
const ack = v.strictObject({
  type: v.literal('ack'),
  id: f.requestId,
  seq: f.position,
  at: f.instant,
  dup: v.boolean(),
});

/** Reply to `invitation` (with `wrapped`, for that invite) and `fetch` (with `member`, for members). */
const groupinfo = v.strictObject({
  type: v.literal('groupinfo'),
  id: f.requestId,
  room: f.roomId,
  handshake: f.position,
  groupInfo: f.sealedGroupInfo,
  wrapped: v.optional(f.wrappedKey),
  member: v.optional(f.wrappedKey),
  /** All live invites. A joiner wraps the new key to exactly these. */
  invites: v.pipe(
    v.array(
      v.strictObject({
        invite: f.inviteId,
        /** In the reply to `fetch`. Absent: nobody has wrapped the key for this invite. */
        wrapped: v.optional(f.wrappedKey),
        expires: v.optional(f.instant),
        uses: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
      }),
    ),
    v.maxLength(LIMITS.invitesPerRoom),
  ),
});

/** Reply to `read`. `more`: entries after the last one of the page exist. */
const page = v.strictObject({
  type: v.literal('page'),
  id: f.requestId,
  room: f.roomId,
  entries: v.array(v.strictObject(stored)),
  floor: f.position,
  more: v.boolean(),
});

/** The GroupInfo of the last handshake was replaced. */
const refreshed = v.strictObject({
  type: v.literal('refreshed'),
  room: f.roomId,
  handshake: f.position,
});

/** Reply to `wake`. */
const waking = v.strictObject({ type: v.literal('waking'), id: f.requestId, room: f.roomId });

const signalDown = v.strictObject({ type: v.literal('signal'), room: f.roomId, body: f.signalBody });

/** Reply to `exit`. */
const exited = v.strictObject({ type: v.literal('exited'), id: f.requestId, room: f.roomId });

const pong = v.strictObject({ type: v.literal('pong'), id: f.requestId });

/** An error. With `id` it is the reply to that request; with only `room` it is about that room; with neither, about the connection. */
const error = v.strictObject({
  type: v.literal('error'),
  id: v.optional(f.requestId),
  room: v.optional(f.roomId),
  code: errorCode,
  /** For people. Never contains a secret. */
  message: v.pipe(v.string(), v.maxLength(512)),
  /** For `stale` and `conflict`: the position of the last handshake. */
  handshake: v.optional(f.position),
  /** For codes that may be retried: how long to wait first. */
  retryAfterMs: v.optional(f.durationMs),
});

/** Every frame that a server may send. */
export const down = v.variant('type', [
  welcome,
  entered,
  entry,
  live,
  retired,
  ack,
  groupinfo,
  page,
  refreshed,
  waking,
  signalDown,
  exited,
  pong,
  error,
]);
export type Down = v.InferOutput<typeof down>;
export type DownOf<T extends Down['type']> = Extract<Down, { type: T }>;
