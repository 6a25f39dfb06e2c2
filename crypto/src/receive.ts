import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { advanceChain } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import type { DecodedEntry, LogEntry } from './log-entry.ts';
import { sha256, utf8 } from './primitives.ts';
import { receiveHandshake } from './receive-handshake.ts';
import { receiveMessage } from './receive-message.ts';
import { isTooYoung } from './retention.ts';
import { isNews, memberAt, ownLeaf, type Room } from './room.ts';
import { judgeOrder } from './time-mark.ts';

/**
 * Processes the next entry of the log. Never throws at input from a peer or the server: the step reports every error as an event, and
 * the next entry can still be processed.
 */
export async function receive(room: Room, entry: LogEntry, now: number): Promise<Step<Room>> {
  if (!isNews(room, entry.seq))
    return { room, events: [warning(entry, { kind: 'repeated' })], secretsToWipe: [] };
  const body = bytesOf(entry.body);
  const decoded: DecodedEntry = {
    seq: entry.seq,
    kind: entry.kind,
    at: entry.at,
    body,
    hash: encodeBytes(sha256(body)),
  };
  if (room.status === 'removed' || room.status === 'broken') {
    return { room: { ...room, position: entry.seq }, events: [], secretsToWipe: [] };
  }
  // The position doesn't advance, so a newer version of this software can still read the entry.
  if (room.status === 'outdated') return { room, events: [], secretsToWipe: [] };
  const read = {
    ...room,
    ...(isTooYoung(room, entry.seq, entry.at) && { expired: room.position }),
    position: entry.seq,
    positionAt: entry.at,
    chain: advanceChain(room.chain, entry, body),
  };
  if (entry.kind === 'message')
    return marked(room, await receiveMessage(room, read, decoded, now), entry, now);
  // Nothing here grants invites. The entry counts for the evidence like any other.
  if (entry.kind === 'knock') return { room: read, events: [], secretsToWipe: [] };
  const step = await receiveHandshake(room, { ...read, base: entry.seq }, decoded, now);
  return marked(room, overtaken(room, step), entry, now);
}

/** Adds to the events what contradicts the entry's time without regard to its sender. */
function marked(before: Room, step: Step<Room>, { at }: LogEntry, now: number): Step<Room> {
  const device = memberAt(before, ownLeaf(before))?.device ?? '';
  const own = step.room.peers.get(device) ?? { n: 0, ids: [] };
  const mark = judgeOrder(at, before.positionAt, now, before.peers.get(device)?.clock ?? own.clock);
  if (mark.aheadMs === undefined && mark.backMs === undefined) return step;
  const events = step.events.map((event) =>
    isTimed(event) ? { ...event, timeMark: { ...event.timeMark, ...mark } } : event,
  );
  if (mark.aheadMs === undefined || own.clock !== undefined) return { ...step, events };
  // This device's clock may be late: from now on only what is even further ahead is marked.
  const peers = new Map(step.room.peers).set(device, { ...own, clock: at - now });
  return { ...step, events, room: { ...step.room, peers } };
}

type Timed = Extract<RoomEvent, { readonly timeMark?: unknown }>;

function isTimed(event: RoomEvent): event is Timed {
  return TIMED.has(event.kind);
}

const TIMED: ReadonlySet<RoomEvent['kind']> = new Set<Timed['kind']>([
  'message',
  'sent',
  'joined',
  'removed',
  'changed',
]);

/** Text that is not base64url is treated like any other undecryptable body. */
function bytesOf(text: string): Uint8Array {
  try {
    return decodeBytes(text);
  } catch {
    return utf8(text);
  }
}

/** A handshake makes all posts and handshakes stale that have an earlier base. */
function overtaken(old: Room, step: Step<Room>): Step<Room> {
  const events: RoomEvent[] = [];
  let { room } = step;
  if (room.inFlight.length > 0) {
    events.push({ kind: 'unsealed', messages: room.inFlight.map(({ id, n }) => ({ id, n })) });
    room = { ...room, inFlight: [], spoken: false };
  }
  if (old.pending !== undefined && room.pending === old.pending) {
    events.push({ kind: 'lost-race', request: old.pending.request });
    room = { ...room, pending: undefined };
  }
  return { ...step, room, events: [...step.events, ...events] };
}

function warning(entry: { readonly seq: Position; readonly at: number }, what: Warning): RoomEvent {
  return { kind: 'warning', seq: entry.seq, at: entry.at, warning: what };
}
