import { parseLink, resemblesLink } from '@gochat/crypto/link';
import { cleanName } from '@gochat/crypto/names';
import { createToken } from '@gochat/protocol/fields';
import { is } from 'valibot';
import { parseAddress } from '../net/address.ts';
import { ChatError } from './chat-error.ts';
import { toChatError } from './to-chat-error.ts';

/** Input to check before a profile is created for it. */
export interface Given {
  readonly link?: string | undefined;
  /** A link with which this profile becomes a device of another one's person. */
  readonly deviceLink?: string | undefined;
  readonly recoveryLink?: string | undefined;
  readonly server?: string | undefined;
  /** For a server that requires it for creating rooms. */
  readonly token?: string | undefined;
  /** Names of persons or rooms. */
  readonly names?: readonly (string | undefined)[];
}

/** @throws ChatError `usage` for the first part that is invalid */
export function checkGiven({ link, deviceLink, recoveryLink, server, token, names = [] }: Given): void {
  try {
    if (link !== undefined) parseAddress(parseLink(link).address);
    if (deviceLink !== undefined) parseAddress(parseLink(deviceLink, 'link').address);
    if (recoveryLink !== undefined) parseAddress(parseLink(recoveryLink, 'recover').address);
    if (server !== undefined) parseAddress(server);
    if (token !== undefined) checkToken(token);
    for (const name of names) if (name !== undefined) cleanName(name);
  } catch (error) {
    throw toChatError(error);
  }
}

/** Whether a text is an invite link, whole or damaged, rather than the name of a room. */
export function isLinkLike(text: string): boolean {
  return resemblesLink(text);
}

/** Whether a text holds the link with which a device becomes another one of its person. */
export function isDeviceLink(text: string): boolean {
  try {
    parseLink(text, 'link');
    return true;
  } catch {
    return false;
  }
}

/** Whether a text holds a recovery link. */
export function isRecoveryLink(text: string): boolean {
  try {
    parseLink(text, 'recover');
    return true;
  } catch {
    return false;
  }
}

/** @throws ChatError `usage` when it can't be a server's token */
export function checkToken(token: string): void {
  if (!is(createToken, token)) throw new ChatError({ reason: 'token-form' });
}
