import * as v from 'valibot';

/** The schema of plaintext: what a sealed message or signal can say. The server can't even name it. */
const text = v.strictObject({ kind: v.literal('text'), text: v.pipe(v.string(), v.minLength(1)) });

/** A member asks to be removed; an admin's client carries it out. */
const leave = v.strictObject({ kind: v.literal('leave') });

export const content = v.variant('kind', [text, leave]);
export type Content = v.InferOutput<typeof content>;

const typing = v.strictObject({ kind: v.literal('typing'), on: v.boolean() });
const readUpTo = v.strictObject({ kind: v.literal('read'), seq: v.pipe(v.string(), v.maxLength(16)) });

/** What a signal can say: nothing that anybody has to rely on. */
export const whisper = v.variant('kind', [typing, readUpTo]);
export type Whisper = v.InferOutput<typeof whisper>;
