import { AgeError } from '@gochat/crypto/age-error';
import { TEXT_BYTES } from '@gochat/crypto/content-limits';
import { LinkError } from '@gochat/crypto/link-error';
import { NameError } from '@gochat/crypto/name-error';
import { RoomError } from '@gochat/crypto/room-error';
import { STATE_LIMITS } from '@gochat/crypto/state-limits';
import { VaultError } from '@gochat/crypto/vault-error';
import { LIMITS } from '@gochat/protocol/limits';
import { AddressError } from '../net/address.ts';
import { Disconnected, RequestError, VersionError } from '../net/connection-errors.ts';
import { DialError } from '../net/dial-error.ts';
import { OtherRoute, UnlinkedWithoutProxy } from '../net/route.ts';
import { CallFailed, OwnerIncompatible } from '../profile/guest.ts';
import { OwnerBusy } from '../profile/roles.ts';
import { ProfileTooNew } from '../store/profile-too-new.ts';
import { ChatError } from './chat-error.ts';
import { type ErrorData, isChatErrorCode, parseErrorData } from './error-data.ts';

const ROOM_REASONS: Readonly<Record<RoomError['code'], ErrorData>> = {
  'not-active': { reason: 'not-active' },
  'newer-rules': { reason: 'newer-rules' },
  'change-unconfirmed': { reason: 'change-unconfirmed' },
  differs: { reason: 'return-differs' },
  'not-admin': { reason: 'not-admin' },
  'not-staff': { reason: 'not-staff' },
  'links-staff': { reason: 'links-staff' },
  'direct-room': { reason: 'direct-room' },
  'admin-key-missing': { reason: 'admin-key-missing' },
  'last-admin': { reason: 'last-admin' },
  'not-member': { reason: 'not-active' },
  'no-such-member': { reason: 'no-such-member' },
  'self-removal': { reason: 'self-removal' },
  pending: { reason: 'change-pending' },
  'too-large': { reason: 'message-too-large', bytes: TEXT_BYTES },
  'invites-full': { reason: 'invites-full', most: LIMITS.invitesPerRoom - 1 },
  'admins-full': { reason: 'admins-full', most: LIMITS.adminsPerRoom },
  'moderators-full': { reason: 'moderators-full', most: STATE_LIMITS.moderators },
  'voices-full': { reason: 'voices-full', most: STATE_LIMITS.voices },
  'bans-full': { reason: 'bans-full', most: STATE_LIMITS.bans },
  'pins-full': { reason: 'pins-full', most: STATE_LIMITS.pins },
  full: { reason: 'room-full', most: LIMITS.membersPerRoom },
  'bad-invite': { reason: 'invite-damaged' },
  'other-room': { reason: 'invite-other-room' },
  'no-such-invite': { reason: 'invite-revoked' },
  'invite-revoked': { reason: 'invite-revoked' },
  'knock-decided': { reason: 'knock-decided' },
  banned: { reason: 'banned' },
  'still-member': { reason: 'still-member' },
  'bad-group': { reason: 'profile-damaged', part: 'room' },
  'stored-newer': { reason: 'profile-newer' },
};

const AGE_REASONS: Readonly<Record<AgeError['code'], ErrorData>> = {
  key: { reason: 'backup-key' },
  identity: { reason: 'backup-identity' },
  recipient: { reason: 'backup-recipient' },
  damaged: { reason: 'backup-damaged' },
};

/** Whatever was thrown, as the SDK reports it. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  if (error instanceof CallFailed && isChatErrorCode(error.code))
    return new ChatError(parseErrorData(error.data) ?? { reason: 'unknown' }, {
      cause: error,
      code: error.code,
    });
  return new ChatError(dataOf(error), { cause: error });
}

function dataOf(error: unknown): ErrorData {
  if (error instanceof RoomError) return ROOM_REASONS[error.code];
  if (error instanceof NameError)
    return { reason: 'name-invalid', what: error.what, why: error.code, most: error.most };
  if (error instanceof LinkError) return { reason: 'link-invalid', why: error.code };
  if (error instanceof AddressError) return error.data;
  if (error instanceof VaultError) return vaultData(error);
  if (error instanceof AgeError) return AGE_REASONS[error.code];
  if (error instanceof VersionError) return { reason: 'version', server: error.server, client: error.client };
  if (error instanceof RequestError) return requestData(error);
  if (error instanceof Disconnected) return { reason: 'connection-ended', failure: error.failure };
  if (error instanceof DialError) return { reason: 'server-unreachable', failure: error.failure };
  if (error instanceof OwnerIncompatible) return { reason: 'owner-version' };
  if (error instanceof OtherRoute) return { reason: 'owner-route' };
  if (error instanceof UnlinkedWithoutProxy) return { reason: 'unlinked-without-proxy' };
  if (error instanceof OwnerBusy) return { reason: 'profile-busy' };
  if (error instanceof ProfileTooNew) return { reason: 'profile-newer' };
  return { reason: 'failed', detail: error instanceof Error ? error.message : 'unknown' };
}

function vaultData({ code, part }: VaultError): ErrorData {
  if (code === 'damaged') return { reason: 'profile-damaged', part };
  return { reason: code === 'passphrase-needed' ? 'passphrase-missing' : 'passphrase-wrong' };
}

function requestData({ code, message, retryAfterMs }: RequestError): ErrorData {
  if (code === 'token') return { reason: 'token-required' };
  return { reason: retryAfterMs > 0 ? 'server-busy' : 'server-refused', error: code, said: message };
}
