import { newId } from '@gochat/crypto/new-id';
import { platform } from '../profile/platform.ts';

/** @returns an id for a message to queue: 128 random bits as base64url. */
export function newMessageId(): string {
  return newId(platform);
}
