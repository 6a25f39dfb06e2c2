import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { comparePositions, type Position } from '@gochat/protocol/fields';
import { advanceChain, breakChain } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import type { DecodedEntry, LogEntry } from './log-entry.ts';
import { sha256, utf8 } from './primitives.ts';
import { receiveHandshake } from './receive-handshake.ts';
import { receiveMessage } from './receive-message.ts';
import { isNews, type Room } from './room.ts';

/**
 * Takes in the next entry of the log. Never throws at what a peer or the server made: whatever is wrong comes as an event, and
 * the room goes on behind it.
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
  if (room.status === 'removed' || (room.status === 'broken' && room.doubt === undefined)) {
    return { room: { ...room, position: entry.seq }, events: [], secretsToWipe: [] };
  }
  // Nothing is lost: newer software reads it.
  if (room.status === 'outdated') return { room, events: [], secretsToWipe: [] };
  const crossed =
    comparePositions(room.position, room.expired) <= 0 && comparePositions(entry.seq, room.expired) > 0;
  const read = {
    ...room,
    position: entry.seq,
    chain: advanceChain(room.chain, entry.kind, body),
    peers: crossed ? uncounted(room.peers) : room.peers,
  };
  if (entry.kind === 'message') return receiveMessage(room, read, decoded);
  const step = await receiveHandshake(room, { ...read, base: entry.seq }, decoded, now);
  return overtaken(room, step);
}

/** Text that is no base64url is the server's own, and as good as any other garbage. */
function bytesOf(text: string): Uint8Array {
  try {
    return decodeBytes(text);
  } catch {
    return utf8(text);
  }
}

/** Behind a handshake nothing lands that was based on what stood before it. */
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

/**
 * The server keeps messages only behind `floor`, and this device hasn't read so far: what is missing has expired, and nothing can
 * be said about it.
 */
export function skipExpired(room: Room, floor: Position, now: number): Step<Room> {
  if (comparePositions(floor, room.position) <= 0) return { room, events: [], secretsToWipe: [] };
  const events = [warning({ seq: room.position, at: now }, { kind: 'expired' })];
  return { room: { ...room, expired: floor, chain: breakChain(room.chain) }, events, secretsToWipe: [] };
}

/** Behind expired messages nobody's counter is known. */
function uncounted(peers: Room['peers']): Room['peers'] {
  return new Map([...peers].map(([device, { ids }]) => [device, { n: 0, ids }]));
}

function warning(entry: { readonly seq: Position; readonly at: number }, what: Warning): RoomEvent {
  return { kind: 'warning', seq: entry.seq, at: entry.at, warning: what };
}
