import type { InviteGrant, UpOf } from './up.ts';

/**
 * The signed bytes of requests: UTF-8 lines, each ended by a line feed. The first line names the purpose. No field can contain a
 * line feed or a space, so two different requests never have the same bytes.
 */
const encoder = new TextEncoder();

function lines(...fields: readonly string[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${fields.join('\n')}\n`);
}

function grantLines(grants: readonly InviteGrant[]): string[] {
  return [
    String(grants.length),
    ...grants.map((g) => `${g.invite} ${g.wrapped} ${g.join ?? '-'} ${g.expires ?? '-'} ${g.uses ?? '-'}`),
  ];
}

/** The connection that a proof is bound to. */
export interface Dialled {
  /** The `origin` of this connection's `hello`. */
  readonly origin: string;
  /** The `nonce` of this connection's `welcome`. */
  readonly nonce: string;
}

type Unsigned<T> = Omit<T, 'proof'>;

/** The bytes that `enter.proof` signs, with the access key that the handshake at `key` added. */
export function signedEnter(at: Dialled, f: Unsigned<UpOf<'enter'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/enter/1', at.origin, at.nonce, f.nonce, f.room, f.key, f.since);
}

/** The bytes that `invitation.proof` signs, with the invite's join key. */
export function signedInvitation(at: Dialled, f: Unsigned<UpOf<'invitation'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/invitation/1', at.origin, at.nonce, f.nonce, f.room, f.invite);
}

/** The bytes that `join.proof` signs, with the invite's join key. */
export function signedJoin(at: Dialled, f: Unsigned<UpOf<'join'>>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/join-request/1',
    at.origin,
    at.nonce,
    f.nonce,
    f.id,
    f.room,
    f.invite,
    f.after,
    f.body,
    f.access,
    f.groupInfo,
    f.member,
    ...grantLines(f.invites),
  );
}

/** The bytes that `create.proof` signs, with the admin key that the request names. */
export function signedCreate(f: Unsigned<UpOf<'create'>>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/create/1',
    f.id,
    f.room,
    f.body,
    f.access,
    f.admin,
    f.groupInfo,
    f.member,
    ...grantLines(f.invites),
  );
}

/** The bytes that `handshake.proof` signs, with the access key that the handshake at `key` added. */
export function signedHandshake(f: Unsigned<Omit<UpOf<'handshake'>, 'admin'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/handshake/1', ...handshakeLines(f));
}

/** The bytes that `handshake.admin.proof` signs, with the admin key that `handshake.admin.key` names. */
export function signedAdmin(
  f: Unsigned<Omit<UpOf<'handshake'>, 'admin'>>,
  admin: Unsigned<NonNullable<UpOf<'handshake'>['admin']>>,
): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/admin/1',
    admin.key,
    String(admin.retire),
    admin.admins?.join(' ') ?? '-',
    ...handshakeLines(f),
  );
}

function handshakeLines(f: Unsigned<Omit<UpOf<'handshake'>, 'admin'>>): string[] {
  return [f.id, f.room, f.after, f.key, f.body, f.access, f.groupInfo, f.member, ...grantLines(f.invites)];
}

/** The bytes that `refresh.proof` signs, with the access key that the handshake at `key` added. */
export function signedRefresh(f: Unsigned<UpOf<'refresh'>>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/refresh/1',
    f.id,
    f.room,
    f.after,
    f.key,
    f.groupInfo,
    f.member,
    ...grantLines(f.invites),
  );
}
