import * as v from 'valibot';
import type { Environment } from '../store/environment.ts';

/** The owner's record, which all processes read. */
const ownerRecord = v.object({
  /** Random, new for each claim. */
  token: v.string(),
  pid: v.number(),
  /** Where the owner listens. */
  socket: v.string(),
});
export type OwnerRecord = v.InferOutput<typeof ownerRecord>;

const OWNER_KEY = new TextEncoder().encode('owner');

/** @returns the record as of the newest transaction of any process. */
export function readOwner(environment: Environment): OwnerRecord | undefined {
  return parse(environment.peek('meta', OWNER_KEY));
}

/**
 * Compare-and-swap: replaces `expected` by `next`; undefined is no record.
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

/** An unreadable record counts as none. */
function parse(bytes: Uint8Array | undefined): OwnerRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    return v.parse(ownerRecord, JSON.parse(Buffer.from(bytes).toString()));
  } catch {
    return undefined;
  }
}
