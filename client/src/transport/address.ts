// Placeholder of the transport's author to be replaced: enough to run the chat logic.
export class AddressError extends Error {
  override readonly name = 'AddressError';
}
export interface Address {
  readonly href: string;
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly origin: string;
}
export function parseAddress(text: string): Address {
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  const http = new URL(text.replace(/^[a-z]+:/, 'http:'));
  const port = http.port === '' ? 4040 : Number(http.port);
  return { href: text, scheme, host: http.hostname, port, origin: `${http.hostname}:${port}` };
}
/** The http(s) form that stands in links. */
export function linkAddress(server: string): string {
  const { scheme, host, port } = parseAddress(server);
  return `${['tls', 'https', 'wss'].includes(scheme) ? 'https' : 'http'}://${host}:${port}`;
}
