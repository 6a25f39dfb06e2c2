import * as v from 'valibot';
import * as f from './fields.ts';

/** What a room's admins order the server to enforce. A rule that is left out doesn't apply. There is at least one. */
export const rules = v.pipe(
  v.strictObject({
    /** The public half of the key that connections with a voice prove. */
    voice: v.optional(f.publicKey),
    /** How many bytes of posts a connection without a voice may send in `quietMs`. */
    quietBytes: v.optional(f.byteCount),
    /** 0: posts are not limited. */
    quietMs: v.optional(f.durationMs),
    /** How long messages are kept, if that is shorter than on the whole server. */
    retainMs: v.optional(f.durationMs),
  }),
  v.check((some) => Object.keys(some).length > 0, 'at least one rule'),
);
export type Rules = v.InferOutput<typeof rules>;
