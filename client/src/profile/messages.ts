import * as v from 'valibot';

/** Increment it when the messages between owner and guests change. */
export const OWNER_PROTOCOL = 2;

const callId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What a guest sends. */
export const toOwner = v.object({
  type: v.literal('call'),
  id: callId,
  method: v.string(),
  params: v.optional(v.unknown()),
});
export type ToOwner = v.InferOutput<typeof toOwner>;

/** What an owner sends. The greeting comes first and identifies the owner. */
export const toGuest = v.variant('type', [
  v.object({ type: v.literal('greeting'), protocol: v.number(), token: v.string() }),
  v.object({ type: v.literal('result'), id: callId, result: v.optional(v.unknown()) }),
  v.object({
    type: v.literal('error'),
    id: callId,
    error: v.object({
      name: v.string(),
      message: v.string(),
      code: v.optional(v.string()),
      data: v.optional(v.unknown()),
    }),
  }),
  v.object({ type: v.literal('event'), event: v.string(), data: v.optional(v.unknown()) }),
]);
export type ToGuest = v.InferOutput<typeof toGuest>;
