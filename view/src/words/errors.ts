import type { ErrorData } from '@gochat/client/chat-error';
import { sanitizeLine } from '../text/sanitize.ts';
import { durationText } from './duration.ts';
import type { Formats } from './formats.ts';

type Of<R extends ErrorData['reason']> = Extract<ErrorData, { reason: R }>;
type Failure = NonNullable<Of<'connection-ended'>['failure']>;

/** Reasons that only a terminal can have: terminal-errors.ts has their sentences, so that the page doesn't load them. */
export type TerminalReason =
  | 'address-onion'
  | 'address-unencrypted'
  | 'proxy-invalid'
  | 'owner-route'
  | 'unlinked-without-proxy'
  | 'profile-folder'
  | 'profile-of-server'
  | 'profile-of-other'
  | 'profile-open'
  | 'profile-link'
  | 'profile-key-missing'
  | 'passphrase-missing'
  | 'passphrase-wrong'
  | 'passphrase-cancelled'
  | 'passphrase-file'
  | 'backup-identity'
  | 'backup-recipient'
  | 'poll-edit'
  | 'poll-answer'
  | 'not-a-poll'
  | 'slow-turn'
  | 'direct-asked';

/** The same for failures of connections: browsers don't say why one can't be made. */
export type TerminalFailure =
  | 'given-up'
  | 'refused'
  | 'reset'
  | 'no-host'
  | 'name-lookup'
  | 'no-route'
  | 'tls'
  | 'certificate-self-signed'
  | 'certificate-untrusted'
  | 'certificate-expired'
  | 'certificate-other-host';

const MEGABYTE = 1_000_000;

type MoreFailures = Partial<Readonly<Record<Failure['kind'], string>>>;

/**
 * The sentence for an error of the SDK, and for the reason why a room is offline or closed.
 * @param more what the sentences of {@link TerminalFailure} end with
 */
export function errorText(f: Formats, more: MoreFailures = {}): (error: ErrorData) => string {
  return (error) => {
    switch (error.reason) {
      case 'room-unknown':
        if (error.name === '') return 'No room was named';
        return `You have no room “${sanitizeLine(error.name)}”`;
      case 'room-ambiguous':
        return `Several rooms are called “${sanitizeLine(error.name)}”; choose one by its id: ${listed(error.ids)}`;
      case 'not-sent':
        return error.state === 'unknown'
          ? 'This message was on its way when you left the room: the others may have received it'
          : 'This message was not sent, and will not be';
      case 'link-digits':
        return error.left === 0
          ? 'These are not the digits: the link has ended, make a new one'
          : f.plural(error.left, {
              one: 'These are not the digits that the other device shows: you have # try left',
              other: 'These are not the digits that the other device shows: you have # tries left',
            });
      case 'room-incomplete':
        return 'This room is not stored completely: join it again';
      case 'member-unknown':
        if (error.name === '') return 'No member was named';
        return `There is no member “${sanitizeLine(error.name)}”`;
      case 'member-ambiguous':
        return `Several members are called “${sanitizeLine(error.name)}”; choose one by its id: ${listed(
          error.members.map(({ id, name }) => `${id} (${name})`),
        )}`;
      case 'device-unknown':
        return `You have no device “${sanitizeLine(error.id)}” in this room`;
      case 'invite-unknown':
        if (error.id === '') return 'No invite was named';
        return `There is no invite “${sanitizeLine(error.id)}”`;
      case 'invite-ambiguous':
        return `Several invites begin with “${sanitizeLine(error.id)}”: ${listed(error.ids)}`;
      case 'knock-unknown':
        return `Nobody who asks to join, and no room that you wait for, is called “${sanitizeLine(error.id)}”`;
      case 'knock-ambiguous':
        return `Several who ask to join are called “${sanitizeLine(error.id)}”; choose one by its id: ${listed(error.ids)}`;
      case 'knock-waiting':
        return `${sanitizeLine(error.room)} needs approval: an admin or moderator is asked to let you in. You join once they do`;
      case 'knock-declined':
        return `An admin or moderator of ${sanitizeLine(error.room)} has declined to let you in`;
      case 'knock-words':
        return f.plural(error.most, {
          one: 'Say less: at most # byte',
          other: 'Say less: at most # bytes',
        });
      case 'request-unknown':
        return `There is no request ${sanitizeLine(error.id)}, or several begin so`;
      case 'entry-unknown':
        return `The server has no entry ${sanitizeLine(error.seq)} in this room; it may have expired`;
      case 'entry-none':
        return 'There is no message in this room yet';
      case 'log-code-unknown':
        return error.first === undefined || error.last === undefined
          ? 'Entries of this epoch expired before this device read them, so there is no log code until the next epoch'
          : `This device knows the log codes from ${error.first} to ${error.last}`;
      case 'entry-number':
        return 'The number of an entry is a whole number above 0';
      case 'reaction-emoji':
        return 'A reaction is one emoji';
      case 'content-invalid':
        return 'This can’t be sent';
      case 'not-author':
        return {
          edit: 'Only its author can edit a message',
          delete: 'Only its author and admins of the room can delete a message',
          close: 'Only its author, admins and moderators of the room can close a poll',
        }[error.change];
      case 'poll-closed':
        return 'This poll is closed';
      case 'poll-answers':
        return `A poll has a question and ${f.number(error.fewest)} to ${f.number(error.most)} answers`;
      case 'not-a-message':
        return 'This is not a message';
      case 'message-too-large':
        return `A message has at most ${f.number(error.bytes / 1024)} KiB: send it in parts`;
      case 'file-too-large':
        return `This file is too large: the server takes ${f.number(Math.floor(error.most / MEGABYTE))} MB`;
      case 'file-unreadable':
        return `The file “${sanitizeLine(error.name)}” can’t be read`;
      case 'file-gone':
        return error.until === undefined
          ? 'The server doesn’t have this file any more'
          : `The server doesn’t have this file any more: it was kept until ${f.clock.moment(error.until)}`;
      case 'file-refused':
        return `The server refused the file (${f.number(error.status)}): it is tried again`;
      case 'invite-lifetime':
        return `On this server an invite lasts at most ${durationText(f, error.most, Math.floor)}`;
      case 'invite-terms':
        return `An invite has 1 to ${f.number(error.most)} uses, and a lifetime above 0`;
      case 'history-setting':
        return `Say none, all, a number of messages such as 100, or days such as 30d, up to ${f.number(error.most)}`;
      case 'token-form':
        return 'That is not a token: a token has 22 characters';
      case 'name-invalid':
        return nameText(f, error);
      case 'link-invalid':
        return LINKS[error.why];
      case 'address-invalid':
        return addressText(error);
      case 'other-server':
        return `This page can reach only its own server, ${sanitizeLine(error.own)}: open the link on ${sanitizeLine(error.wanted)} itself`;
      case 'server-slow':
        return `The server at ${sanitizeLine(error.server)} did not answer in time`;
      case 'server-unreachable':
        return unreachableText(f, error, more);
      case 'connection-ended':
        return endedText(f, error, more);
      case 'server-refused':
      case 'server-busy':
        return refusedText(error);
      case 'version':
        return error.server < error.client
          ? `The server speaks protocol version ${f.number(error.server)}, this client version ${f.number(error.client)}: upgrade the server`
          : `The server speaks protocol version ${f.number(error.server)}, this client version ${f.number(error.client)}: upgrade the client`;
      case 'invites-full':
        return f.plural(error.most, {
          one: 'A room has at most # invite: revoke it first',
          other: 'A room has at most # invites: revoke one first',
        });
      case 'admins-full':
        return f.plural(error.most, {
          one: 'A room has at most # admin',
          other: 'A room has at most # admins',
        });
      case 'moderators-full':
        return f.plural(error.most, {
          one: 'A room has at most # moderator',
          other: 'A room has at most # moderators',
        });
      case 'voices-full':
        return f.plural(error.most, {
          one: 'A room has at most # speaker, and as many who are muted',
          other: 'A room has at most # speakers, and as many who are muted',
        });
      case 'bans-full':
        return f.plural(error.most, {
          one: 'A room bans at most # person: end the ban first',
          other: 'A room bans at most # persons: end another ban first',
        });
      case 'pins-full':
        return f.plural(error.most, {
          one: 'A room has at most # pinned message: unpin it first',
          other: 'A room has at most # pinned messages: unpin one first',
        });
      case 'ban-unknown':
        if (error.name === '') return 'Nobody was named';
        return `Nobody is banned here as “${sanitizeLine(error.name)}”`;
      case 'rule-unknown':
        return `There is no ${sanitizeLine(error.what)} “${sanitizeLine(error.value)}”`;
      case 'option-unknown':
        return `There is no option “${sanitizeLine(error.name)}”`;
      case 'option-flag':
        return `“${sanitizeLine(error.name)}” must be true or false`;
      case 'rule-time':
        return 'Say off, or a time such as 30s, 15m, 12h or 7d';
      case 'rule-seconds':
        return `That is a time of 1 second to ${durationText(f, error.most * 1000, Math.floor)}`;
      case 'room-full':
        return f.plural(error.most, {
          one: 'The room is full: it has # member',
          other: 'The room is full: it has # members',
        });
      case 'profile-damaged':
        return DAMAGED[error.part];
      case 'leave-queued':
        return error.already
          ? 'You are leaving this room already: the others are notified once the server can be reached'
          : 'The server could not be reached: you leave the room, and the others are notified, once it can be';
      case 'failed':
        return `GoChat failed: ${sanitizeLine(error.detail)}`;
      default:
        return FIXED[error.reason as Exclude<typeof error.reason, TerminalReason>];
    }
  };
}

const FIXED = {
  'name-missing': 'This profile has no name yet: give one',
  'link-no-room': 'You have no room yet: join or create one before you link a device',
  'link-profile-used': 'This profile has rooms already: link a new, empty profile',
  'link-nobody': 'No other device waits: open the link on the other device first',
  'link-used':
    'This link was opened before, perhaps by somebody else, or has expired: make a new one on your other device',
  'link-unanswered':
    'Your other device has not answered: leave GoChat open there, with the link, and try again',
  'link-expired': 'This link has expired: make a new one on your other device',
  'link-cancelled': 'Your other device has ended the linking',
  'recovery-ended': 'This recovery link has ended: a newer one was made, or the server has lost it',
  'device-self': 'This is the device that you use',
  'direct-self': 'That is you: choose somebody else',
  'device-label': 'A label has 1 to 64 characters',
  'device-removed': 'This device was removed by another device of yours',
  'device-limited': 'This device is limited: use another one of your devices for this',
  'backup-key': 'This doesn’t open the backup',
  'backup-damaged': 'This file is no backup of GoChat, or was changed or cut',
  'backup-profile-used': 'This profile is in use by somebody else: restore a backup into an empty one',
  restored: 'From a backup: this device is not in this room yet',
  'backup-no-recovery': 'You have no recovery link yet: make one first',
  'backup-newer': 'A newer version of GoChat made this backup: upgrade',
  'message-waiting': 'This message waits to be sent: try again once it is sent',
  left: 'You have left this room',
  removed: 'You were removed from this room',
  broken:
    'This device doesn’t have the room’s present keys: come back (/return, or gochat return). If that is refused, ask an admin to remove you, then join with a new invite',
  'keys-unknown':
    'The server does not know the present keys of this room: it was restored to an older state, or it refuses this device. Ask a member who is still in the room for a new invite, or create the room again',
  'join-unfinished': 'Joining this room was interrupted: open the invite link again',
  'join-crowded': 'Too many others joined at the same time, or the server did not answer: try again',
  'message-blank': 'The message is empty: it has no visible text',
  'nick-device': 'Your name here is that of the device with which you joined first: change it there',
  'files-none': 'This server stores no files',
  'file-changed': 'The file changed while it was read: try again',
  'file-unprepared': 'The file is not stored in this profile any more: add it again',
  'file-space': 'There is not enough space for the file where this profile is stored',
  'file-unknown': 'The message has no such file',
  'file-damaged': 'The file is damaged: these are not the bytes that were sent',
  'files-full': 'The server has no space for more files: it is tried again',
  'newer-rules': 'This room follows the rules of a newer version of GoChat: upgrade to write in it',
  leaving:
    'You are leaving this room, so nothing more is sent to it. To stay, open an invite link of the room again',
  'not-active': 'This device can’t write in this room at present',
  'change-unconfirmed':
    'This device could not follow a change of the room, and makes none for ten minutes after that: try again later',
  'return-differs': 'The room has changed since it was compared: look again at what differs',
  'return-unknown':
    'What the server keeps of the room can’t be read, or no member has signed it: try again later',
  'own-invite-unknown':
    'This device does not know the secret with which members come back: ask a member for a new invite',
  'change-pending': 'Another change by this device is still being sent: try again',
  'not-pinned': 'This message is not pinned',
  'message-deleted': 'This message was deleted',
  'not-admin': 'Only an admin of the room can do this',
  'not-staff': 'Only an admin or moderator of the room can do this',
  'links-staff': 'Only admins and moderators make invites in this room',
  'direct-room': 'In a conversation of two, both have the same rights, and nobody else comes in',
  muted: 'You are muted in this room: you can read and react, and not write',
  'staff-only': 'Only admins and moderators write in this room',
  silenced: 'You may not write in this room at present: the message was not sent, and will not be',
  'not-listed': 'Only admins, moderators and speakers write in this room',
  'self-ban': 'You can’t ban yourself: leave the room instead',
  'admin-key-missing':
    'This device does not have the key of the room’s admins: another admin has to make you admin again',
  'last-admin': 'A room needs an admin: make another member admin first',
  'self-removal': 'You can’t remove yourself: leave the room instead',
  'no-such-member': 'There is no such member',
  'invite-dead': 'This invite no longer works: it is unknown, expired, used up or revoked. Ask for a new one',
  'invite-revoked': 'The members have revoked this invite: ask for a new one',
  'invite-damaged':
    'The server’s data for this invite is damaged: ask a member to open the room, then try again',
  'invite-other-room': 'This is not the room that the link is for',
  banned: 'This person is banned from this room',
  'knock-decided': 'Somebody has decided about this request already',
  'knocks-full': 'Too many people wait to be let into this room: try again tomorrow',
  'still-member':
    'You are still a member of this room with keys that this profile does not have: ask an admin to remove you, then open the link again',
  'room-gone': 'The server has no such room',
  'change-unsent': 'The server could not be reached in time',
  'change-unanswered': 'The server did not answer in time; the change may still take effect',
  'token-required': 'This server requires a token for creating rooms',
  'profile-busy': 'Too many other processes use this profile already',
  'profile-closed': 'This profile is closed',
  'profile-newer': 'A newer version of GoChat wrote this profile: upgrade',
  'profile-write': 'The profile could not be written: nothing more is sent or read',
  'owner-gone':
    'The process that held the profile ended in the middle: check whether the change took effect, then try again',
  'owner-version': 'The process that holds the profile is another version of GoChat: close it first',
  'passphrase-browser':
    'A profile in a browser has no passphrase: it is sealed with a key of the browser, and as safe as your account on this device',
  'browser-storage': 'This browser stores nothing for this page (a private window, or storage is turned off)',
  'browser-storage-full': 'This browser has no more storage for GoChat: free some of the device’s storage',
  'code-not-loaded':
    'A part of GoChat could not be loaded: try again, then reload the page or restart GoChat',
  'page-outdated': 'A newer version of this page has been here: reload the page',
  unknown: 'Another version of GoChat on this profile refused this: use the same version for both',
} as const;

const DAMAGED = {
  key: 'The key of this profile is damaged, or belongs to another profile',
  record: 'A record of this profile is damaged, or belongs to another profile',
  room: 'The stored room is damaged: join again with a new invite',
} as const;

const LINKS = {
  form: 'An invite link looks like http://HOST:PORT/#/join/ROOM.SECRET.FINGERPRINT',
  scheme: 'An invite link begins with http:// or https://',
  user: 'An invite link has no user name in its address',
  fragment: 'This is a web address, but no invite link: copy the whole link again, with what follows #',
  damaged: 'The link is damaged: copy the whole link again',
  exposed:
    'A program had changed # to %23 in this link, so your browser sent its secret to the server: ask for a new invite, and have this one revoked',
  'for-joining': 'This link is an invite to a room: join with it',
  'for-device': 'This link makes a device one of yours: open it on the new device',
  'for-recovery': 'This is a recovery link, with which you come back into your own rooms',
  'for-message':
    'This link leads to a message, for those who are in its room. To come into the room, ask a member for an invite',
} as const;

function listed(items: readonly string[]): string {
  return items.map((item) => sanitizeLine(item)).join(', ');
}

function nameText(f: Formats, { what, why, most }: Of<'name-invalid'>): string {
  if (why === 'empty') return 'A name must not be empty';
  if (what === 'name')
    return why === 'control'
      ? 'A name must not contain control characters or invisible characters'
      : f.plural(most, { one: 'A name has at most # byte', other: 'A name has at most # bytes' });
  return why === 'control'
    ? 'A topic must not contain control characters or invisible characters'
    : f.plural(most, { one: 'A topic has at most # character', other: 'A topic has at most # characters' });
}

function addressText({ why, value = '' }: Of<'address-invalid'>): string {
  const given = sanitizeLine(value);
  switch (why) {
    case 'no-scheme':
      return 'A server’s address begins with its scheme: write tcp://127.0.0.1:4040 or https://chat.example.org';
    case 'form':
      return 'This is not a server’s address: write tcp://127.0.0.1:4040 or https://chat.example.org';
    case 'scheme':
      return `${given}:// is not one of tcp, tls, ws, wss, http and https`;
    case 'path':
      return 'A server’s address ends after its port: write tcp://127.0.0.1:4040 or https://chat.example.org';
    case 'port':
      return `${given} is not a port: a port is a number from 1 to 65535`;
    case 'no-host':
      return 'The host is missing: write tcp://127.0.0.1:4040 or https://chat.example.org';
    case 'host':
      return `“${given}” is not a host: write tcp://127.0.0.1:4040 or https://chat.example.org`;
    case 'too-long':
      return 'The host’s name is too long';
    default:
      return why satisfies never;
  }
}

function unreachableText(
  f: Formats,
  { server, failure }: Of<'server-unreachable'>,
  more: MoreFailures,
): string {
  const where = server === undefined ? '' : sanitizeLine(server);
  if (failure === undefined)
    return where === ''
      ? 'The server could not be reached'
      : `The server at ${where} could not be reached in time`;
  const why = failureText(f, failure, more);
  return where === ''
    ? `The server could not be reached: ${why}`
    : `The server at ${where} could not be reached: ${why}`;
}

function endedText(f: Formats, { server, failure }: Of<'connection-ended'>, more: MoreFailures): string {
  const where = server === undefined ? '' : sanitizeLine(server);
  if (failure === undefined)
    return where === ''
      ? 'The connection to the server ended: try again'
      : `The connection to ${where} ended: try again`;
  const why = failureText(f, failure, more);
  return where === ''
    ? `The connection to the server ended: ${why}`
    : `The connection to ${where} ended: ${why}`;
}

/** The second half of a sentence, after a colon. */
function failureText(
  f: Formats,
  { kind, ms = 0, status = 0, detail = '', error = '' }: Failure,
  more: MoreFailures,
): string {
  switch (kind) {
    case 'timeout':
      return ms === 0
        ? 'no answer'
        : f.plural(Math.round(ms / 1000), {
            one: 'no answer within # second',
            other: 'no answer within # seconds',
          });
    case 'unanswered':
      return f.plural(Math.round(ms / 1000), {
        one: 'a request was unanswered for # second',
        other: 'a request was unanswered for # seconds',
      });
    case 'http':
      return `it answers HTTP ${status} where a GoChat server answers a WebSocket`;
    case 'system':
      return detail === '' ? 'unknown error' : sanitizeLine(detail);
    case 'protocol':
      return `the server broke the protocol (${sanitizeLine(detail)})`;
    case 'server-error':
      return Object.hasOwn(SERVER_ENDS, error)
        ? SERVER_ENDS[error as keyof typeof SERVER_ENDS]
        : `the server reported an error (${sanitizeLine(error)})`;
    default:
      return more[kind] ?? FAILURES[kind as Exclude<typeof kind, TerminalFailure>];
  }
}

const FAILURES = {
  browser: 'it does not answer, or refuses this page',
  'closed-here': 'it was closed here',
  'closed-by-server': 'the server closed it',
  lost: 'the connection was lost',
  malformed: 'the server sent something that is not this protocol',
  'server-overrun': 'the server accepts no more data',
  'client-overrun': 'the server sent more than this device could take',
  silent: 'the server has gone silent',
  'no-welcome': 'the server did not answer the greeting',
} as const;

/** By error codes of the protocol, after a colon. */
const SERVER_ENDS = {
  malformed: 'the server rejected what this device sent',
  oversize: 'the server rejected what this device sent as too large',
  version: 'the server speaks another version of the protocol',
  'hello-first': 'the server expected a greeting',
  origin: 'the server does not serve that host',
  'rate-limited': 'too many requests from this address',
  full: 'a quota of the server is used up',
  slow: 'this device reads too slowly',
  unavailable: 'the server’s storage can’t be reached',
  restarting: 'the server is stopping',
  internal: 'the server failed',
} as const;

/** By error codes of the protocol. */
const REFUSALS = {
  malformed: 'The server rejected the request as malformed',
  oversize: 'The server rejected the request as too large',
  version: 'The server speaks another version of the protocol',
  'hello-first': 'The server expected a greeting',
  origin: 'The server does not serve the host that was dialled: use one of its own names',
  'no-room': 'The server has no such room',
  exists: 'The server has a room of this id already',
  refused: 'The server refused this device’s proof',
  retired: 'A removal has retired this device’s access to the room',
  'not-entered': 'The server says that this connection has not entered the room: try again',
  stale: 'Another change of the room came first: try again',
  conflict: 'Another change of the room came first: try again',
  invite: 'This invite no longer works: it is unknown, expired, used up or revoked. Ask for a new one',
  'no-wrap':
    'This invite can’t be used now: it was revoked, or no member has been online since the room last changed. Try again later, or ask for a new one',
  invalid: 'The server rejected the request as invalid',
  'rate-limited': 'Too many requests from this address or in this room: try again later',
  quiet: 'The room limits how much may be posted: try again later',
  token: 'This server requires a token for creating rooms',
  'not-offered': 'The server does not offer this',
  closed: 'An admin has closed the room',
  full: 'A quota of the server is used up',
  slow: 'This device reads too slowly',
  unavailable: 'The server’s storage can’t be reached: try again',
  restarting: 'The server is stopping: try again',
  internal: 'The server failed: try again',
} as const;

function refusedText({ error, said = '' }: Of<'server-refused' | 'server-busy'>): string {
  if (Object.hasOwn(REFUSALS, error)) return REFUSALS[error as keyof typeof REFUSALS];
  return said === ''
    ? `The server refused this (${sanitizeLine(error)})`
    : `The server refused this: “${sanitizeLine(said)}”`;
}
