import { parseAddress } from './address.ts';
import { type Connection, type GreetOptions, greet } from './connection.ts';
import { type DialOptions, dial } from './dial.ts';

/** Connects to a server and sends hello. @throws AddressError, DialError, RequestError, Disconnected */
export async function connect(
  address: string,
  options: DialOptions & GreetOptions = {},
): Promise<Connection> {
  return greet(await dial(parseAddress(address), options), options);
}
