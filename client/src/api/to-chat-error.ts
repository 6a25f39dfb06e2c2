import { NameError } from '@gochat/crypto/identity';
import { LinkError } from '@gochat/crypto/link';
import { RoomError } from '@gochat/crypto/room';
import { VaultError } from '@gochat/crypto/vault';
import { AddressError } from '../net/address.ts';
import { Disconnected, RequestError } from '../net/connection.ts';
import { CallFailed } from '../profile/guest.ts';
import { ChatError, type ChatErrorCode, isChatErrorCode } from './chat-error.ts';

const ROOM_CODES: Readonly<Record<RoomError['code'], ChatErrorCode>> = {
  'not-active': 'refused',
  'not-admin': 'refused',
  'not-member': 'unknown-member',
  pending: 'refused',
  'too-large': 'usage',
  'too-many': 'refused',
  'bad-invite': 'refused',
  'bad-group': 'internal',
  full: 'refused',
};

/** Whatever was thrown, as what the SDK's callers are told. */
export function toChatError(error: unknown): ChatError {
  if (error instanceof ChatError) return error;
  const message = error instanceof Error ? error.message : 'an unknown failure';
  return new ChatError(codeOf(error), message, { cause: error });
}

function codeOf(error: unknown): ChatErrorCode {
  if (error instanceof RoomError) return ROOM_CODES[error.code];
  if (error instanceof NameError || error instanceof LinkError || error instanceof AddressError)
    return 'usage';
  if (error instanceof VaultError) return error.code === 'damaged' ? 'internal' : 'locked';
  if (error instanceof Disconnected) return 'offline';
  if (error instanceof RequestError && error.code === 'token') return 'token';
  if (error instanceof RequestError) return error.retryAfterMs > 0 ? 'offline' : 'refused';
  if (error instanceof CallFailed && isChatErrorCode(error.code)) return error.code;
  return 'internal';
}
