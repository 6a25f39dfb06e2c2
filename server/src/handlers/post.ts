import type { Down } from '@gochat/protocol/down';
import type { UpOf } from '@gochat/protocol/up';
import type { LogPosition } from '../log/log.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { lastRetirement } from '../room/retirements.ts';
import { decodeRecord } from '../room/room-record.ts';
import type { Subscription } from '../room/subscription.ts';
import { Bucket } from '../session/bucket.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import type { Session } from '../session/session.ts';

export const post: Handler<'post'> = (session, frame) => {
  const subscription = session.subscriptions.get(frame.room);
  if (subscription === undefined) throw new Refusal('not-entered', 'enter the room first');
  if (subscription.state === 'held') throw retired();
  const base = positionOf(frame.base);
  const { posts } = subscription;
  const turn = posts.admit(frame.id, base, session.relay.now());
  const refusedAgain = () => posts.refused(frame.id, base, turn);
  limitPosts(session, refusedAgain);
  const { room } = subscription;
  // An append succeeds only on the last handshake, so that the key has to be good as of `base` and of nothing else. An older
  // base is stale, unless the post is a repeat: the log tells.
  if (base === room.handshake && subscription.key < room.retiredAt) throw retired();
  if (base > room.handshake)
    return append(session, frame, refusedAgain, () => refuseRetiredAhead(session, subscription, base));
  session.later(frame.id, appended(session, frame, refusedAgain));
  return undefined;
};

function limitPosts({ relay, buckets }: Session, refused: () => void): void {
  const { postsPerSecond, postsBurst } = relay.limits;
  buckets.posts ??= new Bucket(postsBurst, relay.now());
  const wait = buckets.posts.take(relay.now(), postsPerSecond, postsBurst);
  if (wait === 0) return;
  refused();
  throw new Refusal('rate-limited', 'too many posts on this connection', { retryAfterMs: wait });
}

async function append(
  session: Session,
  frame: UpOf<'post'>,
  refused: () => void,
  allow: () => Promise<void>,
): Promise<void> {
  try {
    // It makes the log tell the room's state, which may be large.
    await session.relay.rates.take('proof', session.address);
  } catch (error) {
    refused();
    throw error;
  }
  await allow();
  session.later(frame.id, appended(session, frame, refused));
}

/** A handshake that this node has not been told of yet may have retired the key. */
async function refuseRetiredAhead(
  session: Session,
  { key, room }: Subscription,
  base: LogPosition,
): Promise<void> {
  const head = await session.relay.log.head(room.id);
  if (head === undefined) throw new Refusal('no-room', 'the server has no such room');
  // A guess at a handshake that is still to come must not be waiting here for it.
  if (head.handshake < base) throw stale(head.handshake);
  if (head.handshake === base && key < lastRetirement(decodeRecord(head.state, base).retirements))
    throw retired();
}

/** @param refused called when the log didn't take it: it is to be repeated. */
async function appended(session: Session, frame: UpOf<'post'>, refused: () => void): Promise<Down> {
  const { log, retainSec } = session.relay;
  const message = {
    id: frame.id,
    base: positionOf(frame.base),
    body: Buffer.from(frame.body, 'base64url'),
    ...(retainSec === undefined ? {} : { ttlSec: retainSec }),
  };
  const result = await log.append(frame.room, message).catch((error: unknown) => {
    refused();
    throw error;
  });
  if ('stale' in result) throw stale(result.stale);
  return { type: 'ack', id: frame.id, seq: positionText(result.pos), at: result.at, dup: result.dup };
}

function stale(handshake: LogPosition): Refusal {
  return new Refusal('stale', 'a handshake landed behind the base of this post', { handshake });
}

function retired(): Refusal {
  return new Refusal('retired', 'a removal retired this access key; prove a newer one');
}

/** Ephemeral: what is too much is dropped without a word. */
export const signal: Handler<'signal'> = (session, frame) => {
  const { relay, buckets } = session;
  const { signalsPerSecond, signalsBurst } = relay.limits;
  buckets.signals ??= new Bucket(signalsBurst, relay.now());
  const subscription = session.subscriptions.get(frame.room);
  if (subscription === undefined) throw new Refusal('not-entered', 'enter the room first');
  if (subscription.state !== 'live') return;
  if (buckets.signals.take(relay.now(), signalsPerSecond, signalsBurst) > 0) return;
  subscription.room.signal(subscription, frame.body);
};
