import { signedEnter } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { CatchUp } from '../room/catch-up.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { retirementUpTo } from '../room/retired-key.ts';
import type { Room } from '../room/room.ts';
import { Subscription } from '../room/subscription.ts';
import { useNonce } from '../session/proofs.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import type { Session } from '../session/session.ts';
import { verifies } from '../session/signature.ts';

/** Proves an access key; the backlog is on its way when the next frame is taken. */
export const enter: Handler<'enter'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('proof', session.address);
  const at = useNonce(session, frame.nonce);
  const key = await relay.keys.at(frame.room, positionOf(frame.key));
  if (!verifies(key, signedEnter(at, frame), frame.proof))
    throw new Refusal('refused', 'the proof does not hold');
  if (
    !session.subscriptions.has(frame.room) &&
    session.subscriptions.size >= relay.limits.roomsPerConnection
  ) {
    throw new Refusal('full', 'this connection follows as many rooms as it may');
  }
  const room = await relay.rooms.hold(frame.room);
  try {
    await begin(session, room, frame);
  } catch (error) {
    relay.rooms.release(room.id);
    throw error;
  }
};

async function begin(session: Session, room: Room, frame: UpOf<'enter'>): Promise<void> {
  const [key, since] = [positionOf(frame.key), positionOf(frame.since)];
  const { retirement, handshake, last } = await retirementUpTo(session.relay.log, room, key, since);
  // Nothing stands behind the end, and what comes there has to be looked at, whatever a client says that it has.
  const behind = Math.min(since, last);
  const first = await session.relay.log.read(room.id, behind, session.relay.limits.backlogEntries);
  if (!session.open) throw new Refusal('refused', 'the connection has ended');
  session.leave(room.id);
  const subscription = new Subscription(room, session.link, key, behind, session);
  session.subscriptions.set(room.id, subscription);
  session.send({
    type: 'entered',
    id: frame.id,
    room: room.id,
    handshake: positionText(retirement ?? handshake),
    floor: positionText(first.floor),
  });
  if (retirement !== undefined && retirement <= since) return subscription.hold(retirement);
  void new CatchUp(session, subscription, first).run();
}

export const exit: Handler<'exit'> = (session, frame) => {
  session.leave(frame.room);
  session.send({ type: 'exited', id: frame.id, room: frame.room });
};
