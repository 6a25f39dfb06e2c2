import { reopen } from '@gochat/crypto/handshake';
import { fingerprintOf, holdsIdentity, newDeviceOf } from '@gochat/crypto/identity';
import { join } from '@gochat/crypto/join';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RoomId } from '@gochat/protocol/fields';
import { invitation } from '../account/redeem.ts';
import { ownName, roomInfo } from '../account/room-info.ts';
import type { RoomNotes } from '../account/settings.ts';
import type { SettingsStore } from '../account/settings-store.ts';
import { ChatError } from '../api/chat-error.ts';
import type { BackupContents, Params, Result } from '../api/methods.ts';
import { isIn } from '../devices/context.ts';
import { lacksOwnInvite } from '../devices/tickets.ts';
import { readPacks } from '../history/read-packs.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { BackupRoom } from './backup-lines.ts';
import type { BackupParts } from './backup-parts.ts';

/** The most bytes of a page, unless one message alone has more. */
const PAGE_BYTES = 256 * 1024;

/** See `Methods.backup`. */
export async function contents(parts: BackupParts, waitMs: number): Promise<BackupContents> {
  const { who, env, rooms, settings } = parts;
  if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
  const end = Date.now() + waitMs;
  const present = (await rooms.all()).filter(isIn);
  await Promise.all([
    ...present.map((session) => refresh(parts, session, end)),
    refreshSelfRooms(parts, end),
  ]);
  const { name, verified, ignored, pictures, screen } = settings.preferences;
  const all: BackupRoom[] = [];
  for (const session of [...(await rooms.all()), ...(await rooms.all('self'))])
    all.push(await backedUp(session, settings));
  return {
    made: env.now(),
    identity: encodeBytes(who.identity.seed),
    preferences: {
      ...(name !== undefined && { name }),
      verified: [...verified],
      ignored: [...ignored],
      pictures,
      screen,
      devices: (await parts.sync()).devices.flatMap(({ key, label, since = 0 }) =>
        label === '' ? [] : [{ key, label, since }],
      ),
    },
    rooms: all,
  };
}

/** Where there is none, one is made: a device that is restored beside this one asks there for what the backup doesn't know yet. */
async function refreshSelfRooms(parts: BackupParts, end: number): Promise<void> {
  try {
    const sync = await parts.sync();
    await sync.ensureSelfRooms({ waitMs: Math.max(0, end - Date.now()) });
  } catch {
    // Without rooms there is nothing to ask for.
  }
  const selfRooms = (await parts.rooms.all('self')).filter(isIn);
  await Promise.all(selfRooms.map((session) => refresh(parts, session, end)));
}

/** Receives what the server has, and makes the own invite of a room that has none: without it, a restore doesn't come in. */
async function refresh({ rooms, env }: BackupParts, session: RoomSession, end: number): Promise<void> {
  rooms.follow(session);
  try {
    await rooms.caughtUp(session, Math.max(0, end - Date.now()));
    if (lacksOwnInvite(session.room))
      await session.change((now) => reopen(now, env), Math.max(0, end - Date.now()));
  } catch {
    // The backup has what the profile has, and the check says which rooms let nobody in.
  }
}

async function backedUp(session: RoomSession, settings: SettingsStore): Promise<BackupRoom> {
  const { room, meta } = session;
  const { name, topic } = roomInfo(session);
  return {
    kind: 'room',
    room: meta.id,
    server: meta.server,
    name,
    topic,
    as: ownName(session),
    founder: encodeBytes(fingerprintOf(room.context.founder)),
    ...(room.own !== undefined && { own: encodeBytes(room.own) }),
    ...(meta.kind === 'self' && { between: 'devices' }),
    since: meta.since,
    left: session.meta.left || room.status === 'removed',
    position: room.position,
    notes: withDraft(await settings.notes(meta.id), session),
  };
}

/** What waits to be sent is sealed by this device, and must not be sent by another one unasked: its texts become the draft. */
function withDraft(notes: RoomNotes, { waiting }: RoomSession): BackupRoom['notes'] {
  const texts = waiting.flatMap(({ content, state }) =>
    content.kind === 'text' && content.text !== '' && state !== 'missed' ? [content.text] : [],
  );
  const draft = [...texts, ...(notes.draft === '' ? [] : [notes.draft])].join('\n\n');
  const { draftReply, draftEdit, ...rest } = notes;
  return {
    ...rest,
    draft,
    ...(draftReply && { draftReply }),
    ...(draftEdit && { draftEdit }),
    links: { ...notes.links },
  };
}

/** See `Methods.backupPage`. */
export async function page(
  { records, env, rooms }: BackupParts,
  { room, to }: Params<'backupPage'>,
): Promise<Result<'backupPage'>> {
  const session = await rooms.withId(room as RoomId);
  // What devices share among themselves is not in the history.
  if (session.meta.kind !== undefined) return { messages: 0 };
  const range = to === undefined ? {} : { to: to as Position };
  const options = { forNewcomers: false, now: env.now(), bytes: PAGE_BYTES };
  for await (const { pack, messages, from } of readPacks(records, session.room, range, options)) {
    const next = Number(from) - 1;
    return { pack: encodeBytes(pack), messages, ...(next > 0 && { next: String(next) }) };
  }
  return { messages: 0 };
}

/** See `Methods.tryTicket`. */
export async function tryTicket(
  { env, rooms }: BackupParts,
  { identity, ticket: { room, server, founder, own, as }, waitMs }: Params<'tryTicket'>,
): Promise<null> {
  const id = room as RoomId;
  const end = Date.now() + waitMs;
  const link = { address: server, room: id, secret: decodeBytes(own), founder: decodeBytes(founder) };
  const connection = await rooms.server({ server, id }).online(waitMs);
  const info = await invitation(connection, link, { env, end });
  await join(newDeviceOf(decodeBytes(identity), env), as, link, info, env);
  return null;
}
