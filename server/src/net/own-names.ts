import type { X509Certificate } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { hostText, parseName, type ServedName } from './served-names.ts';

const LOOPBACK: readonly ServedName[] = [{ host: 'localhost' }, { host: '127.0.0.1' }, { host: '[::1]' }];
const EVERY_ADDRESS = ['0.0.0.0', '::'];

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

export interface Listening {
  readonly host: string;
  readonly names: readonly ServedName[];
  readonly certificate?: X509Certificate;
  /** Serves other machines without TLS: then clients may dial the machine's IP addresses. */
  readonly insecure: boolean;
}

/** Every host name and address that clients may dial. */
export function ownNames({ host, names, certificate, insecure }: Listening): ServedName[] {
  const everywhere = EVERY_ADDRESS.includes(host);
  return [
    ...names,
    ...(certificate === undefined ? [] : certificateNames(certificate)),
    ...(everywhere || isLoopbackHost(host) ? LOOPBACK : []),
    ...(everywhere ? [] : [{ host: hostText(host) }]),
    ...(insecure && !isLoopbackHost(host) ? interfaceNames() : []),
  ];
}

function certificateNames(certificate: X509Certificate): ServedName[] {
  const alternatives = certificate.subjectAltName?.split(', ') ?? [];
  return alternatives.flatMap((alternative) => {
    const [, kind, value = ''] = /^(DNS|IP Address):(.+)$/.exec(alternative) ?? [];
    const name = kind === undefined ? undefined : parseName(hostText(value));
    return name === undefined ? [] : [name];
  });
}

function interfaceNames(): ServedName[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.flatMap(({ address }) => parseName(hostText(address)) ?? []);
}
