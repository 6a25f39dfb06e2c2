import type { IncomingHttpHeaders } from 'node:http';
import { type Address, addressOf } from './address.ts';

/** How the proxies in front of the server name the client's address. */
export interface ForwardedSettings {
  /** The header, in lower case; absent: the first of {@link FORWARDED_HEADERS} that the request has. */
  readonly header?: string;
  /** How many proxies a request passes. */
  readonly proxies: number;
}

const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip'] as const;

/** @returns the address of the client that the outermost proxy saw; `unknown` when no header names it readably */
export function forwardedAddress(headers: IncomingHttpHeaders, settings: ForwardedSettings): Address {
  const names = settings.header === undefined ? FORWARDED_HEADERS : [settings.header];
  for (const name of names) {
    const value = [headers[name] ?? []].flat().join(',');
    if (value.trim() === '') continue;
    const hops = lastElements(value, settings.proxies);
    // A shorter list than expected was written by the inner proxies alone.
    const hop = hops.at(-1) ?? '';
    return addressOf(name === 'forwarded' ? forOf(hop) : hop);
  }
  return addressOf(undefined);
}

/**
 * The last elements of a list that are not empty, last first. It is read from its end: the proxies wrote the end, and what a client
 * wrote before it, such as an open quote, must not change how it is read.
 */
function lastElements(list: string, count: number): string[] {
  const found: string[] = [];
  let end = list.length;
  let quoted = false;
  for (let at = list.length - 1; at >= -1 && found.length < count; at--) {
    if (list[at] === '"' && list[at - 1] !== '\\') quoted = !quoted;
    if (at >= 0 && (quoted || list[at] !== ',')) continue;
    const element = list.slice(at + 1, end).trim();
    if (element !== '') found.push(element);
    end = at;
  }
  return found;
}

/** A parameter of an element of `Forwarded` (RFC 7239, section 4). */
const PARAMETER = /\s*([^\s=;]*)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)\s*(?:;|$)/gy;

function forOf(element: string): string | undefined {
  for (const [, name = '', value = ''] of element.matchAll(PARAMETER))
    if (name.toLowerCase() === 'for') return value.trim();
  return undefined;
}
