import type { KeyObject } from 'node:crypto';
import type { InviteId } from '@gochat/protocol/fields';
import { Refusal } from '../session/refusal.ts';
import { publicKeyOf, sameText, verifies } from '../session/signature.ts';
import type { Invite } from './invites.ts';

/** Checked in place of an unknown invite's key, so that a known and an unknown invite take the same time. */
const NO_KEY: KeyObject = publicKeyOf(Buffer.alloc(32, 1));

/**
 * Finds the invite that a proof is for.
 * @param proof base64url, by the invite's join key over `signed`
 * @throws Refusal `invite`, the same for an unknown invite and for a wrong proof
 */
export function provenInvite(
  live: readonly Invite[],
  id: InviteId,
  signed: Uint8Array,
  proof: string,
): Invite {
  let found: Invite | undefined;
  for (const invite of live) if (sameText(invite.invite, id)) found = invite;
  const key = found === undefined ? NO_KEY : publicKeyOf(Buffer.from(found.join, 'base64url'));
  if (!verifies(key, signed, proof) || found === undefined) throw invalidInvite();
  return found;
}

export function invalidInvite(): Refusal {
  return new Refusal('invite', 'the invite is unknown, or has ended');
}
