import type { DownOf } from '@gochat/protocol/down';
import { signedRefresh } from '@gochat/protocol/signed';
import type { UpOf } from '@gochat/protocol/up';
import { refuseRepeats, rewrapInvites, withWraps, wrapsOf } from '../room/invites.ts';
import { positionOf } from '../room/positions.ts';
import { readRefresh, writeRefresh } from '../room/refresh-record.ts';
import { refuseRetired, roomHeadOf } from '../room/room-head.ts';
import type { NodeContext } from '../session/node-context.ts';
import { Refusal } from '../session/refusal.ts';
import { badProof, conflict } from '../session/refusals.ts';
import { verifies } from '../session/signature.ts';
import type { Handler } from './handler.ts';

/** How often a refresh is tried while others write at the same time. */
const PUT_TRIES = 8;

export const refresh: Handler<'refresh'> = async (session, frame) => {
  const { rates, keys } = session.node;
  await rates.take('proof', session.address);
  const access = await keys.at(frame.room, positionOf(frame.key));
  if (!verifies(access, signedRefresh(frame), frame.proof)) throw badProof();
  await rates.take('refresh', session.address);
  refuseRepeats(frame.invites);
  session.later(frame.id, replaceGroupInfo(session.node, frame));
};

async function replaceGroupInfo(
  { log, state, rates, rooms, now }: NodeContext,
  frame: UpOf<'refresh'>,
): Promise<DownOf<'ack'>> {
  const { id, room, groupInfo, member } = frame;
  const after = positionOf(frame.after);
  for (let tries = 0; tries < PUT_TRIES; tries += 1) {
    const { refresh: present, revision } = await readRefresh(state, room);
    if (present?.id === id) return { type: 'ack', id, seq: frame.after, at: present.at, dup: true };
    const head = await roomHeadOf(log, room);
    if (head.handshake !== after) throw conflict(head.handshake);
    refuseRetired(head, positionOf(frame.key));
    // After the other checks: whoever was removed must not use up the rate of the members.
    if (tries === 0) await rates.takeRefresh(room);
    const at = now();
    const { invites: recorded } = head.record;
    const known = present?.handshake === after ? withWraps(recorded, present.invites) : recorded;
    const invites = wrapsOf(rewrapInvites(known, frame.invites, at));
    const value = { v: 2, handshake: after, id, at, groupInfo, member, invites } as const;
    if (await writeRefresh(state, room, value, revision)) {
      rooms.refreshed(room, after);
      return { type: 'ack', id, seq: frame.after, at, dup: false };
    }
  }
  throw new Refusal('conflict', 'other refreshes came first', { handshake: after });
}
