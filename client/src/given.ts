import { cleanName } from '@gochat/crypto/identity';
import { parseLink } from '@gochat/crypto/link';
import { toChatError } from './to-chat-error.ts';
import { parseAddress } from './transport/address.ts';

/** What people give, to be looked at before a profile is made for it. */
export interface Given {
  readonly link?: string | undefined;
  readonly server?: string | undefined;
  /** Of a person or a room. */
  readonly names?: readonly (string | undefined)[];
}

/** @throws ChatError `usage` when any of it can't be what it should be */
export function checkGiven({ link, server, names = [] }: Given): void {
  try {
    if (link !== undefined) parseAddress(parseLink(link).address);
    if (server !== undefined) parseAddress(server);
    for (const name of names) if (name !== undefined) cleanName(name);
  } catch (error) {
    throw toChatError(error);
  }
}
