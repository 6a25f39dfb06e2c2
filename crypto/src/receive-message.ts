import { comparePositions } from '@gochat/protocol/fields';
import { type Claim, compareClaim, comparePrevious } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import type { DecodedEntry } from './log-entry.ts';
import {
  generationOf,
  type MlsState,
  type PrivateMessage,
  readPrivateMessage,
  senderOf,
  unprotect,
} from './mls.ts';
import { decodePayload, type Payload } from './payload.ts';
import { equalBytes } from './primitives.ts';
import { accompanied, type Member, memberAt, ownLeaf, type Peer, type Room } from './room.ts';
import { openBody } from './seal.ts';

const IDS_KEPT = 64;
/** The library's limit of steps that a ratchet goes forward at once. */
const FORWARD_STEPS = 200;

/** @param before the room before this entry. @param room the same with the entry read. */
export async function receiveMessage(before: Room, room: Room, entry: DecodedEntry): Promise<Step<Room>> {
  const own = before.inFlight.find((sent) => sent.hash === entry.hash);
  if (own !== undefined) {
    const inFlight = before.inFlight.filter((sent) => sent !== own);
    const self = memberAt(room, ownLeaf(room));
    // A later copy of this profile is counted on from here.
    const peers = self === undefined ? room.peers : counted(room.peers, self, own);
    return {
      room: { ...room, inFlight, peers },
      events: [{ kind: 'sent', seq: entry.seq, at: entry.at, id: own.id }],
      secretsToWipe: [],
    };
  }
  const message = framed(room, entry);
  if (message === undefined) return unopened(room, entry);
  let opened: Awaited<ReturnType<typeof unprotect>>;
  try {
    opened = await unprotect(room.mls, message);
  } catch {
    return unread(room, entry, await senderOf(room.mls, message));
  }
  const from = memberAt(room, opened.leaf);
  if (from === undefined) return fault(room, entry, { kind: 'undecryptable' });
  const other = !from.self && from.device !== room.doubt?.by;
  return said(other ? accompanied(room) : room, entry, {
    from,
    plaintext: opened.plaintext,
    mls: opened.state,
    secretsToWipe: opened.secretsToWipe,
  });
}

/** @param sender undefined when not even that could be opened. */
function unread(room: Room, entry: DecodedEntry, sender: Awaited<ReturnType<typeof senderOf>>): Step<Room> {
  if (sender === undefined) return unopened(room, entry);
  const expected = generationOf(room.mls, sender.leaf);
  if (sender.generation > expected + FORWARD_STEPS) return hole(room, entry, memberAt(room, sender.leaf));
  // A generation is opened once: what comes again can't be told from what was consumed, and neither is news.
  return fault(room, entry, { kind: sender.generation < expected ? 'repeated' : 'undecryptable' });
}

function framed(room: Room, entry: DecodedEntry): PrivateMessage | undefined {
  const bytes = openBody(room.keys, 'message', room.id, entry.body);
  const message = bytes && readPrivateMessage(bytes);
  const context = room.mls.groupContext;
  const ours =
    message?.contentType === 'application' &&
    message.epoch === context.epoch &&
    equalBytes(message.groupId, context.groupId) &&
    message.authenticatedData.length === 0;
  return ours ? message : undefined;
}

/**
 * If a handshake that this device couldn't follow stands before it, others may have followed. A commit of its own tells: it would be
 * easy to break everybody by a commit that holds nowhere and garbage behind it.
 */
function unopened(room: Room, entry: DecodedEntry): Step<Room> {
  if (room.doubt === undefined || room.status === 'broken')
    return fault(room, entry, { kind: 'undecryptable' });
  if (room.doubt.alone) return fault({ ...room, status: 'broken' }, entry, { kind: 'broken' });
  return fault({ ...room, wantsHeal: room.wantsHeal ?? 'doubt' }, entry, { kind: 'undecryptable' });
}

function hole(room: Room, entry: DecodedEntry, from: Member | undefined): Step<Room> {
  return fault({ ...room, wantsHeal: room.wantsHeal ?? 'hole' }, entry, { kind: 'hole', from });
}

function fault(room: Room, entry: DecodedEntry, warning: Warning): Step<Room> {
  return { room, events: [{ kind: 'warning', seq: entry.seq, at: entry.at, warning }], secretsToWipe: [] };
}

interface Said {
  readonly from: Member;
  readonly plaintext: Uint8Array;
  readonly mls: MlsState;
  readonly secretsToWipe: readonly Uint8Array[];
}

function said(room: Room, entry: DecodedEntry, { from, plaintext, mls, secretsToWipe }: Said): Step<Room> {
  const read = { ...room, mls, peerConfirmed: room.peerConfirmed || !from.self };
  const payload = decodePayload(plaintext);
  if (payload === undefined)
    return { ...fault(read, entry, { kind: 'unknown-content', from }), secretsToWipe };
  const peer = room.peers.get(from.device);
  const warnings = [...evidence(room, from, payload), ...missed(room, peer, from, payload)];
  const repeated = peer !== undefined && (payload.n <= peer.n || peer.ids.includes(payload.id));
  const told: RoomEvent[] = warnings.map((t) => ({
    kind: 'warning',
    seq: entry.seq,
    at: entry.at,
    warning: t,
  }));
  const after = from.self ? rolledBack(read, payload) : read;
  if (from.self)
    told.push({ kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'rolled-back' } });
  if (repeated) {
    return {
      room: after,
      events: [...told, { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'repeated' } }],
      secretsToWipe,
    };
  }
  told.push(
    payload.content === undefined
      ? { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'unknown-content', from } }
      : { kind: 'message', seq: entry.seq, at: entry.at, from, id: payload.id, content: payload.content },
  );
  return { room: { ...after, peers: counted(after.peers, from, payload) }, events: told, secretsToWipe };
}

function counted(peers: Room['peers'], from: Member, { n, id }: Pick<Payload, 'n' | 'id'>): Room['peers'] {
  const ids = [...(peers.get(from.device)?.ids ?? []), id].slice(-IDS_KEPT);
  return new Map(peers).set(from.device, { n, ids });
}

/** An own message that this profile doesn't know of: another copy of it has sent since this one was saved. */
function rolledBack(room: Room, payload: Payload): Room {
  return {
    ...room,
    status: 'rolled-back',
    wantsHeal: 'rolled-back',
    next: Math.max(room.next, payload.n + 1),
  };
}

function missed(room: Room, peer: Peer | undefined, from: Member, payload: Payload): Warning[] {
  const known = peer !== undefined && peer.n > 0 && comparePositions(room.position, room.expired) > 0;
  const missing = known ? payload.n - peer.n - 1 : 0;
  return missing > 0 ? [{ kind: 'missing', from, count: missing }] : [];
}

/** Compares what the sender had read with what this device has. `room` already holds this entry, which the sender can't have read. */
function evidence(room: Room, from: Member, payload: Payload): Warning[] {
  const here = payload.claim && judge(room, payload.claim, from);
  const there = payload.previous && comparePrevious(room.chain, payload.previous) === 'differs';
  if (here !== undefined) return [here];
  return there === true ? [{ kind: 'forked', from }] : [];
}

function judge(room: Room, claim: Claim, from: Member): Warning | undefined {
  if (room.chain.verifiable && claim.index === room.chain.index) return { kind: 'withheld', from };
  const verdict = compareClaim(room.chain, claim);
  if (verdict === 'ahead') return { kind: 'withheld', from };
  return verdict === 'differs' ? { kind: 'forked', from } : undefined;
}
