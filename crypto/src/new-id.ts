import { encodeBytes } from '@gochat/protocol/encoding';
import type { Env } from './primitives.ts';

/** @returns 128 random bits as base64url. */
export function newId<T extends string>(env: Pick<Env, 'random'>): T {
  return encodeBytes(env.random(16)) as T;
}
