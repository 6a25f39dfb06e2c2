import { publicKey as identity, nonce as messageId, position } from '@gochat/protocol/fields';
import * as v from 'valibot';

/** The largest text of a message, in bytes of UTF-8. */
export const TEXT_BYTES = 64 * 1024;

const words = v.pipe(v.string(), v.minLength(1));

/** A reference to a message: its id finds it. The position is the one that the sender was shown: another one is evidence against the server. */
const ref = v.strictObject({ seq: position, id: messageId });
export type Ref = v.InferOutput<typeof ref>;

/** Identity keys of the persons that the text mentions. */
const mentions = v.pipe(v.array(identity), v.maxLength(32));

/** The schema of plaintext content. The server does not have this schema. */
const text = v.strictObject({
  kind: v.literal('text'),
  text: words,
  /** An action in the third person, as with `/me`. */
  me: v.optional(v.literal(true)),
  reply: v.optional(ref),
  mentions: v.optional(mentions),
});

/** Replaces the text of one of the sender's own messages. */
const edit = v.strictObject({
  kind: v.literal('edit'),
  of: ref,
  text: words,
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

/** A member asks to be removed; an admin's client then removes it. */
const leave = v.strictObject({ kind: v.literal('leave') });

export const content = v.variant('kind', [text, edit, erase, react, leave]);
export type Content = v.InferOutput<typeof content>;

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
