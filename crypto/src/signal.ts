import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { UpOf } from '@gochat/protocol/up';
import * as v from 'valibot';
import { type Presence, presence } from './content.ts';
import { type Env, fromUtf8, utf8 } from './primitives.ts';
import { type Member, memberAt, ownLeaf, type Room } from './room.ts';
import { RoomError } from './room-error.ts';
import { openBody, sealBody } from './seal.ts';

const envelope = v.object({
  leaf: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** The sender's clock in milliseconds since 1970. Receivers ignore signals that are not newer than the last one. */
  n: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  presence,
});

/** Seals a signal. Any member can forge a signal of another, so no durable state may depend on it. @throws RoomError `not-active` */
export function sealSignal(room: Room, content: Presence, env: Env): UpOf<'signal'> {
  if (room.status !== 'active') throw new RoomError('not-active', { cause: room.status });
  const bytes = utf8(JSON.stringify({ leaf: ownLeaf(room), n: env.now(), presence: content }));
  return {
    type: 'signal',
    room: room.id,
    body: encodeBytes(sealBody(room.keys, 'signal', room.id, bytes, env)),
  };
}

/** The newest counter of each device key. Kept only in memory. */
export type SignalCounters = ReadonlyMap<string, number>;

/** @returns the sender and its presence, or undefined if the signal is undecryptable, repeated or unknown. */
export function openSignal(
  room: Room,
  counters: SignalCounters,
  body: string,
): { from: Member; presence: Presence; counters: SignalCounters } | undefined {
  const opened = openBody(room.keys, 'signal', room.id, decodeBytes(body));
  if (opened === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(opened));
  } catch {
    return undefined;
  }
  const parsed = v.safeParse(envelope, value);
  if (!parsed.success) return undefined;
  const from = memberAt(room, parsed.output.leaf);
  if (from === undefined || parsed.output.n <= (counters.get(from.device) ?? -1)) return undefined;
  return {
    from,
    presence: parsed.output.presence,
    counters: new Map(counters).set(from.device, parsed.output.n),
  };
}
