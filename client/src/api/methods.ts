import type { Content, Presence } from '@gochat/crypto/content';
import type { Preferences, RoomNotes } from '../account/settings.ts';
import type { HistoryItem, TextItem } from '../room/history.ts';
import type { ChatErrorCode, ErrorData } from './error-data.ts';

/** What can be asked of a profile, by whichever process holds it: plain data in and out, so that it goes through a socket. */
export interface Methods {
  /** The profile's own name and fingerprint. */
  whoami: (params: Record<string, never>) => { readonly name: string | undefined; readonly identity: string };
  rooms: (params: Record<string, never>) => readonly RoomInfo[];
  /** Makes a room on a server and waits until the server has it. A server that wants a token refuses with `token`. */
  create: (params: {
    readonly name: string;
    readonly as: string;
    readonly server: string;
    /** Where the server makes rooms only for those who name its token. */
    readonly token?: string;
    readonly waitMs: number;
  }) => RoomInfo;
  /** Joins by an invite link; when the profile is in the room already it says so. */
  join: (params: {
    readonly link: string;
    readonly as: string;
    readonly waitMs: number;
  }) => RoomInfo & { readonly already: boolean };
  /** Queues a message under an id of the caller's (128 random bits): asked twice it is sent once. */
  queue: (params: {
    readonly room: string;
    readonly id: string;
    /** A text, an edit, a deletion or a reaction; whether it may be done is seen by every reader. */
    readonly content: Content;
    /** It was asked before, of a process that went away: look whether it was sent already. */
    readonly again?: boolean;
  }) => { readonly id: string };
  /** What waits to be sent, oldest first. */
  waiting: (params: { readonly room: string }) => readonly Waiting[];
  /** Takes a waiting message back; false when it may have reached the server. */
  withdraw: (params: { readonly room: string; readonly id: string }) => { readonly withdrawn: boolean };
  /** Waits until these messages are in the log, or `waitMs` is over. */
  sent: (params: { readonly room: string; readonly ids: readonly string[]; readonly waitMs: number }) => {
    readonly waiting: number;
  };
  /** Fetches what the server has; `live` is false when it could not be had in time. */
  sync: (params: { readonly room: string; readonly waitMs: number }) => {
    readonly live: boolean;
    readonly problem: Problem | undefined;
  };
  /** Keeps the room followed while somebody listens. @returns how it stands now; what changes is told by `online`. */
  follow: (params: { readonly room: string }) => {
    readonly live: boolean;
    readonly problem: Problem | undefined;
  };
  /** Up to `limit` lines in their order: the first ones behind `after`, or else the last ones before `before`, or else the last ones. */
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
  members: (params: { readonly room: string }) => readonly MemberInfo[];
  remove: (params: { readonly room: string; readonly member: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  invite: (params: {
    readonly room: string;
    readonly expiresMs: number | undefined;
    readonly uses: number | undefined;
    readonly waitMs: number;
  }) => {
    readonly link: string;
    readonly id: string;
    /** By this device's clock, in milliseconds since 1970. */
    readonly expires: number;
  };
  invites: (params: { readonly room: string; readonly waitMs: number }) => readonly InviteInfo[];
  /** Renames the room or says what it is about (as an admin of it). An empty topic ends it. */
  configure: (params: {
    readonly room: string;
    readonly name?: string;
    readonly topic?: string;
    readonly waitMs: number;
  }) => null;
  /** Makes a member an admin, or no longer one (as an admin). @throws ChatError `refused` for the last one */
  setAdmin: (params: {
    readonly room: string;
    readonly member: string;
    readonly admin: boolean;
    readonly waitMs: number;
  }) => { readonly name: string };
  /** What a link leads to, without going there: nothing is used up. @throws ChatError `refused` when the invite is dead */
  peek: (params: { readonly link: string; readonly waitMs: number }) => InvitePreview;
  /** Tells whoever looks at the room now; lost when nobody does, and when the server is away. */
  presence: (params: { readonly room: string; readonly says: Presence }) => null;
  /** What this profile keeps of a room for itself, over restarts. */
  notes: (params: { readonly room: string }) => RoomNotes;
  note: (params: { readonly room: string; readonly change: Partial<RoomNotes> }) => RoomNotes;
  /** What this profile keeps for itself, over restarts. */
  preferences: (params: Record<string, never>) => Preferences;
  prefer: (params: { readonly change: Partial<Preferences> }) => Preferences;
  revoke: (params: { readonly room: string; readonly id: string; readonly waitMs: number }) => null;
  leave: (params: { readonly room: string; readonly waitMs: number }) => { readonly alone: boolean };
  safety: (params: { readonly room: string; readonly member: string | undefined }) => SafetyInfo;
  /** Locks the profile with a passphrase, or opens it for good with undefined. */
  passphrase: (params: { readonly passphrase: string | undefined }) => null;
  inspect: (params: {
    readonly room: string;
    readonly seq: string | undefined;
    readonly waitMs: number;
  }) => InspectInfo;
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
  waiting: 'repeatable',
  withdraw: 'once',
  sent: 'repeatable',
  sync: 'repeatable',
  follow: 'repeatable',
  history: 'repeatable',
  search: 'repeatable',
  members: 'repeatable',
  remove: 'once',
  invite: 'once',
  invites: 'repeatable',
  configure: 'once',
  setAdmin: 'once',
  peek: 'repeatable',
  presence: 'repeatable',
  notes: 'repeatable',
  note: 'repeatable',
  preferences: 'repeatable',
  prefer: 'repeatable',
  revoke: 'once',
  leave: 'once',
  safety: 'repeatable',
  inspect: 'repeatable',
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

/** Why a room is offline, or closed to this profile. */
export interface Problem {
  readonly code: ChatErrorCode;
  readonly data: ErrorData;
}

export interface RoomInfo {
  readonly id: string;
  readonly name: string;
  /** What the room is about, or empty. */
  readonly topic: string;
  readonly as: string;
  readonly server: string;
  /** `joining`, `active`, `left`, `removed`, `broken`, `rolled-back`, `outdated`. */
  readonly status: string;
  readonly members: number;
  /** Whether this profile is one of its admins. */
  readonly admin: boolean;
  /** Counts the changes of who is in and what they agree on. */
  readonly epoch: string;
  /** Messages that wait to be sent. */
  readonly queued: number;
  /** Whether a message of another member has been read, or this profile founded the room: until then it might be a forger's. */
  readonly confirmed: boolean;
}

export interface MemberInfo {
  /** The device's id: the first characters of its key; any unambiguous prefix names it. */
  readonly id: string;
  readonly device: string;
  /** Identity key: the same on every device of one person. */
  readonly identity: string;
  readonly name: string;
  readonly admin: boolean;
  readonly self: boolean;
}

/** A message on its way to the server. */
export interface Waiting {
  readonly id: string;
  readonly content: Content;
  /** When it was queued, by this device's clock. */
  readonly at: number;
}

/** What an invite link leads to. */
export interface InvitePreview {
  readonly room: string;
  readonly name: string;
  readonly topic: string;
  readonly members: readonly string[];
  /** Who made the invite; empty when that one is no member any more. */
  readonly by: string;
  readonly server: string;
  /** Whether this profile is in the room already. */
  readonly already: boolean;
}

export interface InviteInfo {
  readonly id: string;
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly expires: number | undefined;
  readonly uses: number | undefined;
  /** Whether the server still redeems it. */
  readonly live: boolean;
}

export interface SafetyInfo {
  /** Equal for everybody in the same epoch of the same room. */
  readonly code: string;
  readonly epoch: string;
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

/** What a profile tells whoever listens. */
export type ChatEvent =
  /** Lines that are new, or that have changed: a line of the same `seq` and `sub` takes the older one's place. */
  | { readonly kind: 'items'; readonly room: string; readonly items: readonly HistoryItem[] }
  | {
      readonly kind: 'online';
      readonly room: string;
      readonly live: boolean;
      readonly problem: Problem | undefined;
    }
  /** The room itself has changed: its name, who is in, what this profile may do; or it is new to the profile. */
  | { readonly kind: 'room'; readonly room: RoomInfo }
  | { readonly kind: 'waiting'; readonly room: string; readonly waiting: readonly Waiting[] }
  /** `device`: the sender's device key, which any member could have claimed. */
  | {
      readonly kind: 'presence';
      readonly room: string;
      readonly device: string;
      readonly from: string;
      readonly says: Presence;
    }
  | { readonly kind: 'notes'; readonly room: string; readonly notes: RoomNotes }
  | { readonly kind: 'preferences'; readonly preferences: Preferences };
