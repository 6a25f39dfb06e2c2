import type { ErrorData } from '@gochat/client/chat-error';
import { sanitizeLine } from '../text/sanitize.ts';
import type { TerminalFailure, TerminalReason } from './errors.ts';
import type { Formats } from './formats.ts';

/** @returns the sentence for an error that only a terminal can have; undefined for all others */
export function terminalErrorText(f: Formats, error: ErrorData): string | undefined {
  switch (error.reason) {
    case 'address-onion':
      return `${sanitizeLine(error.server)} is an onion service, which only a proxy reaches`;
    case 'proxy-invalid':
      return `“${sanitizeLine(error.value)}” is not a proxy: write socks5://127.0.0.1:9050, or none`;
    case 'owner-route':
      return 'Another process uses this profile with another proxy, or with none: end it first';
    case 'unlinked-without-proxy':
      return 'Without a proxy the server sees that the connections come from one device';
    case 'address-unencrypted':
      return error.proxy === undefined
        ? `${sanitizeLine(error.server)} is not encrypted: use ${sanitizeLine(error.secure)}`
        : `${sanitizeLine(error.server)} is not encrypted: through the proxy ${sanitizeLine(error.proxy)}, use ${sanitizeLine(error.secure)}`;
    case 'profile-folder':
      return `The profile's folder ${sanitizeLine(error.dir)} can't be created or written`;
    case 'profile-of-server':
      return `The folder ${sanitizeLine(error.dir)} has the rooms of a server`;
    case 'profile-of-other':
      return `The folder ${sanitizeLine(error.dir)} belongs to another user`;
    case 'profile-open':
      return `Other users may write to the folder ${sanitizeLine(error.dir)}`;
    case 'profile-link':
      return `${sanitizeLine(error.file)} is no file`;
    case 'passphrase-file':
      return `The file ${sanitizeLine(error.file)}, which GOCHAT_PASSPHRASE_FILE names, can't be read`;
    case 'profile-key-missing':
      return 'The profile’s file “key” is missing: restore it from a backup';
    case 'passphrase-missing':
      return 'This profile is locked with a passphrase';
    case 'passphrase-wrong':
      return 'The passphrase is wrong';
    case 'passphrase-cancelled':
      return 'No passphrase was entered: the profile stays locked';
    case 'backup-identity':
      return 'This is not a key that opens backups: it begins with AGE-SECRET-KEY-1';
    case 'backup-recipient':
      return 'This is not a key for which backups are made: it begins with age1';
    case 'slow-turn':
      return `This room is in slow mode: you can write again at ${f.clock.date(error.until)}`;
    case 'direct-asked':
      return `${sanitizeLine(error.name)} has not accepted yet`;
    case 'poll-answer':
      return `Say the number of an answer, from 1 to ${f.number(error.most)}`;
    case 'poll-edit':
      return 'This is a poll: give its answers with the question, each in a line that begins with 1️⃣, 2️⃣ and so on. To end the poll, delete it';
    case 'not-a-poll':
      return 'This message is no poll';
    default:
      error.reason satisfies Exclude<ErrorData['reason'], TerminalReason>;
      return undefined;
  }
}

/** What to run or set about an error, for the command line; empty when there is nothing to say. */
export function errorHint(error: ErrorData): string {
  if (error.reason === 'server-unreachable')
    return error.failure === undefined ? '' : (FAILURES[error.failure.kind] ?? '');
  if (error.reason === 'address-unencrypted' && error.proxy !== undefined)
    return `--proxy none connects directly, ${HINTS[error.reason]}`;
  if (error.reason === 'link-invalid' && error.why === 'for-device') return 'gochat link LINK does that';
  if (error.reason === 'link-invalid' && error.why === 'for-recovery') return 'gochat recover takes it';
  if (error.reason === 'link-invalid' && error.why === 'for-message') return 'gochat thread LINK shows it';
  return HINTS[error.reason] ?? '';
}

/** What a sentence about a connection ends with. */
export const TERMINAL_FAILURES = {
  'given-up': 'it was cancelled',
  refused: 'nothing is listening there',
  reset: 'it closed the connection',
  'no-host': 'there is no such host',
  'name-lookup': 'the host’s name could not be looked up',
  'no-route': 'there is no route to that host',
  tls: 'it speaks no version of TLS that this program knows',
  'certificate-self-signed': 'its certificate is self-signed and not trusted here',
  'certificate-untrusted': 'its certificate comes from an authority that is not trusted here',
  'certificate-expired': 'its certificate has expired',
  'certificate-other-host': 'its certificate is for another host',
} as const satisfies Record<TerminalFailure, string>;

const HINTS: Partial<Record<ErrorData['reason'], string>> = {
  'room-unknown': 'gochat rooms lists your rooms',
  'member-unknown': 'gochat members lists the members',
  'device-removed':
    'its profile becomes an empty one: gochat link LINK makes it a device of yours again, with a link from another one',
  'device-unknown': 'gochat devices lists your devices',
  'invite-unknown': 'gochat invites lists the invites',
  'entry-number': 'gochat tail --json prints it as seq',
  'join-unfinished': 'run gochat join with the same link again',
  'passphrase-missing': 'set GOCHAT_PASSPHRASE, or run gochat on a terminal to be asked',
  'profile-folder': 'choose another with --profile',
  'profile-of-server': 'choose another with --profile',
  'profile-of-other': 'choose another with --profile',
  'profile-open': 'close it with chmod go-w, after a look at what it has',
  'profile-link': 'a profile has no links: move the file itself there',
  'profile-key-missing': 'or choose another folder with --profile',
  'address-onion': 'for Tor: --proxy socks5://127.0.0.1:9050',
  'unlinked-without-proxy': '--unlinked needs --proxy',
  'address-unencrypted': '--insecure allows it, for networks that you trust',
};

const TRUST = '--ca FILE trusts it';

type Failure = NonNullable<Extract<ErrorData, { reason: 'server-unreachable' }>['failure']>;

const FAILURES: Partial<Record<Failure['kind'], string>> = {
  'certificate-self-signed': TRUST,
  'certificate-untrusted': TRUST,
};
