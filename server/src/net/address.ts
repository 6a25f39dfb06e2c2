import { isIPv4, isIPv6 } from 'node:net';

/** Where a connection comes from, as limits count it: an IPv4 address, or the /64 network of an IPv6 address. */
export interface Address {
  readonly name: string;
  readonly loopback: boolean;
  /** Set for one connection to an onion service: limits by address hold for it alone, and rates for all visitors together, too. */
  readonly visitor?: true;
}

/** The address of a connection through an onion service, where all clients have the same one. @param number unique on this node */
export function visitorAddress(number: number): Address {
  return { name: `visitor ${number}`, loopback: false, visitor: true };
}

/** No limit counts it: different clients would share the limit. */
const UNKNOWN: Address = { name: 'unknown', loopback: false };

/** Whether limits by address do not apply. @param exemptsLoopback whether loopback is exempt */
export function isExempt({ name, loopback }: Address, exemptsLoopback: boolean): boolean {
  return name === UNKNOWN.name || (loopback && exemptsLoopback);
}

export function isUnknown({ name }: Address): boolean {
  return name === UNKNOWN.name;
}

/**
 * @param ip as a socket or a proxy names it: an IPv4 or IPv6 address, also in brackets, in quotes, with a port or with a zone. All
 * other values are `unknown`.
 */
export function addressOf(ip: string | undefined): Address {
  const text = bare((ip ?? '').trim().toLowerCase());
  if (isIPv4(text)) return { name: text, loopback: text.startsWith('127.') };
  if (!isIPv6(text)) return UNKNOWN;
  const groups = groupsOf(text);
  const embedded = embeddedIPv4(groups);
  if (embedded !== undefined) return addressOf(embedded);
  const prefix = groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
  return { name: `${prefix}::/64`, loopback: groups.every((group, i) => group === (i === 7 ? 1 : 0)) };
}

const PORT = /(?<!:):\d{1,5}$/;

/** The address without quotes, brackets, port and zone. */
function bare(text: string): string {
  const unquoted = /^"(.*)"$/.exec(text)?.[1]?.replace(/\\(.)/g, '$1').trim() ?? text;
  // A port may be a number or an obfuscated name (RFC 7239, section 6).
  const bracketed = /^\[([^\]]*)\](?::[\w.-]+)?$/.exec(unquoted)?.[1];
  const host = bracketed ?? /^([\d.]+):[\w.-]+$/.exec(unquoted)?.[1] ?? unquoted;
  const address = host.replace(/%.*$/, '');
  // Some proxies add a port to an IPv6 address without brackets.
  return isIPv6(address) || !PORT.test(address) || !isIPv6(address.replace(PORT, ''))
    ? address
    : address.replace(PORT, '');
}

/** The eight groups of an IPv6 address. */
function groupsOf(text: string): number[] {
  const dotted = /[\d.]+$/.exec(text)?.[0] ?? '';
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
  const hex = isIPv4(dotted)
    ? `${text.slice(0, -dotted.length)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    : text;
  const [left = [], right] = hex.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const zeros = right === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...new Array<string>(zeros).fill('0'), ...(right ?? [])].map((group) =>
    Number.parseInt(group, 16),
  );
}

/** Prefixes of 96 bits after which an IPv4 address follows: IPv4-mapped (RFC 4291) and NAT64 (RFC 6052). */
const EMBEDDING = ['0,0,0,0,0,65535', `${0x64},${0xff9b},0,0,0,0`];

/** @returns the IPv4 address in an IPv6 address; undefined when there is none */
function embeddedIPv4(groups: readonly number[]): string | undefined {
  if (!EMBEDDING.includes(groups.slice(0, 6).join())) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
