import { comparePositions } from '@gochat/protocol/fields';
import { type Claim, compareClaim, comparePrevious } from './chain.ts';
import type { RoomEvent, Step, Warning } from './event.ts';
import { expiryOf } from './expiry.ts';
import type { DecodedEntry } from './log-entry.ts';
import { readPrivateMessage } from './mls/codec.ts';
import { generationOf, type Opened, senderOf, unprotect, unprotectUnverified } from './mls/messages.ts';
import type { MlsState, PrivateMessage } from './mls/suite.ts';
import { decodePayload, type Payload } from './payload.ts';
import { equalBytes } from './primitives.ts';
import type { Proof } from './proof.ts';
import { confirmed, type Member, memberAt, ownLeaf, type Peer, type Room } from './room.ts';
import { openBody } from './seal.ts';
import { judgeSender, type TimeMark } from './time-mark.ts';

const IDS_KEPT = 64;
/** The library's limit on how many generations a ratchet may skip at once. */
const FORWARD_STEPS = 200;

/** A message that was decrypted before its turn, in the state that the ones before it leave if they are as they should be. */
export interface Ahead {
  readonly state: MlsState;
  readonly message: PrivateMessage;
  readonly opened: Opened;
  /** Nothing of the message may be used unless this is true. */
  readonly isSigned: Promise<boolean>;
}

/**
 * Decrypts the messages at the beginning of a list, so that their signatures are verified together.
 * @returns those that could be decrypted
 */
export async function openAhead(
  room: Room,
  entries: readonly DecodedEntry[],
): Promise<Map<DecodedEntry, Ahead>> {
  const ahead = new Map<DecodedEntry, Ahead>();
  let state = room.mls;
  for (const entry of entries) {
    if (entry.kind === 'handshake') break;
    if (entry.kind !== 'message' || room.inFlight.some(({ hash }) => hash === entry.hash)) continue;
    const message = innerMessage(room, entry);
    const found = message && (await unprotectUnverified(state, message).catch(() => undefined));
    if (message === undefined || found === undefined) continue;
    ahead.set(entry, { state, message, ...found });
    state = found.opened.state;
  }
  return ahead;
}

/**
 * @param before the room before this entry. @param room the same room after reading the entry.
 * @param ahead the message, if it was decrypted before its turn
 */
export async function receiveMessage(
  before: Room,
  room: Room,
  entry: DecodedEntry,
  now: number,
  ahead?: Ahead,
): Promise<Step<Room>> {
  const own = before.inFlight.find((sent) => sent.hash === entry.hash);
  if (own !== undefined) {
    const inFlight = before.inFlight.filter((sent) => sent !== own);
    const self = memberAt(room, ownLeaf(room));
    // If this profile is rolled back later, its other copy's counter continues from here.
    const { mark, clock } = judgeSender(
      entry.at,
      own.sealedAt,
      self && room.peers.get(self.device)?.clock,
      now,
    );
    const peers = self === undefined ? room.peers : counted(room, self, own, clock);
    const expiry = expiryOf(room.context.state, entry.at, own.sealedAt);
    const line = { seq: entry.seq, at: entry.at, ...shown(mark), ...expiry };
    return {
      room: { ...room, inFlight, peers },
      events: [{ kind: 'sent', ...line, id: own.id, sent: own }],
      secretsToWipe: [],
    };
  }
  // One before it may have been refused after it was decrypted.
  const early = ahead?.state === room.mls ? ahead : undefined;
  const message = early?.message ?? innerMessage(room, entry);
  if (message === undefined) return withWarning(room, entry, { kind: 'undecryptable' });
  const opened = await (early === undefined
    ? unprotect(room.mls, message).catch(() => undefined)
    : signed(early));
  if (opened === undefined) return unread(room, entry, await senderOf(room.mls, message));
  const from = memberAt(room, opened.leaf);
  if (from === undefined) return withWarning(room, entry, { kind: 'undecryptable' });
  return acceptPayload(room, entry, {
    from,
    proof: {
      epoch: message.epoch,
      leaf: opened.leaf,
      payload: opened.plaintext,
      signature: opened.signature,
    },
    mls: opened.state,
    secretsToWipe: opened.secretsToWipe,
    now,
  });
}

async function signed({ opened, isSigned }: Ahead): Promise<Opened | undefined> {
  return (await isSigned) ? opened : undefined;
}

/** @param sender undefined if the sender data could not be decrypted. */
function unread(room: Room, entry: DecodedEntry, sender: Awaited<ReturnType<typeof senderOf>>): Step<Room> {
  if (sender === undefined) return withWarning(room, entry, { kind: 'undecryptable' });
  const expected = generationOf(room.mls, sender.leaf);
  if (sender.generation > expected + FORWARD_STEPS) return hole(room, entry);
  // Each generation can be decrypted once. A repeated message looks the same as any other message of a consumed generation.
  return withWarning(room, entry, { kind: sender.generation < expected ? 'repeated' : 'undecryptable' });
}

function innerMessage(room: Room, entry: DecodedEntry): PrivateMessage | undefined {
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

function hole(room: Room, entry: DecodedEntry): Step<Room> {
  return withWarning({ ...room, wantsHeal: room.wantsHeal ?? 'hole' }, entry, { kind: 'hole' });
}

function withWarning(room: Room, entry: DecodedEntry, warning: Warning): Step<Room> {
  return { room, events: [{ kind: 'warning', seq: entry.seq, at: entry.at, warning }], secretsToWipe: [] };
}

interface Decrypted {
  readonly from: Member;
  readonly proof: Proof;
  readonly mls: MlsState;
  readonly secretsToWipe: readonly Uint8Array[];
  readonly now: number;
}

function acceptPayload(
  room: Room,
  entry: DecodedEntry,
  { from, proof, mls, secretsToWipe, now }: Decrypted,
): Step<Room> {
  const read = confirmed({ ...room, mls }, from);
  const payload = decodePayload(proof.payload);
  if (payload === undefined)
    return { ...withWarning(read, entry, { kind: 'unknown-content', from }), secretsToWipe };
  const peer = room.peers.get(from.device);
  const warnings = [...evidence(room, from, payload), ...missed(peer, from, payload)];
  const repeated = peer !== undefined && payload.n <= peer.n;
  const events: RoomEvent[] = warnings.map((warning) => ({
    kind: 'warning',
    seq: entry.seq,
    at: entry.at,
    warning,
  }));
  const after = from.self ? rolledBack(read, payload) : read;
  if (from.self)
    events.push({ kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'rolled-back' } });
  if (repeated) {
    return {
      room: after,
      events: [...events, { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'repeated' } }],
      secretsToWipe,
    };
  }
  const { mark, clock } = judgeSender(entry.at, payload.sealedAt, peer?.clock, now);
  const peers = counted(after, from, payload, clock);
  // Its sender didn't know that it was posted, and posted it again under a new number.
  if (peer?.ids.includes(payload.id) === true) return { room: { ...after, peers }, events, secretsToWipe };
  events.push(
    payload.content === undefined
      ? { kind: 'warning', seq: entry.seq, at: entry.at, warning: { kind: 'unknown-content', from } }
      : {
          kind: 'message',
          seq: entry.seq,
          at: entry.at,
          ...shown(mark),
          from,
          id: payload.id,
          content: payload.content,
          sealedAt: payload.sealedAt,
          ...expiryOf(room.context.state, entry.at, payload.sealedAt),
          proof,
        },
  );
  return { room: { ...after, peers }, events, secretsToWipe };
}

function counted(
  { peers, position, expired }: Room,
  from: Member,
  { n, id }: Pick<Payload, 'n' | 'id'>,
  clock: number,
): Room['peers'] {
  const known = peers.get(from.device)?.ids ?? [];
  const ids = [...known.filter((other) => other !== id), id].slice(-IDS_KEPT);
  const lapsed = comparePositions(position, expired) <= 0;
  return new Map(peers).set(from.device, { n, ids, ...(lapsed && { lapsed }), clock });
}

function shown(mark: TimeMark): { readonly timeMark?: TimeMark } {
  return mark.offMs === undefined ? {} : { timeMark: mark };
}

/** A message of this device that the profile doesn't know: another copy of the profile has sent it since this copy was saved. */
function rolledBack(room: Room, payload: Payload): Room {
  return {
    ...room,
    status: 'rolled-back',
    wantsHeal: 'rolled-back',
    next: Math.max(room.next, payload.n + 1),
  };
}

function missed(peer: Peer | undefined, from: Member, payload: Payload): Warning[] {
  const count = peer !== undefined && peer.n > 0 ? payload.n - peer.n - 1 : 0;
  return count > 0 ? [{ kind: peer?.lapsed === true ? 'expired-of' : 'missing', from, count }] : [];
}

/** Compares what the sender had read with what this device has read. The chain of `room` includes this entry, which the sender can't have read. */
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
  if (verdict === 'differs') return { kind: 'forked', from };
  return verdict === 'too-old'
    ? { kind: 'unseen', from, count: room.chain.index - 1 - claim.index }
    : undefined;
}
