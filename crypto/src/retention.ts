import { comparePositions, type Position } from '@gochat/protocol/fields';
import { breakChain } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import { memberAt, ownLeaf, type Retention, type Room } from './room.ts';
import { serverRules } from './room-rules.ts';

/** How much clocks may differ without an accusation. */
const TOLERANCE_MS = 5 * 60_000;

/**
 * Remembers how long the server says that it keeps messages.
 * @param server what it says for all rooms; undefined for ever
 * @param rules of the room; undefined if the server didn't send them
 */
export function announceRetention(
  room: Room,
  server: number | undefined,
  rules: { readonly retainMs?: number | undefined } | undefined,
  now: number,
): Step<Room> {
  const was = room.retention;
  const rule = rules === undefined ? was?.rule : rules.retainMs;
  const ms = shorter(server, rule);
  if (was !== undefined && was.ms === ms && was.rule === rule) return { room, events: [], secretsToWipe: [] };
  const before = was?.ms === ms ? was?.before : shorter(was?.ms, was?.before);
  const retention: Retention = {
    ...(ms !== undefined && { ms }),
    since: was !== undefined && was.ms === ms ? was.since : now,
    ...(rule !== undefined && { rule }),
    ...(before !== undefined && { before }),
  };
  const isShorter = was !== undefined && ms !== undefined && (was.ms === undefined || ms < was.ms);
  const wanted = wantedRetention(room);
  const reported: Warning = {
    kind: 'shorter-retention',
    ms: ms ?? 0,
    ...(was?.ms !== undefined && { before: was.ms }),
  };
  return {
    room: { ...room, retention },
    // What the members themselves have set is no news, and a server that keeps less than that is.
    events: isShorter && (wanted === undefined || ms < wanted) ? [warning(room.position, now, reported)] : [],
    secretsToWipe: [],
  };
}

/** How long the server is to keep messages by the room's state; undefined: as long as it does. */
function wantedRetention({ context: { state } }: Room): number | undefined {
  return state === 'newer' ? undefined : serverRules(state, undefined).retainMs;
}

/**
 * Handles the server's statement that it may have dropped messages up to `floor`, up to which this device has not read. If by what the
 * server says about its retention all of them are too young, the statement excuses nothing. Otherwise the evidence in later messages of
 * this epoch can't be checked, and how many are missing shows in the next message of each device.
 */
export function skipExpired(room: Room, floor: Position, now: number): Step<Room> {
  if (comparePositions(floor, room.position) <= 0) return { room, events: [], secretsToWipe: [] };
  const keptFrom = keptSince(room, now);
  if (keptFrom !== undefined && room.positionAt > keptFrom)
    return { room, events: [warning(room.position, now, { kind: 'withheld' })], secretsToWipe: [] };
  const peers = new Map(
    [...room.peers].map(([device, peer]) => [device, { ...peer, lapsed: true } as const]),
  );
  return {
    room: { ...room, expired: floor, keptFrom, chain: breakChain(room.chain), peers },
    events: [warning(room.position, now, { kind: 'expired' })],
    secretsToWipe: [],
  };
}

/** @param end of the log when the server named its floor: what is appended later can't have expired. @returns the room with a floor that is no later */
export function boundExpired(room: Room, end: Position): Room {
  return comparePositions(room.expired, end) > 0 ? { ...room, expired: end } : room;
}

/** Whether the entry is too young for the floor, which is later, to be true. */
export function isTooYoung(room: Room, seq: Position, at: number): boolean {
  return room.keptFrom !== undefined && at > room.keptFrom && comparePositions(seq, room.expired) < 0;
}

/** @returns the server's time from which on no message can have expired; undefined if the server has said nothing */
function keptSince(room: Room, now: number): number | undefined {
  const { retention } = room;
  if (retention === undefined) return undefined;
  const self = memberAt(room, ownLeaf(room));
  const clock = (self && room.peers.get(self.device)?.clock) ?? 0;
  const from = (ms: number | undefined) =>
    ms === undefined ? Number.NEGATIVE_INFINITY : now + clock + TOLERANCE_MS - ms;
  return Math.max(from(retention.ms), Math.min(from(retention.before), retention.since + clock));
}

function shorter(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function warning(seq: Position, at: number, what: Warning): RoomEvent {
  return { kind: 'warning', seq, at, warning: what };
}
