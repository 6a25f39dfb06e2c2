import type { Content, FileContent, Presence } from '@gochat/crypto/content';
import type { HistorySetting } from '@gochat/crypto/packs';
import type { RoomRules } from '@gochat/crypto/room-rules';
import type { Role, Silence } from '@gochat/crypto/speaking';
import type { Preferences, RoomNotes } from '../account/settings.ts';
import type { BackupPreferences, BackupRoom } from '../backup/backup-lines.ts';
import type { FileLimits } from '../files/files.ts';
import type { BannedPerson, HistoryItem, TextItem } from '../room/history.ts';
import type { EndState, Outcome } from '../room/outgoing.ts';
import type { ChatErrorCode, ErrorData } from './error-data.ts';

/**
 * The requests that a profile answers, in whichever process holds it. Parameters and results are JSON, since they may cross a
 * socket.
 */
export interface Methods {
  /** The profile's own name and fingerprint. */
  whoami: (params: Record<string, never>) => { readonly name: string | undefined; readonly identity: string };
  rooms: (params: Record<string, never>) => readonly RoomInfo[];
  /** Creates a room on a server and waits until the server has it. A server that requires a token refuses with `token`. */
  create: (params: {
    readonly name: string;
    /** The profile's own name when absent. @throws ChatError `usage` when it has none */
    readonly as?: string;
    readonly server: string;
    /** For a server that requires a token for creating rooms. */
    readonly token?: string;
    /** How much of the history newcomers are shown; nothing when absent. */
    readonly history?: HistorySetting;
    /** After how many seconds messages disappear; never when absent. */
    readonly expire?: number;
    readonly waitMs: number;
  }) => RoomInfo;
  /**
   * Joins by an invite link. If that needs approval, the members are asked, and the room is joined as soon as an admin or moderator
   * approves: by this profile's process, or by the same call made again. @throws ChatError `offline` `knock-waiting`: they are asked; `refused` `knock-declined`
   * @returns `already`: the profile was in the room before. `stayed`: its request to leave waited, and is cancelled.
   */
  join: (params: {
    readonly link: string;
    /** As for `create`. */
    readonly as?: string;
    /** What is said to those who let people in, if the link needs approval: at most 1024 bytes. */
    readonly words?: string;
    readonly waitMs: number;
  }) => RoomInfo & { readonly already: boolean; readonly stayed: boolean };
  /** Queues a message under an id that the caller chooses (128 random bits). A repeated call with the same id has no effect. */
  queue: (params: {
    readonly room: string;
    readonly id: string;
    /** A text, an edit, a deletion or a reaction. Every reader checks whether the author has the right to it. */
    readonly content: Content;
    /** A change of the notes on the room, such as the end of a draft: both are stored, or neither. */
    readonly note?: Partial<RoomNotes>;
    /** The call was made before, of a process that has ended: check whether the message was sent. */
    readonly again?: boolean;
    /**
     * Rejects a change that every reader would ignore (`not-author`, `message-deleted`, `not-a-poll`, `poll-closed`), and one that
     * leaves a poll without answers (`poll-edit`). Without it, they are queued.
     */
    readonly allowed?: boolean;
  }) => { readonly id: string };
  /** Queues messages in their order, as {@link Methods.queue} does one: all of them are stored, or none. */
  queueAll: (params: {
    readonly room: string;
    readonly messages: readonly { readonly id: string; readonly content: Content }[];
    readonly again?: boolean;
  }) => null;
  /**
   * Queues messages again that this device posted while it could not follow the others, and that perhaps not everybody could read
   * (`missed`). They keep their ids, so that whoever has read one doesn't see it twice.
   * @param ids all of these messages when absent. `unsent`: also queues each text of an ended membership, as a new message
   * @returns the ids of those that are queued now
   */
  resend: (params: {
    readonly room: string;
    readonly ids?: readonly string[];
    readonly unsent?: boolean;
  }) => {
    readonly ids: readonly string[];
  };
  /** Messages that wait to be sent, were refused or `missed`, oldest first. */
  waiting: (params: { readonly room: string }) => readonly Waiting[];
  /** Cancels the sending of a queued message, or dismisses a refused or missed one; false when it may have reached the server. */
  cancel: (params: { readonly room: string; readonly id: string }) => { readonly cancelled: boolean };
  /**
   * Waits until none of these messages waits any more, or the room receives nothing, at most `waitMs`.
   * @returns what is known of each, in the same order; how many still wait, and why: the room receives nothing, or as `slow-turn` or
   *   `direct-asked` say
   */
  sent: (params: { readonly room: string; readonly ids: readonly string[]; readonly waitMs: number }) => {
    readonly waiting: number;
    readonly outcomes: readonly Outcome[];
    readonly problem: Problem | undefined;
  };
  /** Waits until all entries that the server has are received; `live` is false when nothing came for `waitMs`. */
  sync: (params: { readonly room: string; readonly waitMs: number }) => {
    readonly live: boolean;
    readonly problem: Problem | undefined;
  };
  /** Follows the room from now on. @returns the present state; changes are reported by the event `online`. */
  follow: (params: { readonly room: string }) => RoomConnection;
  /** Up to `limit` lines in order: the first ones after `after`, or the last ones before `before`, or the last ones. */
  history: (params: {
    readonly room: string;
    readonly after?: string;
    readonly before?: string;
    readonly limit: number;
  }) => readonly HistoryItem[];
  /**
   * Messages that hold every word of `text`, newest first, found among the last lines before `before` (or the end). It looks at a bounded
   * number of lines at a time: `next`, when there, is where to look on.
   */
  search: (params: {
    readonly room: string;
    readonly text: string;
    readonly before?: string;
    readonly limit: number;
  }) => { readonly items: readonly TextItem[]; readonly next: string | undefined };
  /**
   * What the room's server takes; null if it stores no files. Known offline, too, but not against a file of so many `bytes`: limits of
   * before that refuse it are asked of the server again.
   * @throws ChatError `offline`
   */
  fileLimits: (params: {
    readonly room: string;
    readonly bytes?: number;
    readonly waitMs: number;
  }) => FileLimits | null;
  /**
   * Announces files that are being sealed into the profile: they are kept from now on, and dropped after a day unless a message is
   * queued with them. `discard`: the secrets that delete them on the server.
   * @returns the room's whole id, to which they are sealed
   */
  spool: (params: {
    readonly room: string;
    readonly files: readonly { readonly id: string; readonly discard: string }[];
  }) => { readonly room: string };
  /**
   * One chunk of an announced file is sealed and stored, and a message with it is queued as soon as all are: it may be uploaded already.
   * @param params `bytes`: the size of the whole file
   */
  chunkSealed: (params: {
    readonly room: string;
    readonly id: string;
    readonly bytes: number;
    readonly chunk: number;
  }) => null;
  /** All chunks of these files are sealed and stored. */
  spooled: (params: { readonly room: string; readonly ids: readonly string[] }) => null;
  /** Drops files that were announced and are in no queued message. */
  unspool: (params: { readonly room: string; readonly ids: readonly string[] }) => null;
  /**
   * Has one chunk of a message's file put into the profile's cache, if it isn't there: see {@link Files.open}.
   * @param again fetch it once more: that in the cache is damaged
   * @returns the file, and the whole id of the room to which it is sealed
   */
  fileChunk: (params: {
    readonly room: string;
    readonly seq: string;
    readonly id: string;
    readonly index: number;
    readonly preview?: boolean;
    readonly chunk: number;
    readonly again?: boolean;
  }) => { readonly room: string; readonly file: SealedFile };
  /** Drops what the cache has of a file or preview, as it is damaged. */
  fileDamaged: (params: {
    readonly room: string;
    readonly id: string;
    readonly hash: string;
    readonly bytes: number;
  }) => null;
  members: (params: { readonly room: string }) => readonly MemberInfo[];
  remove: (params: { readonly room: string; readonly member: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  invite: (params: {
    readonly room: string;
    readonly expiresMs: number | undefined;
    readonly uses: number | undefined;
    /** Whoever uses the link asks to be let in, and an admin or moderator decides. */
    readonly approve?: boolean;
    readonly waitMs: number;
  }) => {
    readonly link: string;
    readonly id: string;
    /** By this device's clock, in milliseconds since 1970. */
    readonly expires: number;
  };
  invites: (params: { readonly room: string; readonly waitMs: number }) => readonly InviteInfo[];
  /** Who waits to be let in, oldest first. How many is in {@link RoomInfo.knocks}, for those who decide. */
  knocks: (params: { readonly room: string }) => readonly KnockInfo[];
  /**
   * Lets somebody in who knocks: it joins as soon as it asks, also when nobody else is there; admins and moderators. @param params `knock`: its id or the
   * beginning of it, or the person's name or identity key
   * @throws ChatError `unknown-entry`, `ambiguous`; `refused` `not-staff`, `knock-decided`, `banned`, `invites-full`
   */
  approveKnock: (params: { readonly room: string; readonly knock: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  /** Declines a knock, which is final: the person hears it, and may knock again. As {@link Methods.approveKnock}. */
  declineKnock: (params: { readonly room: string; readonly knock: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  /** The rooms into which this profile's person waits to be let, oldest first. Changes are reported by the event `knocking`. */
  knocking: (params: Record<string, never>) => readonly OwnKnock[];
  /** Waits no longer to be let into a room, or forgets that it was declined. @param params `room`: its id, the beginning of it, or its name. @throws ChatError `unknown-entry` */
  cancelKnock: (params: { readonly room: string }) => null;
  /**
   * Changes the room's name, topic or rules; admins only. An empty topic removes it, null ends a rule.
   * @param params `slow`, `expire`: in seconds. @throws ChatError `usage`, `refused` `not-admin`
   */
  configure: (params: {
    readonly room: string;
    readonly name?: string;
    readonly topic?: string;
    readonly history?: HistorySetting;
    readonly speak?: RoomRules['speak'];
    readonly slow?: number | null;
    readonly links?: RoomRules['links'];
    readonly expire?: number | null;
    readonly waitMs: number;
  }) => null;
  /**
   * Changes the name of this profile's person in the room, for all members. It is that of the person's first device there.
   * @throws ChatError `usage` `name-invalid`; `refused` `nick-device` on another device
   */
  nick: (params: { readonly room: string; readonly name: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  /** The rules that hold in the room, as far as this device knows. */
  rules: (params: { readonly room: string }) => RoomRules;
  /**
   * Gives a person one role, and takes the one that it had; moderators only `observer` and `member`, to those who hold no office.
   * @throws ChatError `refused` `not-admin`, `not-staff`, `admin-key-missing`; `last-admin`; `admins-full`, `moderators-full`, `voices-full`
   */
  setRole: (params: {
    readonly room: string;
    readonly member: string;
    readonly role: Role;
    readonly waitMs: number;
  }) => { readonly name: string };
  /**
   * Removes a person with all devices, if it is in the room, and lets its identity in never again; admins, and moderators for whom holds no
   * office. All invites end. @param params `member`: also the name or identity key of somebody who was in the room.
   * @throws ChatError as `remove` does; `usage` `self-ban`; `refused` `not-staff`, `bans-full`
   */
  ban: (params: { readonly room: string; readonly member: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  /** @param params `member`: a name, an identity key, or the fingerprint of one or its beginning. @throws ChatError `unknown-member`, `ambiguous` */
  unban: (params: { readonly room: string; readonly member: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  /** Who is banned. */
  bans: (params: { readonly room: string }) => readonly BannedPerson[];
  /** Pins a message for all; admins and moderators. @param params `id`: of the message, or its position. @throws ChatError `refused` `pins-full` */
  pin: (params: { readonly room: string; readonly id: string; readonly waitMs: number }) => null;
  /** As {@link Methods.pin}. @throws ChatError `unknown-entry` `not-pinned` */
  unpin: (params: { readonly room: string; readonly id: string; readonly waitMs: number }) => null;
  /** The pinned messages that this device has, the one that was pinned last first, and the ids of the others. */
  pins: (params: { readonly room: string }) => {
    readonly items: readonly TextItem[];
    readonly unknown: readonly string[];
  };
  /**
   * Asks a member of a room to write to each other alone, or finds the conversation that there is. What is said in a new one waits on this
   * device until the other person has accepted; it is asked with the first kilobyte of `text`.
   * @returns the conversation. `message`: the id of the message with `text`, whose states are those of any other
   * @throws ChatError `unknown-member`; `usage` `direct-self`, `message-blank`, `too-large`, or on a limited device; as `create` does
   */
  dm: (params: {
    readonly room: string;
    readonly member: string;
    readonly text?: string;
    /** For a server that requires a token for creating rooms. */
    readonly token?: string;
    readonly waitMs: number;
  }) => RoomInfo & { readonly message?: string };
  /** Who asks to write to this person alone, oldest first. Changes are reported by the event `requests`. Nothing is sent about one before it is accepted. */
  requests: (params: Record<string, never>) => readonly DirectRequest[];
  /** Joins the conversation. @param params `id`: of a request, or its beginning. @throws ChatError `unknown-entry`; `refused` if it has ended; `offline` */
  acceptRequest: (params: { readonly id: string; readonly waitMs: number }) => RoomInfo;
  /** The request is never shown again. Who asks doesn't learn of it. @throws ChatError `unknown-entry` */
  ignoreRequest: (params: { readonly id: string }) => null;
  /**
   * Previews a link without joining; no use of the invite is consumed. @throws ChatError `refused` when the invite no longer
   * works
   */
  peek: (params: { readonly link: string; readonly waitMs: number }) => InvitePreview;
  /** Sends a presence signal to the members who are connected now. It is dropped while the room is offline. */
  presence: (params: { readonly room: string; readonly says: Presence }) => null;
  /**
   * Reports that a device of this profile's person was copied, lost or stolen. This device renews its keys; another one is removed from
   * the room. Admins' clients then retire the access keys and replace the own invite, which a copy knows.
   * @param device its key or the beginning of it; this device when absent. @throws ChatError `unknown-member`
   */
  reportCompromise: (params: {
    readonly room: string;
    readonly device?: string;
    readonly waitMs: number;
  }) => null;
  /** This profile's private notes on a room; they are stored. */
  notes: (params: { readonly room: string }) => RoomNotes;
  note: (params: { readonly room: string; readonly change: Partial<RoomNotes> }) => RoomNotes;
  /** This profile's preferences; they are stored. */
  preferences: (params: Record<string, never>) => Preferences;
  prefer: (params: { readonly change: Partial<Preferences> }) => Preferences;
  revoke: (params: { readonly room: string; readonly id: string; readonly waitMs: number }) => null;
  /**
   * @returns `alone`: nobody else is in the room; `admins`: how many it has without this profile. With none, nobody can remove members.
   * `unheard`: why the others don't learn of it, as where the server doesn't have the room any more: this profile has left all the same
   */
  leave: (params: { readonly room: string; readonly waitMs: number }) => {
    readonly alone: boolean;
    readonly admins: number;
    readonly unheard?: Problem;
  };
  /**
   * Joins the others again after a change that this device could not follow, or as a new device of its person if another copy of this
   * profile has replaced the keys of this one. @param seen the `tag` of a comparison: the room there has to be as it says
   * @returns `returned`: false if neither has happened. @throws ChatError `refused` if the room isn't as it was seen
   */
  return: (params: { readonly room: string; readonly seen?: string; readonly waitMs: number }) => {
    readonly returned: boolean;
  };
  /** What is otherwise where the others are than on this device, before a `return`. @returns null if there is nothing to come back from */
  compare: (params: { readonly room: string; readonly waitMs: number }) => RoomComparison | null;
  /** @param params `at`: the entry of the epoch whose log code is wanted, one of the last 256; the last multiple of 8 when absent. @throws ChatError `unknown-entry` */
  safety: (params: {
    readonly room: string;
    readonly member: string | undefined;
    readonly at?: number;
  }) => SafetyInfo;
  /**
   * Locks the profile with a passphrase; undefined removes the passphrase.
   * @param params `old`: the present one. A process that uses the profile through another one must give it. @throws ChatError `locked`
   */
  passphrase: (params: { readonly passphrase: string | undefined; readonly old?: string }) => null;
  inspect: (params: {
    readonly room: string;
    readonly seq: string | undefined;
    readonly waitMs: number;
  }) => InspectInfo;
  /**
   * The devices of this profile's person, this one first. Changes are reported by the event `devices`.
   * @param params `waitMs`: how long to wait for what the servers have; when absent, as far as this device knows
   */
  devices: (params: { readonly waitMs?: number }) => readonly DeviceOfPerson[];
  /** @param params `device`: its key or the beginning of it; this device when absent. @throws ChatError `unknown-member`, `usage` */
  labelDevice: (params: { readonly device?: string; readonly label: string }) => null;
  /**
   * Asks the other devices of this person for messages of a room that are older than those that this one has. They are lines of its history when they have come:
   * up to 16 MiB each time. @throws ChatError `unknown-room`; `usage` on a limited device
   */
  olderHistory: (params: { readonly room: string; readonly waitMs: number }) => OlderHistory;
  /**
   * Removes a device of this person from all rooms. The order is stored first: what can't be done within `waitMs`, as a server is away, is
   * done later, also by another device of this person. @throws ChatError `unknown-member`; `usage` for this device, or on a limited one
   */
  removeDevice: (params: { readonly device: string; readonly waitMs: number }) => DeviceRemoval;
  /**
   * Begins to take another device in, and ends an earlier offer. @param params `server`: where the two meet, that of the first room when
   * absent. `limited`: the device gets no identity key. @throws ChatError `usage` without a room, or on a limited device; `offline`, `token`
   */
  linkOffer: (params: {
    readonly server?: string;
    readonly token?: string;
    readonly limited?: boolean;
    readonly waitMs: number;
  }) => Extract<Linking, { stage: 'offered' }>;
  /** The six digits that the other device shows. With it, that device gets everything. @throws ChatError `refused` `link-digits`; `usage` if nobody waits for them */
  linkConfirm: (params: { readonly digits: string; readonly waitMs: number }) => null;
  /** Ends an offer, or what this device has begun as the new one, as long as nothing was transferred. */
  linkCancel: (params: Record<string, never>) => null;
  /**
   * Makes this profile, which must be empty, a device of the person whose link this is. A repeated call goes on. @throws LinkError;
   * ChatError `usage` if the profile has a room; `refused` if the link was used before, has expired or was cancelled; `offline`
   */
  linkAccept: (params: {
    readonly link: string;
    readonly label: string;
    readonly waitMs: number;
  }) => Extract<Linking, { stage: 'digits' }>;
  /**
   * Makes a recovery link, which brings this person back into all rooms when every device is lost. Whoever has it becomes this person: it
   * is shown once, and not stored. An older one ends. @param params as for `linkOffer`: the server that the link leads to
   * @throws ChatError `usage` without a room, or on a limited device; `offline`, `token`
   */
  recoveryLink: (params: {
    readonly server?: string;
    readonly token?: string;
    readonly waitMs: number;
  }) => RecoveryLink;
  /** @param params `waitMs`: how long to wait for what other devices have made; when absent, what is known here */
  recovery: (params: { readonly waitMs?: number }) => RecoveryState;
  /**
   * Makes this profile, which must be empty, a new device of the person whose recovery link this is. It resolves before the rooms are joined: see
   * `linking`. @throws LinkError; ChatError `usage` if the profile has a room; `refused` if the link has ended; `offline`
   */
  recover: (params: { readonly link: string; readonly label: string; readonly waitMs: number }) => null;
  /** What this profile does at present to take in a device, or to become one; changes are reported by the event `linking`. */
  linking: (params: Record<string, never>) => Linking;
  /**
   * What a backup has besides messages, after the rooms have received what their servers have: no server is waited for longer than `waitMs`. Only
   * `writeBackup` needs it. @throws ChatError `device-limited` without the person's identity key
   */
  backup: (params: { readonly waitMs: number }) => BackupContents;
  /**
   * Messages of a room with the signatures of their authors, newest first. @param params `to`: the position of the newest one; the whole room when absent
   * @returns `pack`: as `encodePack` makes it, as base64url; absent if there is none. `next`: where the next page begins; absent after the last one
   */
  backupPage: (params: { readonly room: string; readonly to?: string }) => {
    readonly pack?: string;
    readonly messages: number;
    readonly next?: string;
  };
  /**
   * Makes the join of a room, and doesn't send it. @param params `identity`: the private identity key, as base64url. `own`: the secret of the room's own invite
   * @throws ChatError `refused` if a new device of this person can't join; `offline`
   */
  tryTicket: (params: {
    readonly identity: string;
    readonly ticket: Pick<BackupRoom, 'room' | 'server' | 'founder' | 'as'> & { readonly own: string };
    readonly waitMs: number;
  }) => null;
  /**
   * Makes this profile, which must have no room, a new device of a backup's person. A device of that person stays as it is, and gets what it lacks. A
   * repeated call with the same backup goes on. `restoreBackup` calls this and the next four. @param params `made`: when the backup was made. @throws ChatError `backup-profile-used`
   */
  restore: (params: {
    readonly made: number;
    readonly identity: string;
    readonly preferences: BackupContents['preferences'];
  }) => null;
  /** Adds a room of the backup, and its notes, unless the profile has it. */
  restoreRoom: (params: { readonly entry: BackupRoom }) => null;
  /** Adds messages of a room, which are verified first. @returns how many are new. @throws ChatError `backup-damaged` */
  restorePack: (params: { readonly room: string; readonly pack: string }) => { readonly added: number };
  /** All of the backup is stored: from now on this device joins the rooms. @param params `label`: what its person calls this device */
  restored: (params: { readonly label: string }) => null;
  /** Waits until each room has let this device in or has refused it, at most `waitMs`. What has failed is tried again later. */
  rejoined: (params: { readonly waitMs: number }) => RejoinedRooms;
}

export type Method = keyof Methods;

/**
 * Every method, and whether it may be called again when the process that held the profile ended before it answered: `repeatable`
 * methods give the same result twice.
 */
const METHODS: Readonly<Record<Method, 'once' | 'repeatable'>> = {
  whoami: 'repeatable',
  rooms: 'repeatable',
  create: 'once',
  join: 'repeatable',
  queue: 'repeatable',
  queueAll: 'repeatable',
  waiting: 'repeatable',
  resend: 'once',
  cancel: 'once',
  sent: 'repeatable',
  sync: 'repeatable',
  follow: 'repeatable',
  history: 'repeatable',
  search: 'repeatable',
  fileLimits: 'repeatable',
  spool: 'repeatable',
  chunkSealed: 'repeatable',
  spooled: 'repeatable',
  unspool: 'repeatable',
  fileChunk: 'repeatable',
  fileDamaged: 'repeatable',
  members: 'repeatable',
  remove: 'once',
  invite: 'once',
  invites: 'repeatable',
  knocks: 'repeatable',
  approveKnock: 'once',
  declineKnock: 'once',
  knocking: 'repeatable',
  cancelKnock: 'once',
  configure: 'once',
  nick: 'once',
  rules: 'repeatable',
  setRole: 'once',
  ban: 'once',
  unban: 'once',
  bans: 'repeatable',
  pin: 'once',
  unpin: 'once',
  pins: 'repeatable',
  dm: 'once',
  requests: 'repeatable',
  acceptRequest: 'repeatable',
  ignoreRequest: 'once',
  peek: 'repeatable',
  presence: 'repeatable',
  notes: 'repeatable',
  note: 'repeatable',
  preferences: 'repeatable',
  prefer: 'repeatable',
  revoke: 'once',
  leave: 'once',
  reportCompromise: 'once',
  return: 'repeatable',
  compare: 'repeatable',
  safety: 'repeatable',
  inspect: 'repeatable',
  devices: 'repeatable',
  labelDevice: 'repeatable',
  olderHistory: 'repeatable',
  removeDevice: 'repeatable',
  linkOffer: 'once',
  linkConfirm: 'repeatable',
  linkCancel: 'repeatable',
  linkAccept: 'repeatable',
  recoveryLink: 'once',
  recovery: 'repeatable',
  recover: 'repeatable',
  linking: 'repeatable',
  backup: 'repeatable',
  backupPage: 'repeatable',
  tryTicket: 'repeatable',
  restore: 'repeatable',
  restoreRoom: 'repeatable',
  restorePack: 'repeatable',
  restored: 'repeatable',
  rejoined: 'repeatable',
  passphrase: 'repeatable',
};

export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name);
}

export function isRepeatable(method: Method): boolean {
  return METHODS[method] === 'repeatable';
}

export type Params<M extends Method> = Parameters<Methods[M]>[0];
export type Result<M extends Method> = ReturnType<Methods[M]>;

/** Why a room is offline or closed to this profile. */
export interface Problem {
  readonly code: ChatErrorCode;
  readonly data: ErrorData;
}

export interface RoomInfo {
  readonly id: string;
  readonly name: string;
  /** Empty when there is none. */
  readonly topic: string;
  /** How much of the history newcomers are shown. */
  readonly history: HistorySetting;
  readonly as: string;
  readonly server: string;
  /** `restored`: from a backup, and not joined yet. Otherwise `joining`, `active`, `left`, `removed`, `broken`, `split`, `rolled-back`, `outdated`. */
  readonly status: string;
  readonly members: number;
  /** Whether this profile is one of its admins. */
  readonly admin: boolean;
  /** The role of this profile's person. */
  readonly role: Role;
  readonly rules: RoomRules;
  /** Why this person may write nothing at present. */
  readonly silence?: Exclude<Silence['reason'], 'slow'>;
  /** In slow mode, when this person's next text is sent, in milliseconds since 1970 by this device's clock; it may be past. */
  readonly turn?: number;
  /** The ids of the pinned messages, the newest pin last. */
  readonly pins: readonly string[];
  /**
   * Set for a conversation of two, which is called by the other person. `asked`: that person has not accepted yet, and what is written
   * waits here. `left`: it has left.
   */
  readonly direct?: { readonly identity: string; readonly state: 'asked' | 'there' | 'left' };
  /** The MLS epoch: it grows with every change of members, keys or settings. */
  readonly epoch: string;
  /** Number of messages that wait to be sent. */
  readonly queued: number;
  /** Number of messages that were posted, and that perhaps not everybody could read: see `resend`. */
  readonly missed: number;
  /** Number of texts that were, or perhaps were, not sent: the membership in which they were queued has ended, or their author may not say them. See `resend`. */
  readonly unsent: number;
  /** Whether the founder or the inviter was read, or this profile created the room. Until then the room might be forged. */
  readonly confirmed: boolean;
  /** The name of the founder or the inviter, whoever was read first. Empty if neither was, or if this profile created the room. */
  readonly confirmedBy: string;
  /** Whether this device created the room, and has its history from the start; another device of its founder has not. */
  readonly founded: boolean;
  /** Whose change this device could not follow last; empty if there was none, or if it has followed another since. */
  readonly unfollowed: string;
  /** How many wait to be let in; 0 unless this person decides about it. */
  readonly knocks: number;
}

/** Somebody who has a link that needs approval, and waits to be let in. */
export interface KnockInfo {
  readonly id: string;
  /** What the person calls itself, and its identity key. */
  readonly name: string;
  readonly identity: string;
  /** What it says; may be empty. */
  readonly words: string;
  /** By the server's clock, in milliseconds since 1970. */
  readonly at: number;
  /** The person is banned, and can't be let in. */
  readonly banned: boolean;
}

/** This profile's person waits to be let into a room. */
export interface OwnKnock {
  /** The room's id, and the name that it shows to strangers. */
  readonly room: string;
  readonly name: string;
  readonly server: string;
  readonly as: string;
  /** By this device's clock, in milliseconds since 1970. */
  readonly at: number;
  /**
   * `sending`: the server has not got it yet. `declined`: by an admin or moderator. `ended`: the link, or the invite that was granted, works no more.
   */
  readonly state: 'sending' | 'waiting' | 'declined' | 'ended';
}

export type { Role, RoomRules };

/** Somebody wants to write to this profile's person alone. */
export interface DirectRequest {
  readonly id: string;
  /** The room in which both are, and its name; empty if this profile doesn't have it any more. */
  readonly room: string;
  readonly roomName: string;
  readonly server: string;
  /** The identity key of who asks, and the name in that room. */
  readonly identity: string;
  readonly name: string;
  /** What is said first; may be empty. */
  readonly text: string;
  /** By the server's clock, in milliseconds since 1970. */
  readonly at: number;
}

/** A person in a room. */
export interface MemberInfo {
  /** The first characters of the identity key. */
  readonly id: string;
  /** The identity key: the same on every device of the person, in every room. */
  readonly identity: string;
  readonly name: string;
  readonly admin: boolean;
  readonly role: Role;
  /** Whether this is this profile's person. */
  readonly self: boolean;
  /** The person's devices in the room, at least one. */
  readonly devices: readonly DeviceInfo[];
}

/** One device of a person. */
export interface DeviceInfo {
  /** The device key. */
  readonly key: string;
  /** Whether this is this device. */
  readonly self: boolean;
}

/** A device of this profile's person. */
export interface DeviceOfPerson {
  /** The device key. */
  readonly key: string;
  /** What its person calls it; empty if it has no label. */
  readonly label: string;
  readonly self: boolean;
  /** Whether it has no identity key: it links and removes no device, and holds no office. */
  readonly limited: boolean;
  /** When it was labelled first, in milliseconds since 1970 by its own clock. */
  readonly since?: number;
  /** In how many rooms it is, as far as this device knows. */
  readonly rooms: number;
  /** It is being removed from its rooms. `left`: in how many it still is. */
  readonly removal?: { readonly left: number };
  /** It has the person's identity key, is in a room, and none of the person's devices has taken it in: perhaps somebody else's. */
  readonly unknown?: true;
  /** The keys of devices that came after it, as far as this device knows: it can have taken them in. */
  readonly later?: readonly string[];
}

/** What has become of asking for older messages. */
export interface OlderHistory {
  /** How many other devices can answer: none where there is no other one, or a limited one would read along. */
  readonly devices: number;
  /** Whether some have come. Otherwise they come when one of these devices is online, if it has any. */
  readonly came: boolean;
}

/** How far the removal of a device is. */
export interface DeviceRemoval {
  readonly key: string;
  readonly label: string;
  /** The names of the rooms in which it still is, and why. */
  readonly left: readonly { readonly room: string; readonly problem: Problem | undefined }[];
}

/** What a backup has besides messages. */
export interface BackupContents {
  /** Milliseconds since 1970. */
  readonly made: number;
  /** The private identity key: 32 bytes, as base64url. */
  readonly identity: string;
  readonly preferences: Omit<BackupPreferences, 'kind'>;
  readonly rooms: readonly BackupRoom[];
}

/** A new recovery link. */
export interface RecoveryLink {
  readonly link: string;
  /** Into how many rooms it leads at present. */
  readonly rooms: number;
  /** For how many there is no place in it. */
  readonly left: number;
}

/** What is known of this person's recovery link. `since`: when it was made, in milliseconds since 1970. */
export type RecoveryState =
  | { readonly made: false }
  | {
      readonly made: true;
      readonly server: string;
      readonly since: number;
      readonly rooms: number;
      readonly left: number;
      /** Whether it leads to the rooms as they are now. A device brings it up to date within about a minute of a change. */
      readonly current: boolean;
      /** For whom backups are encrypted that the link opens: `age1…`. Absent if an older version of this software has made the link. */
      readonly backup?: string;
    };

/** Which rooms have let a new device in. */
export interface RejoinedRooms {
  readonly joined: number;
  /** How many rooms there are. */
  readonly of: number;
  /** By name: those that haven't, and why. */
  readonly missing: readonly { readonly room: string; readonly problem: Problem }[];
}

/** What a profile does to take in another device of its person, or to become one. */
export type Linking =
  | { readonly stage: 'none' }
  /** Here: nobody has opened the link yet. `expires`: in milliseconds since 1970. */
  | { readonly stage: 'offered'; readonly link: string; readonly expires: number; readonly limited: boolean }
  /** Here: another device has opened the link, and shows six digits. `left`: how often they may be typed. */
  | { readonly stage: 'opened'; readonly link: string; readonly limited: boolean; readonly left: number }
  /** Here: everything is on its way to the other device. It may be switched off once the other one has it. */
  | { readonly stage: 'sending' }
  /** Here: the other device has everything. */
  | { readonly stage: 'sent'; readonly label: string }
  /** On the new device: the digits that are to be typed on the other one. */
  | { readonly stage: 'digits'; readonly digits: string }
  /** On the new device: it is this person's, and joins the rooms. `recovered`: it came by a recovery link. */
  | { readonly stage: 'joining'; readonly joined: number; readonly of: number; readonly recovered?: true }
  /** On the new device: the rooms are in, but for those that could not be joined, and why. */
  | {
      readonly stage: 'joined';
      readonly joined: number;
      readonly missing: readonly { readonly room: string; readonly problem: Problem }[];
      readonly recovered?: true;
    }
  /** It has ended without a device. */
  | { readonly stage: 'failed'; readonly problem: Problem }
  /**
   * Another device of the person has removed this one: its keys and rooms are deleted here, and all other calls fail with
   * `device-removed`. The next start makes a new profile, whose preferences say when this was.
   */
  | { readonly stage: 'removed' };

/** Whether a room receives new entries at present. */
export interface RoomConnection {
  readonly live: boolean;
  /** Why it doesn't. */
  readonly problem: Problem | undefined;
  /** How much of what it missed is processed; absent unless that takes some time. */
  readonly catchingUp?: CatchingUp;
}

/** How much of what a room has missed is processed, in entries of its log. */
export interface CatchingUp {
  readonly read: number;
  /** How many there are; an estimate, as positions in the log have gaps. Not less than `read`. */
  readonly of: number;
}

/** A message that waits to be sent, was refused or `missed`. */
export interface Waiting {
  readonly id: string;
  readonly content: Content;
  readonly state: 'waiting' | EndState;
  /** It is in the history already, and waits to be posted again. */
  readonly again?: true;
  /** When it was queued, by this device's clock. */
  readonly at: number;
  /** For each of its files, how many bytes the server has, with its preview. Absent for a message without files. */
  readonly files?: readonly { readonly done: number; readonly of: number }[];
  /** Why its files can't be uploaded at present. They are tried again. */
  readonly problem?: Problem;
}

/** Where the server has a file or a preview, what opens it, and what it has to be. */
export type SealedFile = Pick<FileContent, 'id' | 'key' | 'hash' | 'bytes'>;

/** The preview of an invite link. */
export interface InvitePreview {
  readonly room: string;
  readonly name: string;
  readonly topic: string;
  /** How much of the history whoever joins is shown. */
  readonly history: HistorySetting;
  readonly members: readonly string[];
  /** The invite's creator; empty when it is no longer a member. */
  readonly by: string;
  readonly server: string;
  /** Whether this profile is already in the room. */
  readonly already: boolean;
  /** Whether its request to leave the room waits to be sent. A join cancels it. */
  readonly leaving: boolean;
  /** Whether an admin or moderator has to let in whoever uses the link. Then only the room's name is known. */
  readonly approval: boolean;
}

export interface InviteInfo {
  readonly id: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
  readonly uses: number | undefined;
  /** Whether the server still redeems it. */
  readonly live: boolean;
  /** Undefined for an invite that another profile has created. */
  readonly link: string | undefined;
  /** Whoever uses it has to be let in by an admin or moderator. */
  readonly approval: boolean;
}

/** What only one of two epochs has: names of persons, or of banned ones who are unknown, the beginning of the fingerprint. */
export interface Difference {
  readonly there: readonly string[];
  readonly here: readonly string[];
}

/** The room to which this device would return, compared with the room as this device knows it. */
export interface RoomComparison {
  /** The member who has signed what the server keeps of the room there. */
  readonly by: string;
  /** Whether that proves that other members have gone on without this device. */
  readonly proved: boolean;
  /** Whether members, offices and bans are the same. */
  readonly same: boolean;
  readonly members: Difference;
  readonly admins: Difference;
  readonly moderators: Difference;
  readonly bans: Difference;
  /** Identifies what was seen, for `return`. */
  readonly tag: string;
}

export interface SafetyInfo {
  /** Equal for all members in the same epoch of the same room. */
  readonly code: string;
  readonly epoch: string;
  /** The code of the log within the epoch, up to and with its entry `at`. Absent if entries expired before this device read them. */
  readonly log?: { readonly code: string; readonly at: number };
  readonly members: readonly { readonly id: string; readonly name: string; readonly number: string }[];
}

export interface InspectInfo {
  readonly seq: string;
  readonly kind: string;
  readonly at: number;
  /** What the server stores: base64url. */
  readonly body: string;
  readonly bytes: number;
  readonly says: readonly HistoryItem[];
}

/**
 * What became of a received file. `there`: it is no longer in the profile, and can be fetched again. `gone`: the server doesn't have it
 * any more. `failed`: see the problem; `file-damaged` is lasting.
 */
export type FileState = 'there' | 'fetching' | 'here' | 'gone' | 'failed';

/** The events that a profile emits. */
export type ChatEvent = RoomChatEvent | ProfileEvent;

/** Of one room. */
export type RoomChatEvent =
  /** New and changed lines: a line replaces an older one of the same `seq` and `sub`. */
  | { readonly kind: 'items'; readonly room: string; readonly items: readonly HistoryItem[] }
  /** Messages have disappeared: all whose `expires` isn't after `until`, in milliseconds since 1970. */
  | { readonly kind: 'expired'; readonly room: string; readonly until: number }
  | ({ readonly kind: 'online'; readonly room: string } & RoomConnection)
  /** The room is new to the profile, or its name, its members or this profile's rights have changed. */
  | { readonly kind: 'room'; readonly room: RoomInfo }
  | { readonly kind: 'waiting'; readonly room: string; readonly waiting: readonly Waiting[] }
  /** `identity` and `device`: the sender's keys, which any member can forge. */
  | {
      readonly kind: 'presence';
      readonly room: string;
      readonly identity: string;
      readonly device: string;
      readonly from: string;
      readonly says: Presence;
    }
  /** A file or preview of a message is fetched into the profile, dropped from it, or can't be fetched. */
  | {
      readonly kind: 'file';
      readonly room: string;
      /** The id of the file or preview. */
      readonly id: string;
      readonly state: FileState;
      /** How many bytes are here, of how many. */
      readonly done: number;
      readonly of: number;
      /** Why it is not fetched. */
      readonly problem?: Problem;
    }
  | { readonly kind: 'notes'; readonly room: string; readonly notes: RoomNotes };

/** Of the profile as a whole. */
export type ProfileEvent =
  | { readonly kind: 'preferences'; readonly preferences: Preferences }
  | { readonly kind: 'requests'; readonly requests: readonly DirectRequest[] }
  | { readonly kind: 'knocking'; readonly knocking: readonly OwnKnock[] }
  | { readonly kind: 'devices'; readonly devices: readonly DeviceOfPerson[] }
  | { readonly kind: 'linking'; readonly linking: Linking };
