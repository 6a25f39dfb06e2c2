import { publicKey as device, nonce as messageId, position } from '@gochat/protocol/fields';
import * as v from 'valibot';

const words = v.pipe(v.string(), v.minLength(1));

/** Which message is meant: where it stands in the log, and its own id. Both must fit, so that nobody can point at another entry. */
const ref = v.strictObject({ seq: position, id: messageId });
export type Ref = v.InferOutput<typeof ref>;

/** Device keys of the members whom the text calls by name. */
const mentions = v.pipe(v.array(device), v.maxLength(32));

/** The schema of plaintext: what a sealed message or signal can say. The server can't even name it. */
const text = v.strictObject({
  kind: v.literal('text'),
  text: words,
  /** Said in the third person, as with `/me`. */
  me: v.optional(v.literal(true)),
  reply: v.optional(ref),
  mentions: v.optional(mentions),
});

/** New words for an own message. */
const edit = v.strictObject({
  kind: v.literal('edit'),
  of: ref,
  text: words,
  mentions: v.optional(mentions),
});

/** Takes a message back, for everybody: one's own, or as an admin anybody's. */
const erase = v.strictObject({ kind: v.literal('delete'), of: ref });

/** Puts one's reaction to a message, or takes it away. */
const react = v.strictObject({
  kind: v.literal('react'),
  to: ref,
  /** One emoji. */
  emoji: v.pipe(v.string(), v.minLength(1), v.maxLength(32), v.regex(/^[^\s\p{Cc}]+$/u)),
  on: v.boolean(),
});

/** A member asks to be removed; an admin's client carries it out. */
const leave = v.strictObject({ kind: v.literal('leave') });

export const content = v.variant('kind', [text, edit, erase, react, leave]);
export type Content = v.InferOutput<typeof content>;

const typing = v.strictObject({ kind: v.literal('typing'), on: v.boolean() });

/** Somebody looks at the room. `ask` bids the others say so too. `read`: the last message that was on the screen, unless that is kept private. */
const here = v.strictObject({
  kind: v.literal('here'),
  read: v.optional(position),
  ask: v.optional(v.literal(true)),
});
const away = v.strictObject({ kind: v.literal('away') });

/** What a signal can say: nothing that anybody has to rely on. */
export const presence = v.variant('kind', [typing, here, away]);
export type Presence = v.InferOutput<typeof presence>;
