import type { FileId } from './fields.ts';
import type { FilePass, FileVerb } from './file-pass.ts';
import type { Rules } from './rules.ts';
import type { InviteGrant, Order, UpOf } from './up.ts';

/**
 * The signed bytes of requests: UTF-8 lines, each ended by a line feed. The first line names the purpose. No field can contain a
 * line feed or a space, so two different requests never have the same bytes.
 */
const encoder = new TextEncoder();

function lines(...fields: readonly string[]): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${fields.join('\n')}\n`);
}

function grantLines(grants: readonly InviteGrant[]): string[] {
  return [String(grants.length), ...grants.map(grantLine)];
}

function grantLine({ invite, wrapped, join, expires, uses, knock }: InviteGrant): string {
  const parts = [invite, wrapped, join ?? '-', expires ?? '-', uses ?? '-', ...(knock ? ['knock'] : [])];
  return parts.join(' ');
}

function rulesLine(rules: Rules | undefined): string {
  if (rules === undefined) return '-';
  const { voice, quietBytes, quietMs, retainMs } = rules;
  return [voice, quietBytes, quietMs, retainMs].map((value) => value ?? '-').join(' ');
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
  return lines('gochat/enter/2', ...enterLines(at, f));
}

/** The bytes that `enter.voice` signs, with the voice key of the room's rules. */
export function signedVoice(at: Dialled, f: Unsigned<UpOf<'enter'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/voice/2', ...enterLines(at, f));
}

function enterLines(at: Dialled, f: Unsigned<UpOf<'enter'>>): string[] {
  return [at.origin, at.nonce, f.nonce, f.room, f.key, f.since];
}

/** The bytes that `invitation.proof` signs, with the invite's join key. */
export function signedInvitation(at: Dialled, f: Unsigned<UpOf<'invitation'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/invitation/2', at.origin, at.nonce, f.nonce, f.room, f.invite);
}

/** The bytes that `join.proof` signs, with the invite's join key. */
export function signedJoin(at: Dialled, f: Unsigned<UpOf<'join'>>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/join-request/2',
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

/** The bytes that `knock.proof` signs, with the invite's join key. */
export function signedKnock(at: Dialled, f: Unsigned<UpOf<'knock'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/knock/2', at.origin, at.nonce, f.nonce, f.id, f.room, f.invite, f.body);
}

/** The bytes that `create.proof` signs, with the admin key that the request names. */
export function signedCreate(f: Unsigned<UpOf<'create'>>): Uint8Array<ArrayBuffer> {
  return lines('gochat/create/2', ...createLines(f));
}

/** The bytes that `create.by.proof` signs, with the access key that the handshake at `by.key` added to the room `by.room`. */
export function signedCreateBy(
  at: Dialled,
  f: Unsigned<UpOf<'create'>>,
  by: Unsigned<NonNullable<UpOf<'create'>['by']>>,
): Uint8Array<ArrayBuffer> {
  return lines('gochat/create-by/2', at.origin, at.nonce, by.nonce, by.room, by.key, ...createLines(f));
}

function createLines(f: Unsigned<UpOf<'create'>>): string[] {
  return [
    f.id,
    f.room,
    f.body,
    f.access,
    f.admin,
    f.keepers ?? '-',
    rulesLine(f.rules),
    f.groupInfo,
    f.member,
    ...grantLines(f.invites),
  ];
}

type UnsignedHandshake = Unsigned<Omit<UpOf<'handshake'>, 'order'>>;

/** The bytes that `handshake.proof` signs, with the access key that the handshake at `key` added. */
export function signedHandshake(f: UnsignedHandshake): Uint8Array<ArrayBuffer> {
  return lines('gochat/handshake/2', ...handshakeLines(f));
}

/** The bytes that `handshake.order.proof` signs, with the admin or keepers key that `handshake.order.key` names. */
export function signedOrder(f: UnsignedHandshake, order: Unsigned<Order>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/order/2',
    order.key,
    String(order.retire ?? '-'),
    order.admins?.join(' ') ?? '-',
    order.keepers ?? '-',
    rulesLine(order.rules),
    String(order.close ?? '-'),
    ...handshakeLines(f),
  );
}

function handshakeLines(f: UnsignedHandshake): string[] {
  return [f.id, f.room, f.after, f.key, f.body, f.access, f.groupInfo, f.member, ...grantLines(f.invites)];
}

/** The bytes that `refresh.proof` signs, with the access key that the handshake at `key` added. */
export function signedRefresh(f: Unsigned<UpOf<'refresh'>>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/refresh/2',
    f.id,
    f.room,
    f.after,
    f.key,
    f.groupInfo,
    f.member,
    ...grantLines(f.invites),
  );
}

/** The bytes that the proof of a {@link FilePass} signs. @param verb, id what the request does, and with which file */
export function signedFilePass(verb: FileVerb, id: FileId, p: Unsigned<FilePass>): Uint8Array<ArrayBuffer> {
  return lines(
    'gochat/file/2',
    p.origin,
    verb,
    p.room,
    p.key,
    id,
    String(p.bytes),
    p.discard ?? '-',
    String(p.keepMs ?? '-'),
    String(p.until),
  );
}
