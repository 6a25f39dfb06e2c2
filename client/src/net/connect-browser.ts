import { ChatError } from '../api/chat-error.ts';
import { linkAddress, parseAddress } from './address.ts';
import { type BrowserDialOptions, BrowserLink } from './browser-link.ts';
import { type Connection, greet } from './connection.ts';

/**
 * Connects a page to the server that it was loaded from, and sends hello.
 * @param page the page's own origin; connections to any other are refused.
 * @throws ChatError `usage` for another server; AddressError, DialError, RequestError, Disconnected
 */
export async function connectBrowser(
  address: string,
  page: string,
  options: BrowserDialOptions = {},
): Promise<Connection> {
  const own = pageAddress(address, page);
  return greet(await BrowserLink.open(parseAddress(own), options), options);
}

/** @returns the address of the page's own server. @throws ChatError `usage` if another one is wanted */
export function pageAddress(address: string, page: string): string {
  const own = linkAddress(page);
  const wanted = linkAddress(address);
  if (own === wanted) return own;
  throw new ChatError({ reason: 'other-server', own: shown(own), wanted: shown(wanted) });
}

/** Without the port when it is the scheme's default. */
function shown(address: string): string {
  return new URL(address).origin;
}
