import type { Kept } from '@gochat/crypto/content';
import { createIdentity, encodeIdentity, type Identity } from '@gochat/crypto/identity';
import { type InviteLink, parseLink } from '@gochat/crypto/link';
import { signingKey } from '@gochat/crypto/primitives';
import { openRecovery, type Safe, safeInvite } from '@gochat/crypto/safe';
import { encodeBytes } from '@gochat/protocol/encoding';
import { invitation } from '../../account/redeem.ts';
import { ChatError } from '../../api/chat-error.ts';
import { toChatError } from '../../api/to-chat-error.ts';
import { parseAddress } from '../../net/address.ts';
import { keyOf } from '../kept.ts';
import { seeded } from '../seed.ts';
import type { Arrival } from './linking-record.ts';
import type { LinkingState } from './linking-state.ts';

/**
 * Makes this profile, which must be empty, a new device of the person whose recovery link this is. The rooms are joined after that, in
 * whichever process holds the profile.
 * @throws LinkError; ChatError `link-profile-used`, `recovery-ended`, `offline`; RoomError
 */
export async function recover(
  state: LinkingState,
  text: string,
  label: string,
  waitMs: number,
): Promise<void> {
  const link = parseLink(text, 'recover');
  const { env, becomes, settings } = state.parts;
  if (state.record?.side === 'arrival') return;
  await state.checkUnused();
  const safe = await opened(state, link, waitMs);
  const next: Identity = { identity: signingKey(safe.seed), device: createIdentity(env).device };
  if (safe.name !== '') await settings.prefer({ name: safe.name });
  const device = encodeBytes(next.device.publicKey);
  const { recoveryKeys } = await import('@gochat/crypto/age');
  const recovery = {
    ...(await safeInvite(link.secret)),
    room: link.room,
    server: parseAddress(link.address).href,
    backup: (await recoveryKeys(link.secret)).recipient,
  };
  const known: Kept = {
    key: keyOf('recovery', 'link'),
    at: [0, device],
    value: { ...recovery, since: env.now() },
  };
  const kept = seeded([...keptOf(safe, device), known], { device, label, limited: false, now: env.now() });
  const arrival: Arrival = { side: 'arrival', digits: '', answered: true };
  await state.store(arrival, [{ place: { of: 'identity' }, value: encodeIdentity(next) }, kept]);
  becomes(next);
}

async function opened(state: LinkingState, link: InviteLink, waitMs: number): Promise<Safe> {
  const { rooms, env } = state.parts;
  const end = Date.now() + waitMs;
  const server = parseAddress(link.address).href;
  const connection = await rooms.server({ server, id: link.room }).online(waitMs);
  try {
    return await openRecovery(link, await invitation(connection, link, { env, end }));
  } catch (error) {
    const known = toChatError(error);
    const isOver = ['invite-dead', 'invite-revoked', 'invite-damaged', 'room-gone'].includes(
      known.data.reason,
    );
    throw isOver ? new ChatError({ reason: 'recovery-ended' }, { cause: error }) : error;
  }
}

/** What is kept of the rooms in a safe. Whatever another device says of them is newer. */
function keptOf({ tickets }: Safe, device: string): Kept[] {
  return tickets.map(({ server: address, self, room, name, founder, own }) => {
    const server = parseAddress(address).href;
    return {
      key: self ? keyOf('self', server) : keyOf('ticket', room),
      at: [0, device],
      value: { room, server, name, as: '', founder: encodeBytes(founder), own: encodeBytes(own) },
    };
  });
}
