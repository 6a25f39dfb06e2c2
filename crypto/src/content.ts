import {
  fileHash,
  fileId,
  fileKey,
  publicKey as identity,
  nonce as messageId,
  position,
  roomId,
  fileKey as seed,
  signature,
  thumbHash,
  waveform,
} from '@gochat/protocol/fields';
import { LIMITS } from '@gochat/protocol/limits';
import * as v from 'valibot';
import { ALT_CHARS, PREVIEW } from './content-limits.ts';

/** A reference to a message: its id finds it. The position is the one that the sender was shown: another one is evidence against the server. */
const ref = v.strictObject({ seq: position, id: messageId });
export type Ref = v.InferOutput<typeof ref>;

/** Identity keys of the persons that the text mentions. */
const mentions = v.pipe(v.array(identity), v.maxLength(32));

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LIMITS.fileBytes));
const pixels = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1_000_000));

/** Where the server has the bytes, what opens them, and how many there are. */
const sealedFile = { id: fileId, key: fileKey, hash: fileHash, bytes: size };

/** A smaller picture, made by the sender: JPEG or PNG. */
const preview = v.strictObject({
  ...sealedFile,
  bytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(PREVIEW.bytes)),
});

/** A file of a message. What it says of its own content is a claim of the sender. */
const file = v.strictObject({
  ...sealedFile,
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  /** A media type (RFC 6838) without parameters, in lower case. */
  type: v.pipe(v.string(), v.maxLength(127), v.regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/)),
  /** What is to be seen or heard, in words. */
  alt: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(ALT_CHARS))),
  /** The size of a picture or video as it is shown, in pixels. */
  w: v.optional(pixels),
  h: v.optional(pixels),
  thumb: v.optional(thumbHash),
  preview: v.optional(preview),
  /** The length of a recording, in milliseconds. */
  ms: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  /** The loudness of a voice message in 64 equal parts of its length, from 0 to 255 each. */
  wave: v.optional(waveform),
});
export type FileContent = v.InferOutput<typeof file>;

/** The schema of plaintext content. The server does not have this schema. */
const text = v.strictObject({
  kind: v.literal('text'),
  /** Empty only where there are files. */
  text: v.string(),
  /** An action in the third person, as with `/me`. */
  me: v.optional(v.literal(true)),
  reply: v.optional(ref),
  mentions: v.optional(mentions),
  files: v.optional(v.pipe(v.array(file), v.minLength(1), v.maxLength(LIMITS.filesPerMessage))),
  /** The text asks a question and lists its answers; how many of them a person may choose. */
  poll: v.optional(v.picklist(['one', 'many'])),
  /** Somebody else said this before, as the sender says: by that name. */
  forwarded: v.optional(v.strictObject({ from: v.pipe(v.string(), v.minLength(1), v.maxLength(128)) })),
});

/** Replaces the text of one of the sender's own messages. An empty one is for a message with files; they stay. */
const edit = v.strictObject({
  kind: v.literal('edit'),
  of: ref,
  text: v.string(),
  mentions: v.optional(mentions),
});

/** Deletes a message for all members. Members may delete their own messages, admins any message. */
const erase = v.strictObject({ kind: v.literal('delete'), of: ref });

/** Adds the sender's reaction to a message, or removes it. */
const react = v.strictObject({
  kind: v.literal('react'),
  to: ref,
  /** One emoji. */
  emoji: v.pipe(v.string(), v.minLength(1), v.maxLength(32), v.regex(/^[^\s\p{Cc}]+$/u)),
  on: v.boolean(),
});

/** Ends a poll: later votes don't count. Its author may close it, and admins and moderators. */
const close = v.strictObject({ kind: v.literal('close'), of: ref });

/** A member asks to be removed; an admin's client then removes it. */
const leave = v.strictObject({ kind: v.literal('leave') });

/** The largest value that is kept, in characters of JSON. */
export const KEPT_CHARS = 32 * 1024;
const KEPT_AT_ONCE = 1024;
/** How many entries one value may name as known. */
export const KEPT_OVER = 16;
const keptAt = v.strictTuple([v.pipe(v.number(), v.safeInteger(), v.minValue(0)), identity]);

/**
 * A value that a person's devices share, by a key such as `read ROOM`. Of two values with one key the later counts: the one with the
 * greater time, and with equal times the greater device key.
 */
const kept = v.strictObject({
  key: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  /** When it was set, in milliseconds since 1970 by that device's clock, and the device's key. */
  at: keptAt,
  /** Of a draft: the last entry of each device that its device knew when it set this one. */
  over: v.optional(v.pipe(v.array(keptAt), v.maxLength(KEPT_OVER))),
  /** Any JSON; null where there is no value any more. */
  value: v.pipe(
    v.unknown(),
    v.check((value) => value !== undefined && JSON.stringify(value).length <= KEPT_CHARS, 'a value in JSON'),
  ),
});
export type Kept = v.InferOutput<typeof kept>;
const keptList = v.pipe(v.array(kept), v.maxLength(KEPT_AT_ONCE));

/** In a self room only: values that the devices of a person share. `ask`: the sender wants to be given all of them. */
const keep = v.strictObject({ kind: v.literal('keep'), set: keptList, ask: v.optional(v.literal(true)) });

/**
 * In a pairing room only: what makes the other device one of this person's. Several follow each other if one is too small; the first
 * has the identity.
 */
const link = v.strictObject({
  kind: v.literal('link'),
  /** The public identity key. */
  identity: v.optional(identity),
  /** Its private key, 32 bytes. Absent for a limited device. */
  seed: v.optional(seed),
  /** The identity key's signature over the other device's key and rights, for a limited device. */
  certificate: v.optional(signature),
  /** The display name for new rooms. */
  name: v.optional(v.pipe(v.string(), v.maxLength(128))),
  set: keptList,
  more: v.optional(v.literal(true)),
});

/** In a pairing room only: the other device has stored all that it was sent. */
const linked = v.strictObject({ kind: v.literal('linked') });

/** The most posts of a pack: 4 MiB. */
const PACK_PARTS = 64;

/** The posts of a pack in order, with SHA-256 of each body. */
const packParts = v.pipe(
  v.array(v.strictObject({ seq: position, hash: fileHash })),
  v.minLength(1),
  v.maxLength(PACK_PARTS),
);

/** In a self room only: history of another room that the sender has posted here, for a device that it has linked. */
const history = v.strictObject({
  kind: v.literal('history'),
  /** The device's key. */
  to: identity,
  /** The id of the other room. */
  of: roomId,
  parts: packParts,
  /** What opens them. */
  key: fileKey,
});

/** History for newcomers, which the sender has posted before: a pack of all messages from one position to another. */
const pack = v.strictObject({
  kind: v.literal('pack'),
  parts: packParts,
  /** What opens them. */
  key: fileKey,
  from: position,
  to: position,
  /** Up to where its sender had read the log: later changes of the messages are not in it. */
  seen: position,
  /** How many messages it has; edits and reactions don't count. */
  messages: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 32 - 1)),
});
export type PackContent = v.InferOutput<typeof pack>;

/**
 * The parts of a box: as many as a person may have devices. Each has an encapsulated key, an encrypted key and a tag. `textBytes`: the
 * longest first words, in UTF-8.
 */
export const BOX = { parts: 8, textBytes: 1024 } as const;
/** 80 bytes. */
const boxPart = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{106}[AEIMQUYcgkosw048]$/));
/** 1,098 bytes: nonce, room, secret, length, words, tag. */
const boxSealed = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1464}$/));

/** The way into a direct room, for one of the members: none of the others learns for whom. */
const box = v.strictObject({
  kind: v.literal('box'),
  parts: v.pipe(v.array(boxPart), v.length(BOX.parts)),
  sealed: boxSealed,
});
export type BoxContent = v.InferOutput<typeof box>;

const KINDS = [text, edit, erase, react, close, leave, pack, box, keep, history, link, linked] as const;

export const content = v.pipe(
  v.variant('kind', KINDS),
  v.check((said) => said.kind !== 'text' || said.text !== '' || said.files !== undefined, 'a text or files'),
);
export type Content = v.InferOutput<typeof content>;

type TextContent = Extract<Content, { kind: 'text' }>;

/** Content as it was read. `newer`: it is of a kind that this version doesn't know, and its text is what its sender says in place of it. */
export type ReadContent =
  | Exclude<Content, TextContent>
  | (TextContent & { readonly newer?: true | undefined });

/** What a sender says for readers that don't know the content: plain text. */
const inOtherWords = v.object({
  alt: v.pipe(v.string(), v.maxLength(ALT_CHARS), v.regex(/\S/)),
});

const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map(
  KINDS.map(({ entries }) => [entries.kind.literal, Object.keys(entries)]),
);

/**
 * Reads content that may be of a newer version: other members of a known kind are ignored, and what this version doesn't know is
 * shown by its `alt`.
 * @returns undefined for what is neither known nor has an `alt`
 */
export function readContent(value: unknown): ReadContent | undefined {
  const known = v.safeParse(content, withKnownMembers(value));
  if (known.success) return known.output;
  const other = v.safeParse(inOtherWords, value);
  return other.success ? { kind: 'text', text: other.output.alt, newer: true } : undefined;
}

function withKnownMembers(value: unknown): unknown {
  const members = v.is(v.object({ kind: v.string() }), value) ? MEMBERS.get(value.kind) : undefined;
  if (members === undefined) return value;
  return Object.fromEntries(Object.entries(value as object).filter(([name]) => members.includes(name)));
}

/** Content between the devices of one person, which no history shows. In rooms of other kinds it is ignored. */
export type DeviceContent = Extract<Content, { kind: 'keep' | 'history' | 'link' | 'linked' }>;

export function isDeviceContent(said: Content): said is DeviceContent {
  return ['keep', 'history', 'link', 'linked'].includes(said.kind);
}

const typing = v.strictObject({ kind: v.literal('typing'), on: v.boolean() });

/** The sender has the room open. `ask`: the others should send their presence too. `read`: the last message displayed; absent if the sender keeps it private. */
const here = v.strictObject({
  kind: v.literal('here'),
  read: v.optional(position),
  ask: v.optional(v.literal(true)),
});
const away = v.strictObject({ kind: v.literal('away') });

/** The content of a signal. No durable state may depend on it. */
export const presence = v.variant('kind', [typing, here, away]);
export type Presence = v.InferOutput<typeof presence>;
