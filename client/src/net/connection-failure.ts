import * as v from 'valibot';

/** Why a connection could not be made, or ended. */
const FAILURES = [
  // It could not be made.
  'timeout',
  'given-up',
  'refused',
  'reset',
  'no-host',
  'name-lookup',
  'no-route',
  'tls',
  'certificate-self-signed',
  'certificate-untrusted',
  'certificate-expired',
  'certificate-other-host',
  /** An HTTP server without GoChat; `status` is its answer. */
  'http',
  /** Browsers don't say more. */
  'browser',
  /** `detail` is the system's own code or message. */
  'system',
  // It ended.
  'closed-here',
  'closed-by-server',
  'lost',
  'malformed',
  'server-overrun',
  'client-overrun',
  'silent',
  'no-welcome',
  /** A request had no answer for `ms`. */
  'unanswered',
  /** The server broke the protocol as `detail` says. */
  'protocol',
  /** The server gave `error`, an error code of the protocol, as its reason. */
  'server-error',
] as const;

export const connectionFailure = v.object({
  kind: v.picklist(FAILURES),
  ms: v.optional(v.number()),
  status: v.optional(v.number()),
  detail: v.optional(v.string()),
  error: v.optional(v.string()),
});

export type ConnectionFailure = v.InferOutput<typeof connectionFailure>;

/** Trying again soon does not help: the address, the network or the server has to be changed first. */
const LASTING: ReadonlySet<ConnectionFailure['kind']> = new Set([
  'no-host',
  'name-lookup',
  'tls',
  'certificate-self-signed',
  'certificate-untrusted',
  'certificate-expired',
  'certificate-other-host',
]);
/** The server may be starting. */
const STARTING: ReadonlySet<ConnectionFailure['kind']> = new Set(['refused', 'reset', 'no-route', 'http']);

/** The rarer codes of OpenSSL and Node.js for TLS and certificates. */
const CERTIFICATE_CODE = /^(CERT_|CRL_|ERR_SSL_|ERR_TLS_|UNABLE_TO_|INVALID_)/;

/** How soon an attempt to reach a server for the first time is given up after this failure. */
export function patienceOf({ kind, status = 0, detail = '' }: ConnectionFailure): 'none' | 'short' | 'full' {
  // A proxy answers with 5xx while the server behind it starts.
  if (LASTING.has(kind) || (kind === 'system' && CERTIFICATE_CODE.test(detail))) return 'none';
  if (kind === 'http' && status < 500) return 'none';
  return STARTING.has(kind) ? 'short' : 'full';
}

/** The failure in short, for an error's message. */
export function describeFailure({ kind, ...data }: ConnectionFailure): string {
  return [kind, ...Object.values(data)].join(' ');
}
