import type { KeyObject } from 'node:crypto';
import type { InviteId } from '@gochat/protocol/fields';
import { signedInvitation, signedJoin } from '@gochat/protocol/signed';
import { positionOf, positionText } from '../room/positions.ts';
import { refreshedRoomHeadOf, refuseRetired } from '../room/room-head.ts';
import { encodeRecord, type Invite, liveInvites, spendInvite } from '../room/room-record.ts';
import { useNonce } from '../session/proofs.ts';
import { Refusal } from '../session/refusal.ts';
import type { Handler } from '../session/requests.ts';
import { publicKeyOf, sameText, verifies } from '../session/signature.ts';
import { appendHandshake, conflict } from './handshake.ts';
import { enteredSubscription } from './read.ts';

/** Stands in for the key of an invite that there is not, so that both cases cost the same. */
const NO_KEY: KeyObject = publicKeyOf(Buffer.alloc(32, 1));

export const invitation: Handler<'invitation'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('invite', session.address);
  const at = useNonce(session, frame.nonce);
  const { handshake, record } = await refreshedRoomHeadOf(relay.log, relay.state, frame.room);
  const live = liveInvites(record.invites, relay.now());
  const invite = provenInvite(live, frame.invite, signedInvitation(at, frame), frame.proof);
  session.send({
    type: 'groupinfo',
    id: frame.id,
    room: frame.room,
    handshake: positionText(handshake),
    groupInfo: record.groupInfo,
    wrapped: invite.wrapped,
    invites: publicInvites(live),
  });
};

export const join: Handler<'join'> = async (session, frame) => {
  const { relay } = session;
  await relay.rates.take('invite', session.address);
  const at = useNonce(session, frame.nonce);
  const after = positionOf(frame.after);
  const { handshake, record, state } = await refreshedRoomHeadOf(relay.log, relay.state, frame.room);
  const live = liveInvites(record.invites, relay.now());
  const prove = () => provenInvite(live, frame.invite, signedJoin(at, frame), frame.proof);
  // The last handshake never goes back: this can't be appended any more. It may be a repeat of what was, whose invite may be
  // used up since; its random id, which nobody else was told, is then proof enough for the same answer.
  if (handshake > after) {
    const lost = (now: number) => (holds(prove) ? conflict(now) : deadInvite());
    return session.later(frame.id, appendHandshake(session, frame, after, state, false, lost));
  }
  prove();
  if (handshake < after) throw conflict(handshake);
  const invites = spendInvite(record.invites, frame.invite, frame.invites, relay.now());
  const next = { ...record, groupInfo: frame.groupInfo, member: frame.member, invites };
  session.later(frame.id, appendHandshake(session, frame, after, encodeRecord(next, false), false, conflict));
};

/** What members may fetch; `member` is the key wrapped to them. */
export const fetch: Handler<'fetch'> = async (session, frame) => {
  const { relay } = session;
  const { key } = enteredSubscription(session, frame.room);
  const standing = await refreshedRoomHeadOf(relay.log, relay.state, frame.room);
  refuseRetired(standing, key);
  const { groupInfo, member, invites } = standing.record;
  session.send({
    type: 'groupinfo',
    id: frame.id,
    room: frame.room,
    handshake: positionText(standing.handshake),
    groupInfo,
    member,
    invites: publicInvites(liveInvites(invites, relay.now())),
  });
};

/** @throws Refusal `invite`, the same for an unknown invite and for a wrong proof. */
function provenInvite(live: readonly Invite[], id: InviteId, signed: Uint8Array, proof: string): Invite {
  let found: Invite | undefined;
  for (const invite of live) if (sameText(invite.invite, id)) found = invite;
  const key = found === undefined ? NO_KEY : publicKeyOf(Buffer.from(found.join, 'base64url'));
  if (!verifies(key, signed, proof) || found === undefined) throw deadInvite();
  return found;
}

function holds(prove: () => Invite): boolean {
  try {
    prove();
    return true;
  } catch {
    return false;
  }
}

function deadInvite(): Refusal {
  return new Refusal('invite', 'the invite is unknown, expired, used up, revoked or voided');
}

function publicInvites(live: readonly Invite[]): Pick<Invite, 'invite' | 'expires' | 'uses'>[] {
  return live.map(({ invite, expires, uses }) => ({
    invite,
    ...(expires === undefined ? {} : { expires }),
    ...(uses === undefined ? {} : { uses }),
  }));
}
