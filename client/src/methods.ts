import type { HistoryItem } from './history.ts';

/** What can be asked of a profile, by whichever process holds it: plain data in and out, so that it goes through a socket. */
export interface Methods {
  /** The profile's own name and fingerprint. */
  whoami: (params: Record<string, never>) => { readonly name: string | undefined; readonly identity: string };
  rooms: (params: Record<string, never>) => readonly RoomInfo[];
  /** Makes a room on a server and waits until the server has it. */
  create: (params: {
    readonly name: string;
    readonly as: string;
    readonly server: string;
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
    readonly text: string;
    /** It was asked before, of a process that went away: look whether it was sent already. */
    readonly again?: boolean;
  }) => { readonly id: string };
  /** Waits until these messages are in the log, or `waitMs` is over. */
  sent: (params: { readonly room: string; readonly ids: readonly string[]; readonly waitMs: number }) => {
    readonly waiting: number;
  };
  /** Fetches what the server has; `live` is false when it could not be had in time. */
  sync: (params: { readonly room: string; readonly waitMs: number }) => {
    readonly live: boolean;
    readonly problem: Problem | undefined;
  };
  /** Keeps the room followed while somebody listens. */
  follow: (params: { readonly room: string }) => null;
  history: (params: {
    readonly room: string;
    readonly after: string;
    readonly limit: number;
  }) => readonly HistoryItem[];
  members: (params: { readonly room: string }) => readonly MemberInfo[];
  remove: (params: { readonly room: string; readonly member: string; readonly waitMs: number }) => {
    readonly name: string;
  };
  invite: (params: {
    readonly room: string;
    readonly expiresMs: number | undefined;
    readonly uses: number | undefined;
    readonly waitMs: number;
  }) => { readonly link: string; readonly id: string };
  invites: (params: { readonly room: string; readonly waitMs: number }) => readonly InviteInfo[];
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

/** Which may be asked again when the process that held the profile went away before it answered. */
export const REPEATABLE: ReadonlySet<Method> = new Set<Method>([
  'whoami',
  'rooms',
  'join',
  'queue',
  'sent',
  'sync',
  'follow',
  'history',
  'members',
  'invites',
  'safety',
  'inspect',
  'passphrase',
]);

const METHODS: Readonly<Record<Method, true>> = {
  whoami: true,
  rooms: true,
  create: true,
  join: true,
  queue: true,
  sent: true,
  sync: true,
  follow: true,
  history: true,
  members: true,
  remove: true,
  invite: true,
  invites: true,
  revoke: true,
  leave: true,
  safety: true,
  inspect: true,
  passphrase: true,
};

export function isMethod(name: string): name is Method {
  return Object.hasOwn(METHODS, name);
}

export type Params<M extends Method> = Parameters<Methods[M]>[0];
export type Result<M extends Method> = ReturnType<Methods[M]>;

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface RoomInfo {
  readonly id: string;
  readonly name: string;
  readonly as: string;
  readonly server: string;
  /** `joining`, `active`, `left`, `removed`, `broken`, `rolled-back`, `outdated`. */
  readonly status: string;
  readonly members: number;
  /** Messages that wait to be sent. */
  readonly queued: number;
  /** Whether a message of another member has been read, or this profile founded the room: until then it might be a forger's. */
  readonly confirmed: boolean;
}

export interface MemberInfo {
  /** The device's id: the first characters of its key; any unambiguous prefix names it. */
  readonly id: string;
  readonly name: string;
  readonly admin: boolean;
  readonly self: boolean;
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
  | { readonly kind: 'items'; readonly room: string; readonly items: readonly HistoryItem[] }
  | {
      readonly kind: 'online';
      readonly room: string;
      readonly live: boolean;
      readonly problem: Problem | undefined;
    }
  | { readonly kind: 'whisper'; readonly room: string; readonly from: string; readonly says: string };
