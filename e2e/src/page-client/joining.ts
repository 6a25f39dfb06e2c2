import { type Epoch, epochOf } from './epoch.ts';
import { credentialOf, type Device } from './identity.ts';
import { makeJoinData } from './join-data.ts';
import { inviteOf, type Link } from './link.ts';
import { OpenedGroupInfo } from './mls.ts';
import { readList } from './packs.ts';
import { ed25519 } from './primitives.ts';
import { checkGenesis, isVoid, readRoomState } from './room-state.ts';
import { openGroupInfo, sealJoin, upload } from './sealing.ts';
import { inviteLines, newId, ServerError, type Wire } from './wire.ts';

export interface Joined {
  readonly epoch: Epoch;
  /** The position of the join. */
  readonly seq: string;
}

/** docs/protocol.md, “Invites”, “Joins” and “What a link holds”: one join, made again after `conflict`. */
export async function join(wire: Wire, link: Link, device: Device): Promise<Joined> {
  try {
    return await attempt(wire, link, device);
  } catch (error) {
    if (!(error instanceof ServerError) || error.frame.code !== 'conflict') throw error;
    return await join(wire, link, device);
  }
}

async function attempt(wire: Wire, { room, secret, founder }: Link, device: Device): Promise<Joined> {
  const invite = inviteOf(secret);
  const reply = await wire.request({
    type: 'invitation',
    id: newId(),
    room,
    invite: invite.id,
    ...wire.proven(invite.join, 'gochat/invitation/2', room, invite.id),
  });
  const groupInfo = openGroupInfo(room, invite, reply);
  const opened = new OpenedGroupInfo(groupInfo);
  const { groupId, epoch } = opened;
  checkGenesis(opened.extensions.genesis, room, groupId, founder);
  const state = readRoomState(opened.extensions.roomState);
  const known = state.invites.find(({ id }) => id === invite.id);
  if (!known || isVoid(state, known)) throw new Error('the room state has no such invite');

  const leafKey = ed25519();
  const credential = credentialOf(device, groupId, leafKey.publicKey);
  const joining = { room, groupId, epoch, signatureKey: leafKey.publicKey, credential };
  const data = makeJoinData(joining, invite, groupInfo);
  const [message, group] = await opened.join(leafKey, credential, data);
  const next = await epochOf(room, group, state, false, opened.sealedAdminKey, readList(opened.packs));
  const body = sealJoin(room, opened.joinKey, message);
  const { access, groupInfo: sealed, member, invites } = await upload(room, next);
  const listed = invites.filter((item) => reply.invites.some((live) => live.invite === item.invite));
  const [id, after] = [newId(), reply.handshake];
  const lines = [id, room, invite.id, after, body, access, sealed, member, ...inviteLines(listed)];
  const ack = await wire.request({
    type: 'join',
    id,
    room,
    invite: invite.id,
    after,
    body,
    access,
    groupInfo: sealed,
    member,
    invites: listed,
    ...wire.proven(invite.join, 'gochat/join-request/2', ...lines),
  });
  return { epoch: next, seq: ack.seq };
}
