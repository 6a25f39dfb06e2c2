import { historyOf, type KeptPack } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { membersOf, type Room } from '@gochat/crypto/room';
import { comparePositions } from '@gochat/protocol/fields';
import { nameOf } from '../room/event-history.ts';
import type { HistoryItem, WarningFact } from '../room/history.ts';
import { HistoryReader } from '../room/history-reader.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Records } from '../store/records.ts';
import { type MergedPack, mergePack } from './merge-pack.ts';
import { fetchPack } from './pack-posts.ts';
import type { PackedMessage } from './verify-pack.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Reads the newest pack that was ready when this device has joined, and adds its messages to the history. What is wrong with it is shown in lines of the
 * history. @throws Disconnected, RequestError, after which it can be repeated
 */
export async function readShared(records: Records, env: Env, session: RoomSession): Promise<void> {
  const pack = session.meta.shared?.packs.at(-1);
  if (pack === undefined) return;
  const sharer = sharerOf(session.room, pack);
  const bytes = await fetchPack({ session, env }, pack);
  const options = { ...(await windowFor(records, env, session, pack)), sharer, now: env.now() };
  const merged = bytes && (await mergePack(records, session, bytes, options));
  const warnings: readonly WarningFact[] =
    merged === undefined
      ? [{ warning: 'shared-gone', member: sharer.by }]
      : findings(session.room, merged, sharer.by);
  await session.sharedRead(pack, warnings);
}

function sharerOf(room: Room, { by }: KeptPack): { readonly identity: string; readonly by: string } {
  const member = membersOf(room).find(({ identity }) => identity === by);
  return { identity: by, by: member === undefined ? by.slice(0, ID_CHARS) : nameOf(room, member) };
}

const ID_CHARS = 8;

/** @returns which messages of a pack are added: no more than the room shows newcomers, together with those of newer packs */
async function windowFor(records: Records, env: Env, { room, meta }: RoomSession, { to }: KeptPack) {
  const history = historyOf(room.context);
  const { before } = meta.shared ?? {};
  const earlier = before === undefined ? {} : { before };
  if (history === undefined || history === 'all') return earlier;
  if ('days' in history) return { ...earlier, since: env.now() - history.days * DAY_MS };
  const newer = await new HistoryReader(records, room).after(Number(to), history.last);
  const isShared = (item: HistoryItem) =>
    item.kind === 'text' && (before === undefined || comparePositions(item.seq, before) < 0);
  return { ...earlier, last: Math.max(0, history.last - newer.filter(isShared).length) };
}

function findings(
  room: Room,
  { messages, forged, foreign, unshared }: MergedPack,
  by: string,
): WarningFact[] {
  const left = forged + unshared;
  return [
    ...(left > 0 ? [{ warning: 'shared-forged', member: by, count: left } as const] : []),
    ...(foreign > 0 ? [{ warning: 'shared-foreign', member: by, count: foreign } as const] : []),
    ...missing(messages).map(
      ({ author, count }) =>
        ({ warning: 'shared-missing', member: labelOf(room, author), by, count }) as const,
    ),
  ];
}

function labelOf(room: Room, { said: { message } }: PackedMessage): string {
  const member = membersOf(room).find(({ identity }) => identity === message.identity);
  return member === undefined ? message.identity.slice(0, ID_CHARS) : nameOf(room, member);
}

/** @returns of whom there are gaps between the counters of what a pack has, and how large they are together */
function missing(
  messages: readonly PackedMessage[],
): readonly { readonly author: PackedMessage; readonly count: number }[] {
  const devices = new Map<string, { author: PackedMessage; counters: Set<number> }>();
  for (const author of messages) {
    for (const { message } of [author.said, ...author.changes]) {
      const known = devices.get(message.device) ?? { author, counters: new Set<number>() };
      if (message === author.said.message) known.author = author;
      known.counters.add(message.payload.n);
      devices.set(message.device, known);
    }
  }
  const persons = new Map<string, { author: PackedMessage; count: number }>();
  for (const { author, counters } of devices.values()) {
    const count = Math.max(...counters) - Math.min(...counters) + 1 - counters.size;
    const { identity } = author.said.message;
    persons.set(identity, { author, count: count + (persons.get(identity)?.count ?? 0) });
  }
  return [...persons.values()].filter(({ count }) => count > 0);
}
