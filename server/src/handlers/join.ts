import { signedJoin } from '@gochat/protocol/signed';
import type { LogPosition } from '../log/log.ts';
import { appendHandshake, countedAppend } from '../room/handshake-append.ts';
import { invalidInvite, provenInvite } from '../room/invite-proof.ts';
import { type Invite, liveInvites, spendInvite } from '../room/invites.ts';
import { positionOf } from '../room/positions.ts';
import { anyRefreshedHeadOf, refuseClosed } from '../room/room-head.ts';
import { encodeRecord } from '../room/room-record.ts';
import { closedRoom, conflict } from '../session/refusals.ts';
import type { Handler } from './handler.ts';

export const join: Handler<'join'> = async (session, frame) => {
  const { log, state, rates, handshakes, now } = session.node;
  await rates.take('invite', session.address);
  const dialled = session.useNonce(frame.nonce);
  const after = positionOf(frame.after);
  const head = await anyRefreshedHeadOf(log, state, frame.room);
  const live = liveInvites(head.record.invites, now()).filter(({ knock }) => knock === undefined);
  const prove = () => provenInvite(live, frame.invite, signedJoin(dialled, frame), frame.proof);
  // The last handshake never moves back, so this join can't be appended any more. It may be a repeat of one that was, whose invite
  // may be used up since. Only its sender knows its random id, so the id is enough proof for the same reply.
  if (head.handshake > after) {
    const lost = (now: LogPosition) => {
      if (head.record.closed === true) return closedRoom();
      return succeeds(prove) ? conflict(now) : invalidInvite();
    };
    const terms = { after, state: head.state, retires: false, lost };
    return session.later(frame.id, appendHandshake(log, frame, terms));
  }
  refuseClosed(head);
  prove();
  if (head.handshake < after) throw conflict(head.handshake);
  const invites = spendInvite(head.record.invites, frame.invite, frame.invites, now());
  const next = { ...head.record, groupInfo: frame.groupInfo, member: frame.member, invites };
  handshakes.check(frame.room);
  const note = { invite: frame.invite };
  const terms = { after, state: encodeRecord(next, false), retires: false, note, lost: conflict };
  session.later(frame.id, countedAppend(session.node, frame, terms));
};

function succeeds(prove: () => Invite): boolean {
  try {
    prove();
    return true;
  } catch {
    return false;
  }
}
