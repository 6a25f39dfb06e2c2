import { isIPv4, isIPv6 } from 'node:net';

/** Where a connection comes from, as limits count it: an IPv4 address, or the /64 network of an IPv6 address. */
export interface Address {
  readonly name: string;
  readonly loopback: boolean;
}

/** @param ip as a socket or a proxy names it. All other values count as one address, `unknown`. */
export function addressOf(ip: string | undefined): Address {
  const text = (ip ?? '').trim().toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return addressOf(mapped);
  if (isIPv4(text)) return { name: text, loopback: text.startsWith('127.') };
  if (isIPv6(text)) return { name: `${prefix(text)}::/64`, loopback: text === '::1' };
  return { name: 'unknown', loopback: false };
}

/** The first four groups of an IPv6 address. */
function prefix(text: string): string {
  const bare = text.split('%')[0] ?? '';
  const [front = '', back] = bare.split('::');
  const left = front === '' ? [] : front.split(':');
  const right = back === undefined || back === '' ? [] : back.split(':');
  const zeros = back === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...new Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
