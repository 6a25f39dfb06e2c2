import * as v from 'valibot';
import { connectionFailure } from '../net/connection-failure.ts';

/** What a caller may do about an error, coarsely; command-line programs exit by it. */
export type ChatErrorCode = (typeof CODES)[number];

const CODES = [
  /** The request itself is wrong. */
  'usage',
  /** A name matches several; the data has their ids. */
  'ambiguous',
  'unknown-room',
  'unknown-member',
  'unknown-entry',
  /** This profile is no longer in the room. */
  'not-member',
  /** The server or the members' rules refuse it, or the invite no longer works. */
  'refused',
  /** The server requires its token for creating rooms. */
  'token',
  /** The server could not be reached, or not in time. */
  'offline',
  /** The process that held the profile ended during the request. */
  'interrupted',
  /** The profile needs a passphrase, or another one. */
  'locked',
  'internal',
] as const;

export function isChatErrorCode(code: unknown): code is ChatErrorCode {
  return CODES.some((known) => known === code);
}

function reason<const C extends ChatErrorCode, const E extends v.ObjectEntries>(code: C, entries: E) {
  return { code, data: v.object(entries) };
}

const string = v.string();
const optionalString = v.optional(v.string());

/** Each reason with its code and the members of its data. No data holds a link, token, passphrase or key. */
const REASONS = {
  // Rooms, members and entries by name.
  'room-unknown': reason('unknown-room', { name: string }),
  'room-ambiguous': reason('ambiguous', { name: string, ids: v.array(string) }),
  'room-incomplete': reason('unknown-room', {}),
  'member-unknown': reason('unknown-member', { name: string }),
  'member-ambiguous': reason('ambiguous', {
    name: string,
    members: v.array(v.object({ id: string, name: string })),
  }),
  'device-unknown': reason('unknown-member', { id: string }),
  'invite-unknown': reason('unknown-entry', { id: string }),
  'invite-ambiguous': reason('ambiguous', { id: string, ids: v.array(string) }),
  'entry-unknown': reason('unknown-entry', { seq: string }),
  'entry-none': reason('unknown-entry', {}),
  'log-code-unknown': reason('unknown-entry', {
    first: v.optional(v.number()),
    last: v.optional(v.number()),
  }),

  // What was given.
  'entry-number': reason('usage', {}),
  'reaction-emoji': reason('usage', {}),
  'content-invalid': reason('usage', {}),
  /** Its text shows nothing. */
  'message-blank': reason('usage', {}),
  /** A poll needs from `fewest` to `most` answers. */
  'poll-answers': reason('usage', { fewest: v.number(), most: v.number() }),
  /** The edited text of a poll has no answers. */
  'poll-edit': reason('usage', {}),
  /** A poll has no answer with this number: they are numbered from 1 to `most`. */
  'poll-answer': reason('usage', { most: v.number() }),
  'not-a-poll': reason('usage', {}),
  'not-a-message': reason('usage', {}),
  /** The person's name in the room is that of another device of theirs. */
  'nick-device': reason('refused', {}),
  'message-too-large': reason('usage', { bytes: v.number() }),
  /** `most` is in milliseconds. */
  'invite-lifetime': reason('usage', { most: v.number() }),
  /** `most` uses. */
  'invite-terms': reason('usage', { most: v.number() }),
  /** `most` messages or days. */
  'history-setting': reason('usage', { most: v.number() }),
  /** `most` is in seconds. */
  'rule-seconds': reason('usage', { what: v.picklist(['slow', 'expire']), most: v.number() }),
  'rule-time': reason('usage', {}),
  /** Neither a rule nor a role has this value. */
  'rule-unknown': reason('usage', { what: v.string(), value: v.string() }),
  'option-unknown': reason('usage', { name: v.string() }),
  /** The option `name` is true or false. */
  'option-flag': reason('usage', { name: v.string() }),
  'token-form': reason('usage', {}),
  'name-missing': reason('usage', {}),
  /** There is no room yet, so there is nothing to link a device to. */
  'link-no-room': reason('usage', {}),
  /** A device can be linked only to a profile without rooms. */
  'link-profile-used': reason('usage', {}),
  /** No other device has opened the link yet, or none waits any more. */
  'link-nobody': reason('usage', {}),
  /** `left`: how often digits may still be typed; 0: the link has ended. */
  'link-digits': reason('refused', { left: v.number() }),
  /** The other device has not answered: it isn't connected, or has ended the link. */
  'link-unanswered': reason('offline', {}),
  /** The link was opened before, perhaps by somebody else, or has ended: servers don't say which. */
  'link-used': reason('refused', {}),
  'link-expired': reason('refused', {}),
  'link-cancelled': reason('refused', {}),
  /** A newer recovery link was made, or its room is gone. */
  'recovery-ended': reason('refused', {}),
  /** It is this device. */
  'device-self': reason('usage', {}),
  /** Nobody writes to itself. */
  'direct-self': reason('usage', {}),
  'request-unknown': reason('unknown-entry', { id: string }),
  'device-label': reason('usage', {}),
  /** This device was removed by another one of its person. */
  'device-removed': reason('not-member', {}),
  /** The device is limited: only a device with the person's identity key can do this. */
  'device-limited': reason('usage', {}),
  /** The passphrase or the key doesn't open the backup. */
  'backup-key': reason('locked', {}),
  /** What was given to open a backup is no key. */
  'backup-identity': reason('usage', {}),
  'backup-recipient': reason('usage', {}),
  /** There is no recovery link for which a backup could be made. */
  'backup-no-recovery': reason('usage', {}),
  /** It is no backup, or was changed or cut. */
  'backup-damaged': reason('refused', {}),
  'backup-newer': reason('refused', {}),
  /** A backup is restored only into a profile that has nothing, or goes on to be restored from the same one. */
  'backup-profile-used': reason('usage', {}),
  /** The room's messages are from a backup, and this device isn't in it yet. */
  restored: reason('not-member', {}),
  /** `most` is in bytes for a name and in characters for a topic. */
  'name-invalid': reason('usage', {
    what: v.picklist(['name', 'topic']),
    why: v.picklist(['empty', 'too-long', 'control']),
    most: v.number(),
  }),
  'link-invalid': reason('usage', {
    why: v.picklist([
      'form',
      'scheme',
      'user',
      'fragment',
      'damaged',
      'exposed',
      'for-joining',
      'for-device',
      'for-recovery',
      'for-message',
    ]),
  }),
  'address-invalid': reason('usage', {
    why: v.picklist(['no-scheme', 'form', 'scheme', 'path', 'port', 'no-host', 'host', 'too-long']),
    value: optionalString,
  }),
  /** `secure` is the same server's address with encryption. `proxy` is used to reach it. */
  'address-unencrypted': reason('usage', { server: string, secure: string, proxy: optionalString }),
  /** An onion service, without a proxy. */
  'address-onion': reason('usage', { server: string }),
  'proxy-invalid': reason('usage', { value: string }),
  'unlinked-without-proxy': reason('usage', {}),
  'other-server': reason('usage', { own: string, wanted: string }),

  // Files.
  /** `most`: the largest that the room's server takes, in bytes. */
  'file-too-large': reason('usage', { bytes: v.number(), most: v.number() }),
  /** The room's server stores no files. */
  'files-none': reason('refused', {}),
  /** A file was longer or shorter than its size when it was read. */
  'file-changed': reason('usage', {}),
  'file-unreadable': reason('usage', { name: string }),
  /** A message names a file that was not prepared in this profile, or was dropped since. */
  'file-unprepared': reason('usage', {}),
  /** There is no space for it where the profile is stored. */
  'file-space': reason('internal', {}),
  /** The message has no such file. */
  'file-unknown': reason('unknown-entry', {}),
  /** The server doesn't have the file any more. `until`: how long it said that it keeps it, in milliseconds since 1970. */
  'file-gone': reason('refused', { until: v.optional(v.number()) }),
  /** These are not the bytes that the author sealed. */
  'file-damaged': reason('refused', {}),
  /** The server has no space for more files. */
  'files-full': reason('offline', {}),
  /** The server refused a file; `status` is that of HTTP, `said` its own text. */
  'file-refused': reason('offline', { status: v.number(), said: optionalString }),

  // The room.
  /** A message was not sent and never will be; `unknown`: the others may have received it. */
  'not-sent': reason('not-member', { state: v.picklist(['refused', 'cancelled', 'unknown']) }),
  /** The message has no position yet, so nothing can refer to it. */
  'message-waiting': reason('offline', {}),
  /** A message waits, as the room is in slow mode. `until`: when this person may write again, by this device's clock. */
  'slow-turn': reason('offline', { until: v.number() }),
  /** A message waits until the other person of a conversation has accepted. `name`: theirs. */
  'direct-asked': reason('offline', { name: string }),
  left: reason('not-member', {}),
  removed: reason('not-member', {}),
  broken: reason('not-member', {}),
  /** The server's state of the room is older than this device's, or the server refuses this device. */
  'keys-unknown': reason('not-member', {}),
  'join-unfinished': reason('usage', {}),
  'join-crowded': reason('offline', {}),
  'newer-rules': reason('refused', {}),
  /** The request to leave the room waits to be sent, so nothing is queued after it. */
  leaving: reason('refused', {}),
  'not-active': reason('refused', {}),
  'change-unconfirmed': reason('refused', {}),
  /** The room isn't as it was compared. */
  'return-differs': reason('refused', {}),
  /** What the server keeps of the room can't be opened, or no member has signed it. */
  'return-unknown': reason('refused', {}),
  'own-invite-unknown': reason('refused', {}),
  'change-pending': reason('refused', {}),
  'not-admin': reason('refused', {}),
  /** Only admins and moderators may do it. */
  'not-staff': reason('refused', {}),
  /** Only admins and moderators may make invites in this room. */
  'links-staff': reason('refused', {}),
  'direct-room': reason('refused', {}),
  /** This person may say nothing: it is muted; only admins and moderators may speak; or only those and speakers. */
  muted: reason('refused', {}),
  'staff-only': reason('refused', {}),
  'not-listed': reason('refused', {}),
  /** The same, of a message that waited. */
  silenced: reason('refused', {}),
  /** Only its author may edit a message; its author and admins may delete it; its author, admins and moderators may close a poll. */
  'not-author': reason('refused', { change: v.picklist(['edit', 'delete', 'close']) }),
  /** The poll was closed: no vote counts any more. */
  'poll-closed': reason('refused', {}),
  /** The message that is to be changed was deleted. */
  'message-deleted': reason('refused', {}),
  'admin-key-missing': reason('refused', {}),
  'last-admin': reason('refused', {}),
  'self-removal': reason('unknown-member', {}),
  'no-such-member': reason('unknown-member', {}),
  'invites-full': reason('refused', { most: v.number() }),
  'admins-full': reason('refused', { most: v.number() }),
  'moderators-full': reason('refused', { most: v.number() }),
  /** Of speakers, or of those who are muted. */
  'voices-full': reason('refused', { most: v.number() }),
  'bans-full': reason('refused', { most: v.number() }),
  'pins-full': reason('refused', { most: v.number() }),
  'not-pinned': reason('unknown-entry', {}),
  'ban-unknown': reason('unknown-member', { name: string }),
  /** It is this person. */
  'self-ban': reason('usage', {}),
  'room-full': reason('refused', { most: v.number() }),
  'invite-dead': reason('refused', {}),
  'invite-revoked': reason('refused', {}),
  'invite-damaged': reason('refused', {}),
  'invite-other-room': reason('refused', {}),
  banned: reason('refused', {}),
  /** Another admin or moderator has decided about this knock, or who made it is a member by now. */
  'knock-decided': reason('refused', {}),
  'knock-unknown': reason('unknown-entry', { id: string }),
  'knock-ambiguous': reason('ambiguous', { id: string, ids: v.array(string) }),
  /** The invite needs approval, which is asked for: the room is joined once an admin or moderator has approved. */
  'knock-waiting': reason('offline', { room: string }),
  /** An admin or moderator has declined. */
  'knock-declined': reason('refused', { room: string }),
  /** Too many people wait to be let in. */
  'knocks-full': reason('refused', {}),
  /** `most` bytes. */
  'knock-words': reason('usage', { most: v.number() }),
  'still-member': reason('refused', {}),
  'room-gone': reason('refused', {}),

  // The server.
  'server-slow': reason('offline', { server: string }),
  'server-unreachable': reason('offline', { server: optionalString, failure: v.optional(connectionFailure) }),
  'connection-ended': reason('offline', { server: optionalString, failure: v.optional(connectionFailure) }),
  /** A change of the room was not sent, as there was no connection in time. */
  'change-unsent': reason('offline', {}),
  /** A change of the room was sent, and its outcome is unknown. */
  'change-unanswered': reason('offline', {}),
  /** `already`: an earlier call queued the request to leave. */
  'leave-queued': reason('offline', { already: v.boolean() }),
  /** `error` is an error code of the protocol, `said` the server's own text. */
  'server-refused': reason('refused', { error: string, said: optionalString }),
  'server-busy': reason('offline', { error: string, said: optionalString }),
  'token-required': reason('token', {}),
  /** The protocol versions of both sides. */
  version: reason('refused', { server: v.number(), client: v.number() }),

  // The profile.
  'profile-folder': reason('usage', { dir: string }),
  /** The folder has the rooms of a server. */
  'profile-of-server': reason('usage', { dir: string }),
  'profile-of-other': reason('usage', { dir: string }),
  'profile-open': reason('usage', { dir: string }),
  'profile-link': reason('usage', { file: string }),
  /** The profile has records, and the file with their key is missing. */
  'profile-key-missing': reason('usage', {}),
  'profile-busy': reason('internal', {}),
  'profile-closed': reason('internal', {}),
  'profile-damaged': reason('internal', { part: v.picklist(['key', 'record', 'room']) }),
  'profile-newer': reason('internal', {}),
  'profile-write': reason('internal', {}),
  'owner-gone': reason('interrupted', {}),
  /** Another process has the profile open, with another proxy or none. */
  'owner-route': reason('usage', {}),
  'owner-version': reason('usage', {}),
  'passphrase-missing': reason('locked', {}),
  'passphrase-wrong': reason('locked', {}),
  /** The user was asked for it, and gave none. */
  'passphrase-cancelled': reason('locked', {}),
  'passphrase-file': reason('locked', { file: string }),
  'passphrase-browser': reason('usage', {}),
  'browser-storage': reason('internal', {}),
  'browser-storage-full': reason('internal', {}),
  'page-outdated': reason('internal', {}),
  /** A file of the program could not be loaded: its server can't be reached, or has another version by now. */
  'code-not-loaded': reason('internal', {}),

  /** A failure without a reason of its own; `detail` is for developers. */
  failed: reason('internal', { detail: string }),
  /** Another version of this software gave a reason that this one doesn't know. */
  unknown: reason('internal', {}),
};

type Reasons = typeof REASONS;
export type ErrorReason = keyof Reasons;

/** Why something can't be done, as data that goes through JSON. */
export type ErrorData = {
  [R in ErrorReason]: { readonly reason: R } & Readonly<v.InferOutput<Reasons[R]['data']>>;
}[ErrorReason];

export function codeOf(reason: ErrorReason): ChatErrorCode {
  return REASONS[reason].code;
}

/** @returns undefined when it is not the data of a reason that this version knows. */
export function parseErrorData(value: unknown): ErrorData | undefined {
  if (!v.is(v.looseObject({ reason: v.string() }), value) || !Object.hasOwn(REASONS, value.reason))
    return undefined;
  const reason = value.reason as ErrorReason;
  const data = v.safeParse(REASONS[reason].data, value);
  return data.success ? ({ reason, ...data.output } as ErrorData) : undefined;
}
