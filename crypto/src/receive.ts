import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position } from '@gochat/protocol/fields';
import { advanceChain } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import { awaitsOwnSecret, isDoor, openKnock } from './knock.ts';
import type { DecodedEntry, LogEntry } from './log-entry.ts';
import { isPart } from './pack.ts';
import { sha256, utf8 } from './primitives.ts';
import { receiveHandshake } from './receive-handshake.ts';
import { type Ahead, openAhead, receiveMessage } from './receive-message.ts';
import { isTooYoung } from './retention.ts';
import { isNews, memberAt, ownLeaf, type Room } from './room.ts';
import { judgeOrder } from './time-mark.ts';

/** How many entries' signatures are verified together. More would keep a browser's page from drawing for too long. */
const TOGETHER = 32;

/**
 * Processes the next entries of the log, as {@link receive} does one after the other, in a fraction of the time.
 * @returns a step for each entry
 */
export async function receiveAll(
  room: Room,
  entries: readonly LogEntry[],
  now: number,
): Promise<Step<Room>[]> {
  const steps: Step<Room>[] = [];
  const decoded = entries.map(decode);
  let [read, begun] = [room, 0];
  let ahead = new Map<DecodedEntry, Ahead>();
  for (const [i, entry] of decoded.entries()) {
    if (i === begun) {
      const run = decoded.slice(i, i + TOGETHER);
      const handshake = run.findIndex(({ kind }) => kind === 'handshake');
      begun += handshake < 0 ? run.length : handshake + 1;
      ahead = await openAhead(read, run);
    }
    const step = await receiveDecoded(read, entry, now, ahead.get(entry));
    steps.push(step);
    read = step.room;
  }
  return steps;
}

/**
 * Processes the next entry of the log. Never throws at input from a peer or the server: the step reports every error as an event, and
 * the next entry can still be processed.
 */
export function receive(room: Room, entry: LogEntry, now: number): Promise<Step<Room>> {
  return receiveDecoded(room, decode(entry), now);
}

function decode(entry: LogEntry): DecodedEntry {
  const body = bytesOf(entry.body);
  let hash: string | undefined;
  return {
    seq: entry.seq,
    kind: entry.kind,
    at: entry.at,
    invite: entry.invite,
    body,
    // Only while something of this device is on its way does anybody ask.
    get hash() {
      hash ??= encodeBytes(sha256(body));
      return hash;
    },
  };
}

async function receiveDecoded(
  room: Room,
  entry: DecodedEntry,
  now: number,
  ahead?: Ahead,
): Promise<Step<Room>> {
  if (!isNews(room, entry.seq))
    return { room, events: [warning(entry, { kind: 'repeated' })], secretsToWipe: [] };
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
    chain: advanceChain(room.chain, entry, entry.body),
  };
  // Its content is announced by a message. It counts for the evidence like any other entry.
  if (entry.kind === 'message' && isPart(entry.body)) return { room: read, events: [], secretsToWipe: [] };
  if (entry.kind === 'message')
    return marked(room, await receiveMessage(room, read, entry, now, ahead), entry, now);
  // The entry counts for the evidence like any other. What isn't a knock is nobody's fault but of who has the link.
  if (entry.kind === 'knock')
    return { room: read, events: await receiveKnock(read, entry), secretsToWipe: [] };
  const step = await receiveHandshake(room, { ...read, base: entry.seq }, entry, now);
  return marked(room, overtaken(room, step), entry, now);
}

async function receiveKnock(read: Room, { seq, at, invite: door, body }: DecodedEntry): Promise<RoomEvent[]> {
  if (door === undefined || !isDoor(read, door)) return [];
  if (awaitsOwnSecret(read)) return [{ kind: 'knock-sealed', seq, at, door, body }];
  const knock = await openKnock(read, door, body);
  return knock === undefined ? [] : [{ kind: 'knocked', seq, at, knock }];
}

/** Adds to the events what contradicts the entry's time without regard to its sender. */
function marked(before: Room, step: Step<Room>, { at }: DecodedEntry, now: number): Step<Room> {
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
