import { type Dialled, signedEnter, signedVoice } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import type { Page } from '../log/log.ts';
import { CatchUp } from '../room/catch-up.ts';
import { positionOf, positionText } from '../room/positions.ts';
import { retirementUpTo } from '../room/retired-key.ts';
import type { Room } from '../room/room.ts';
import type { RoomHead } from '../room/room-head.ts';
import { VoiceProof } from '../room/voice-proof.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof, closedRoom } from '../session/refusals.ts';
import type { Session } from '../session/session.ts';
import { verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

const NOTHING: Page = { entries: [], floor: 0 };

/** Checks the proof of an access key and starts to send the backlog. */
export const enter: Handler<'enter'> = async (session, frame) => {
  const { rates, keys, limits, rooms } = session.node;
  await rates.take('proof', session.address);
  const dialled = session.useNonce(frame.nonce);
  const prove = async (known?: RoomHead) => {
    const { key, head } = await keys.find(frame.room, positionOf(frame.key), known);
    if (!verifies(key, signedEnter(dialled, frame), frame.proof)) throw badProof();
    return head;
  };
  // Opened before the proof is checked: that reads the head of the room, which most likely has the key.
  const { room, head: opened } = await rooms.acquire(frame.room).catch(async (error: unknown) => {
    // Whoever proves no key isn't notified.
    if (error instanceof Refusal && error.code === 'full') await prove();
    throw error;
  });
  try {
    const head = await prove(opened);
    if (!session.rooms.has(frame.room) && session.rooms.size >= limits.roomsPerConnection)
      throw new Refusal('full', 'this connection follows the maximum number of rooms');
    await subscribe(session, room, frame, { head, voice: voiceOf(dialled, frame) });
  } catch (error) {
    rooms.release(room.id);
    throw error;
  }
};

async function subscribe(
  session: Session,
  room: Room,
  frame: UpOf<'enter'>,
  { head, voice }: { readonly head: RoomHead | undefined; readonly voice: VoiceProof | undefined },
): Promise<void> {
  const { log, limits } = session.node;
  const [key, since] = [positionOf(frame.key), positionOf(frame.since)];
  if (room.ended) throw closedRoom();
  const { retirement, handshake, last } = await retirementUpTo(log, room, key, since, head);
  // No entry exists after `last`, whatever the client says that it has. Later entries must still be checked for a retirement.
  const after = Math.min(since, last);
  // At the end, as of this request: most who come back were not away for long.
  const first =
    head !== undefined && after >= head.last
      ? NOTHING
      : await log.read(room.id, after, limits.backlogEntries);
  if (!session.open) throw new Refusal('refused', 'the connection has ended');
  session.leave(room.id);
  const claim = voice === undefined ? {} : { voice };
  const subscription = room.subscribe({ link: session.link, key, since: after, events: session, ...claim });
  session.rooms.set(room.id, { room, subscription });
  session.send({
    type: 'entered',
    id: frame.id,
    room: room.id,
    handshake: positionText(retirement ?? handshake),
    floor: positionText(first.floor),
    last: positionText(last),
    ...(retirement === undefined && room.rules !== undefined && { rules: room.rules }),
  });
  if (retirement !== undefined && retirement <= since) return subscription.suspend(retirement);
  void new CatchUp(session, room, subscription, first).run();
}

function voiceOf(dialled: Dialled, frame: UpOf<'enter'>): VoiceProof | undefined {
  return frame.voice === undefined ? undefined : new VoiceProof(signedVoice(dialled, frame), frame.voice);
}
