import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { connect, createServer, isIPv6, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { AcmeSettings } from '../net/acme.ts';
import type { Result } from './finding.ts';

/** What the checks of a domain ask of the network; tests pass their own. */
export interface Network {
  /** The addresses of a name. @throws when it has none */
  resolve(name: string): Promise<readonly string[]>;
  /** The addresses of this machine. */
  own(): readonly string[];
  /** The port at which the authority and clients reach the server. */
  readonly publicPort: number;
}

export const NETWORK: Network = {
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  own: () =>
    Object.values(networkInterfaces())
      .flat()
      .flatMap((one) => (one === undefined ? [] : [one.address])),
  publicPort: 443,
};

const ANSWER_MS = 5_000;
const DAY_MS = 86_400_000;

/** Whether the domain leads to an address, and whether that is this machine's. */
export async function checkDns({ domain }: AcmeSettings, network: Network): Promise<Result> {
  const addresses = await network.resolve(domain).catch(() => []);
  if (addresses.length === 0)
    return [
      'bad',
      `${domain} has no address: where the domain was registered, add an A or AAAA record with this machine's public address`,
    ];
  const shown = `${domain} is ${addresses.join(' and ')}`;
  const own = network.own();
  return addresses.some((address) => own.includes(address))
    ? ['good', `${shown}, an address of this machine`]
    : [
        'look',
        `${shown}, which is no address of this machine: correct only if a router there forwards port ${network.publicPort} to this machine`,
      ];
}

/**
 * Whether the public port of the domain leads to this machine. While the port is free, the check listens at it and looks for its own
 * answer; otherwise it only looks whether something answers.
 */
export async function checkReach(
  { domain }: AcmeSettings,
  { host, port }: { readonly host: string; readonly port: number },
  network: Network,
): Promise<Result> {
  const addresses = await network.resolve(domain).catch(() => []);
  if (addresses.length === 0) return ['bad', `${domain} has no address`];
  const greeting = randomBytes(16).toString('hex');
  const server = await listen(host, port, greeting);
  try {
    const found = await Promise.all(
      addresses.map(async (address) => ({
        address,
        got: await greetingOf(address, network.publicPort, server !== undefined),
      })),
    );
    const shut = found.filter(({ got }) => got === undefined).map(({ address }) => at(address, network));
    if (shut.length > 0)
      return [
        'look',
        `nothing answers at ${shut.join(' and ')}: open the port in the firewall and forward it in the router. Some routers refuse connections from inside their network: then try from another network`,
      ];
    const all = found.map(({ address }) => at(address, network)).join(' and ');
    if (server === undefined) return ['good', `${all} answers`];
    const foreign = found.filter(({ got }) => got !== greeting).map(({ address }) => at(address, network));
    return foreign.length === 0
      ? ['good', `${all} leads to this machine`]
      : [
          'bad',
          `${foreign.join(' and ')} leads to another server: correct the record, or the forwarding of the port`,
        ];
  } finally {
    server?.close();
  }
}

/** Whether the authority answers, and what certificate of it there is. @param data the data folder */
export async function checkAuthority(acme: AcmeSettings, data: string, now: number): Promise<Result> {
  const { storedCertificate } = await import('../net/acme.ts');
  const stored = await storedCertificate(acme, join(data, 'acme'));
  const answers = await directoryAnswers(acme.directory);
  if (stored !== undefined && stored.until > now) {
    const days = Math.floor((stored.until - now) / DAY_MS);
    const text = `a certificate for ${acme.domain}, which expires in ${days} days`;
    if (answers) return ['good', `${text}; the server renews it`];
    return ['look', `${text}, but ${acme.directory} does not answer: it can't be renewed`];
  }
  const none = stored === undefined ? 'no certificate yet' : 'the certificate has expired';
  return answers
    ? ['good', `${none}: the server gets one when it starts`]
    : ['bad', `${none}, and ${acme.directory} does not answer: allow connections to it`];
}

/** Whether it is a directory of an authority (RFC 8555, section 7.1.1). */
async function directoryAnswers(directory: string): Promise<boolean> {
  try {
    const answer = await fetch(directory, { signal: AbortSignal.timeout(ANSWER_MS) });
    const found: unknown = await answer.json();
    return typeof found === 'object' && found !== null && 'newOrder' in found;
  } catch {
    return false;
  }
}

/** @returns undefined when the port is taken */
function listen(host: string, port: number, greeting: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(greeting);
    });
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => resolve(server));
  });
}

/**
 * @param waits for what the server sends; otherwise a connection is enough
 * @returns what it sent, or nothing; undefined when no connection was made
 */
function greetingOf(address: string, port: number, waits: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let got: string | undefined;
    const end = () => {
      socket.destroy();
      resolve(got);
    };
    socket.setTimeout(ANSWER_MS, end);
    socket.on('connect', () => {
      got = '';
      if (!waits) end();
    });
    socket.on('data', (chunk: Buffer) => {
      got = `${got ?? ''}${chunk.toString('latin1')}`;
    });
    socket.on('error', end);
    socket.on('close', end);
  });
}

function at(address: string, { publicPort }: Network): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${publicPort}`;
}
