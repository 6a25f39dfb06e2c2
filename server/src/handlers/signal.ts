import { Bucket } from '../session/bucket.ts';
import { enteredRoom } from '../session/entered-room.ts';
import type { Handler } from './handler.ts';

/** Signals are not stored. Those over the connection's rate are dropped without a reply. */
export const signal: Handler<'signal'> = ({ node, buckets, rooms }, frame) => {
  const { signalsPerSecond, signalsBurst } = node.limits;
  buckets.signals ??= new Bucket(signalsBurst, node.now());
  const { room, subscription } = enteredRoom(rooms, frame.room);
  if (subscription.state !== 'live') return;
  if (buckets.signals.take(node.now(), signalsPerSecond, signalsBurst) > 0) return;
  room.signal(subscription, frame.body);
};
