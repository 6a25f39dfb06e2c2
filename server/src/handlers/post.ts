import type { DownOf } from '@gochat/protocol/down';
import type { Rules } from '@gochat/protocol/rules';
import type { UpOf } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { lifetimeSec } from '../room/retention.ts';
import { lastRetirement } from '../room/retirements.ts';
import { refuseClosed } from '../room/room-head.ts';
import { decodeRecord } from '../room/room-record.ts';
import type { Subscription } from '../room/subscription.ts';
import { Bucket } from '../session/bucket.ts';
import { readableRoom } from '../session/entered-room.ts';
import { Refusal } from '../session/refusal.ts';
import { closedRoom, noRoom, retiredKey, stale } from '../session/refusals.ts';
import type { Session } from '../session/session.ts';
import type { Handler } from './handler.ts';

export const post: Handler<'post'> = (session, frame) => {
  const { room, subscription } = readableRoom(session.rooms, frame.room);
  const base = positionOf(frame.base);
  const { posts } = subscription;
  const place = posts.admit(frame.id, base, session.node.now());
  const refused = () => posts.refused(frame.id, base, place);
  limitPosts(session, refused);
  // The log appends a post only if `base` is the last handshake. So the key has to be valid as of `base`, no later. A post with an
  // older base is stale, unless it is a repeat: the log finds out.
  if (base === room.handshake && room.ended) throw closedRoom();
  if (base === room.handshake && subscription.key < room.retiredAt) throw retiredKey();
  const posting = { session, frame, subscription, refused };
  if (base > room.handshake) return postAhead(posting);
  // One with an older base is not appended, so no rule applies.
  const rules = base === room.handshake ? room.rules : undefined;
  session.later(frame.id, append(posting, rules, countQuiet(posting, rules)));
  return undefined;
};

interface Posting {
  readonly session: Session;
  readonly frame: UpOf<'post'>;
  readonly subscription: Subscription;
  /** Called when the client has to repeat the post. */
  readonly refused: () => void;
}

/**
 * Counts the post, unless the connection has a voice.
 * @returns a function to call if it was not appended
 * @throws Refusal `quiet`
 */
function countQuiet(
  { session, frame, subscription, refused }: Posting,
  rules: Rules | undefined,
): () => void {
  const { node, address, quiet: connection } = session;
  if (rules?.voice !== undefined && subscription.voice?.isBy(rules.voice) === true) return () => undefined;
  const bytes = Buffer.byteLength(frame.body, 'base64url');
  try {
    return node.quiet.take({ room: frame.room, rules, bytes, address, connection });
  } catch (error) {
    refused();
    if (error instanceof Refusal) subscription.posts.pause(node.now() + (error.retryAfterMs ?? 0));
    throw error;
  }
}

function limitPosts({ node, buckets }: Session, refused: () => void): void {
  const { postsPerSecond, postsBurst } = node.limits;
  buckets.posts ??= new Bucket(postsBurst, node.now());
  const wait = buckets.posts.take(node.now(), postsPerSecond, postsBurst);
  if (wait === 0) return;
  refused();
  throw new Refusal('rate-limited', 'too many posts on this connection', { retryAfterMs: wait });
}

/** A post whose base this node has not received yet. */
async function postAhead(posting: Posting): Promise<void> {
  const { session, frame, subscription, refused } = posting;
  try {
    // The check below reads the room's state, which may be large.
    await session.node.rates.take('proof', session.address);
  } catch (error) {
    refused();
    throw error;
  }
  const { rules } = await checkAhead(session, frame, subscription.key).catch((error: unknown) => {
    // The log failed: the client has to repeat the post, before any later one.
    if (!(error instanceof Refusal)) refused();
    throw error;
  });
  session.later(frame.id, append(posting, rules, countQuiet(posting, rules)));
}

/**
 * @returns the rules at the base
 * @throws Refusal `retired` when the handshake at the base, or one before it, retired the key; `closed` when it closed the room
 */
async function checkAhead(
  session: Session,
  frame: UpOf<'post'>,
  key: LogPosition,
): Promise<{ readonly rules?: Rules }> {
  const base = positionOf(frame.base);
  const head = await session.node.log.head(frame.room);
  if (head === undefined) throw noRoom();
  // A base that is a guess at a future handshake must not wait here for it.
  if (head.handshake < base) throw stale(head.handshake);
  // It is not appended.
  if (head.handshake !== base) return {};
  const record = decodeRecord(head.state, base);
  refuseClosed({ record });
  if (key < lastRetirement(record.retirements)) throw retiredKey();
  return record.rules === undefined ? {} : { rules: record.rules };
}

/** @param uncount called when the post was not appended now */
async function append(
  { session, frame, refused }: Posting,
  rules: Rules | undefined,
  uncount: () => void,
): Promise<DownOf<'ack'>> {
  const { log, retainSec } = session.node;
  const ttlSec = lifetimeSec(retainSec, rules);
  const message = {
    id: frame.id,
    base: positionOf(frame.base),
    body: Buffer.from(frame.body, 'base64url'),
    ...(ttlSec !== undefined && { ttlSec }),
  };
  const result = await log.append(frame.room, message).catch((error: unknown) => {
    refused();
    uncount();
    throw error;
  });
  if ('stale' in result || result.dup) uncount();
  if ('stale' in result) throw stale(result.stale);
  return { type: 'ack', id: frame.id, seq: positionText(result.pos), at: result.at, dup: result.dup };
}
