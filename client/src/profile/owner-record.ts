import * as v from 'valibot';
import type { Environment } from '../store/environment.ts';

/** Who holds the profile, as all processes read it. */
const ownerRecord = v.object({
  /** Random, new for each claim. */
  token: v.string(),
  pid: v.number(),
  /** Where the owner listens. */
  socket: v.string(),
});
export type OwnerRecord = v.InferOutput<typeof ownerRecord>;

const OWNER_KEY = new TextEncoder().encode('owner');

/** @returns the record as the newest transaction of any process left it. */
export function readOwner(environment: Environment): OwnerRecord | undefined {
  return parse(environment.peek('meta', OWNER_KEY));
}

/**
 * Puts `next` (or nothing) in the place of `expected` (or nothing), if that is what is there.
 * @returns whether it was.
 */
export function replaceOwner(
  environment: Environment,
  expected: OwnerRecord | undefined,
  next: OwnerRecord | undefined,
): Promise<boolean> {
  return environment.transact(() => {
    if (currentToken(environment) !== expected?.token) return false;
    if (next === undefined) void environment.meta.remove(OWNER_KEY);
    else void environment.meta.put(OWNER_KEY, Buffer.from(JSON.stringify(next)));
    return true;
  });
}

/** @returns the owner's token, as of the transaction that this is called in. */
export function currentToken(environment: Environment): string | undefined {
  return parse(environment.meta.get(OWNER_KEY))?.token;
}

/** A record that nobody can read is nobody's. */
function parse(bytes: Uint8Array | undefined): OwnerRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    return v.parse(ownerRecord, JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
}
