import { isIP } from 'node:net';
import { parseUrl } from '@gochat/protocol/parse-url';

/** A host that this server answers to; if a port is given, only on that port. */
export interface ServedName {
  /** In lower case; an IPv6 address in brackets; `*.` matches one label. */
  readonly host: string;
  readonly port?: number;
}

/** @returns undefined when the text is not `host` or `host:port` */
export function parseName(text: string): ServedName | undefined {
  const match = /^(\[[0-9a-f:.]+\]|(?:\*\.)?[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?)(?::([0-9]{1,5}))?$/.exec(
    text.toLowerCase(),
  );
  if (match?.[1] === undefined) return undefined;
  const host = match[1].startsWith('[') ? canonicalIPv6(match[1]) : match[1].replace(/\.$/, '');
  if (host === undefined) return undefined;
  const port = match[2] === undefined ? undefined : Number(match[2]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  return port === undefined ? { host } : { host, port };
}

/** The canonical spelling of an IPv6 address. */
function canonicalIPv6(bracketed: string): string | undefined {
  return parseUrl(`http://${bracketed}`)?.hostname;
}

/** Whether it is the name of a Tor onion service. */
export function isOnion({ host }: ServedName): boolean {
  return host.endsWith('.onion');
}

/** An address or name as URLs spell it. */
export function hostText(host: string): string {
  return isIP(host) === 6 ? `[${host.toLowerCase()}]` : host.toLowerCase();
}

/** The ports that clients omit, because the scheme implies them. */
const DEFAULT_PORTS = [80, 443];

/** The names that the Host header of HTTP requests and the origin of `hello` must match: they protect against DNS rebinding. */
export class ServedNames {
  readonly #names: readonly ServedName[];

  constructor(names: readonly ServedName[]) {
    this.#names = names;
  }

  /** @param dialled `host` or `host:port`, as the client dialled it */
  serves(dialled: string): boolean {
    const asked = parseName(dialled);
    return (
      asked !== undefined && !asked.host.startsWith('*') && this.#names.some((name) => matches(name, asked))
    );
  }
}

function matches(name: ServedName, asked: ServedName): boolean {
  const sameHost = name.host.startsWith('*.')
    ? asked.host.slice(asked.host.indexOf('.') + 1) === name.host.slice(2) && asked.host.includes('.')
    : asked.host === name.host;
  if (!sameHost || name.port === undefined) return sameHost;
  return asked.port === undefined ? DEFAULT_PORTS.includes(name.port) : asked.port === name.port;
}
