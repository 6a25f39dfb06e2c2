import type { DownOf } from '@gochat/protocol/down';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { RoomId } from '@gochat/protocol/fields';
import { isFounder } from './genesis.ts';
import { hpkeSuite } from './hpke.ts';
import { type InviteKeys, inviteKeys, unwrap, wrapPublicKey } from './invite.ts';
import type { InviteLink } from './link.ts';
import { readGroupInfo } from './mls/codec.ts';
import {
  concatBytes,
  type Env,
  equalBytes,
  fromUtf8,
  joinParts,
  signingKey,
  splitParts,
  transcript,
  utf8,
} from './primitives.ts';
import { RoomError } from './room-error.ts';
import { type MemberInvite, readContext } from './room-state.ts';
import { openGroupInfo } from './seal.ts';

/** How one of a person's devices gets into a room: see {@link Room.own}. */
export interface SafeTicket {
  /** The server's address. At most 255 different ones, of 255 bytes each, are in a safe. */
  readonly server: string;
  readonly room: RoomId;
  /** The room's name, to name one that can't be joined any more; at most 128 bytes in UTF-8. */
  readonly name: string;
  /** Whether it is the person's self room on that server. */
  readonly self: boolean;
  /** A 16-byte hash of the founder's identity key. */
  readonly founder: Uint8Array;
  /** The secret of the room's own invite, 16 bytes. */
  readonly own: Uint8Array;
}

/** What brings a person back who has lost all devices. */
export interface Safe {
  /** The private identity key, 32 bytes. */
  readonly seed: Uint8Array;
  /** The display name for new rooms; empty if there is none. */
  readonly name: string;
  /** The most important first: what doesn't fit is left out. */
  readonly tickets: readonly SafeTicket[];
}

/** Of a safe, as `more` of a room state has it: so many strings, of so many characters. */
const STRINGS = 16;
const CHARS = 1024;
const SEED_BYTES = 32;
const ENC_BYTES = 32;
const TAG_BYTES = 16;
const ID_BYTES = 16;
/** Without the name. */
const TICKET_BYTES = 2 + 3 * ID_BYTES + 1;
/** Plaintexts are filled up to a multiple of this, so that the size of the GroupInfo doesn't tell how many rooms there are. */
const STEP_BYTES = 1536;
const MOST_BYTES = (STRINGS * CHARS * 3) / 4 - ENC_BYTES - TAG_BYTES;

/**
 * @returns the plaintext: four parts (see {@link joinParts}) with the seed, the display name, the servers' addresses and the tickets, then zeros; and how many
 * tickets it has. All of them if they fit.
 */
export function encodeSafe({ seed, name, tickets }: Safe): {
  readonly bytes: Uint8Array;
  readonly kept: number;
} {
  const servers: string[] = [];
  const rows: Uint8Array[] = [];
  let size = 4 * 4 + SEED_BYTES + utf8(name).length;
  for (const ticket of tickets) {
    const isNew = !servers.includes(ticket.server);
    const called = utf8(ticket.name);
    const more = TICKET_BYTES + called.length + (isNew ? 4 + utf8(ticket.server).length : 0);
    if (size + more > MOST_BYTES || (isNew && servers.length === 255)) break;
    size += more;
    if (isNew) servers.push(ticket.server);
    const head = Uint8Array.of(servers.indexOf(ticket.server), ticket.self ? 1 : 0);
    const { room, founder, own } = ticket;
    rows.push(concatBytes(head, decodeBytes(room), founder, own, Uint8Array.of(called.length), called));
  }
  const whole = joinParts([seed, utf8(name), joinParts(servers.map(utf8)), concatBytes(...rows)]);
  const bytes = new Uint8Array(Math.min(MOST_BYTES, Math.ceil(whole.length / STEP_BYTES) * STEP_BYTES));
  bytes.set(whole);
  return { bytes, kept: rows.length };
}

/** @param bytes the output of {@link encodeSafe}. @returns undefined if it isn't */
export function decodeSafe(bytes: Uint8Array): Safe | undefined {
  const [seed, name, addresses, rows] = splitParts(bytes);
  if (seed?.length !== SEED_BYTES || name === undefined || addresses === undefined || rows === undefined)
    return undefined;
  const servers = splitParts(addresses).map(fromUtf8);
  const tickets: SafeTicket[] = [];
  for (let at = 0; at < rows.length; ) {
    const server = servers[rows[at] ?? 0];
    const end = at + TICKET_BYTES + (rows[at + TICKET_BYTES - 1] ?? 0);
    if (server === undefined || end > rows.length) return undefined;
    const part = (index: number) => rows.slice(at + 2 + index * ID_BYTES, at + 2 + (index + 1) * ID_BYTES);
    tickets.push({
      server,
      self: rows[at + 1] === 1,
      room: encodeBytes(part(0)) as RoomId,
      founder: part(1),
      own: part(2),
      name: fromUtf8(rows.slice(at + TICKET_BYTES, end)),
    });
    at = end;
  }
  return { seed, name: fromUtf8(name), tickets };
}

function infoOf(room: RoomId, invite: string): Uint8Array {
  return transcript('gochat/safe/2', utf8(room), utf8(invite));
}

/** The public halves of the invite that opens a safe. */
export type SafeInvite = Pick<MemberInvite, 'id' | 'join' | 'wrap'>;

/** @param secret 16 random bytes, which only the recovery link may contain */
export async function safeInvite(secret: Uint8Array): Promise<SafeInvite> {
  const keys = inviteKeys(secret);
  return {
    id: keys.id,
    join: encodeBytes(keys.join.publicKey),
    wrap: encodeBytes(await wrapPublicKey(keys)),
  };
}

/**
 * Seals a safe to the invite of a recovery link (HPKE, RFC 9180, base mode), for `more` of the self room's state.
 * @returns the strings, and how many tickets they have
 */
export async function sealSafe(
  { id, wrap }: SafeInvite,
  room: RoomId,
  safe: Safe,
  env: Pick<Env, 'random'>,
): Promise<{ readonly more: string[]; readonly kept: number }> {
  const { bytes, kept } = encodeSafe(safe);
  const recipientPublicKey = await hpkeSuite.kem.deserializePublicKey(decodeBytes(wrap));
  const sender = { recipientPublicKey, info: infoOf(room, id), ekm: env.random(32) };
  const { enc, ct } = await hpkeSuite.seal(sender, bytes);
  const text = encodeBytes(concatBytes(new Uint8Array(enc), new Uint8Array(ct)));
  const strings = Math.ceil(text.length / CHARS);
  return {
    more: Array.from({ length: strings }, (_, i) => text.slice(i * CHARS, (i + 1) * CHARS)),
    kept,
  };
}

async function openSafe(keys: InviteKeys, room: RoomId, more: readonly string[]): Promise<Safe | undefined> {
  try {
    const sealed = decodeBytes(more.join(''));
    const recipientKey = await hpkeSuite.kem.deriveKeyPair(keys.wrapIkm);
    const enc = sealed.slice(0, ENC_BYTES);
    const info = infoOf(room, keys.id);
    const bytes = await hpkeSuite.open({ recipientKey, enc, info }, sealed.slice(ENC_BYTES));
    return decodeSafe(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Opens the safe of a self room by a recovery link.
 * @param info the server's answer to `invitation`
 * @throws RoomError `bad-invite` if the GroupInfo is damaged or has no safe for this link; `other-room` if it is not of the room and founder in the
 *   link; `newer-rules`
 */
export async function openRecovery(
  link: InviteLink,
  info: Pick<DownOf<'groupinfo'>, 'groupInfo' | 'wrapped'>,
): Promise<Safe> {
  const keys = inviteKeys(link.secret);
  const key =
    info.wrapped === undefined ? undefined : await unwrap(keys, link.room, decodeBytes(info.wrapped));
  const opened = key && openGroupInfo(key, link.room, decodeBytes(info.groupInfo));
  const groupInfo = opened && readGroupInfo(opened);
  if (groupInfo === undefined) throw new RoomError('bad-invite');
  const { extensions, groupId } = groupInfo.groupContext;
  const context = readContext(extensions, link.room, groupId);
  if (context === undefined || !isFounder(link.founder, context.founder)) throw new RoomError('other-room');
  if (context.state === 'newer') throw new RoomError('newer-rules');
  const safe = context.state.more && (await openSafe(keys, link.room, context.state.more));
  if (safe === undefined || !equalBytes(signingKey(safe.seed).publicKey, context.founder))
    throw new RoomError('bad-invite');
  return safe;
}
