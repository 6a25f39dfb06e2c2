import { AddressError, parseAddress } from './address.ts';

/** A SOCKS5 proxy (RFC 1928). */
export interface ProxyAddress {
  /** The canonical form: equal for equal proxies. */
  readonly href: string;
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^socks5h?:\/\/([^/?#@]+:[0-9]+)\/?$/i;

/** @param text `socks5://HOST:PORT`, or `socks5h://…`, which means the same. @throws AddressError `proxy-invalid` */
export function parseProxy(text: string): ProxyAddress {
  const origin = SHAPE.exec(text.trim())?.[1];
  try {
    const { host, port, origin: canonical } = parseAddress(`tcp://${origin ?? ''}`);
    return { href: `socks5://${canonical}`, host, port };
  } catch {
    throw new AddressError({ reason: 'proxy-invalid', value: text });
  }
}
