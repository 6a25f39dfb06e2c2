import * as v from 'valibot';
import type { Route } from '../net/route.ts';
import type { Environment } from '../store/environment.ts';

const route = v.object({ proxy: v.string(), unlinked: v.boolean() });

/** The owner's record, which all processes read. */
const ownerRecord = v.object({
  /** Random, new for each claim. */
  token: v.string(),
  pid: v.number(),
  /** Where the owner listens. */
  socket: v.string(),
  /** How it reaches servers; absent: directly. */
  route: v.optional(route),
});
export type OwnerRecord = v.InferOutput<typeof ownerRecord>;

const OWNER_KEY = new TextEncoder().encode('owner');
const ROUTE_KEY = new TextEncoder().encode('route');

/** @returns how the profile last reached its servers; undefined: directly. @throws ValiError when it can't be read: a direct connection might be wrong */
export function readRoute(environment: Environment): Route | undefined {
  const bytes = environment.peek('meta', ROUTE_KEY);
  return bytes === undefined ? undefined : v.parse(route, JSON.parse(Buffer.from(bytes).toString()));
}

/** @returns the record as of the newest transaction of any process. */
export function readOwner(environment: Environment): OwnerRecord | undefined {
  return parse(environment.peek('meta', OWNER_KEY));
}

/**
 * Compare-and-swap: replaces `expected` by `next`; undefined is no record. The route of `next` becomes the profile's.
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
    else {
      void environment.meta.put(OWNER_KEY, Buffer.from(JSON.stringify(next)));
      if (next.route === undefined) void environment.meta.remove(ROUTE_KEY);
      else void environment.meta.put(ROUTE_KEY, Buffer.from(JSON.stringify(next.route)));
    }
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
