import { newId } from '@gochat/crypto/new-id';
import { openPack, partHash, sealPack } from '@gochat/crypto/pack';
import type { KeptPack } from '@gochat/crypto/packs';
import type { Env } from '@gochat/crypto/primitives';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import type { Position, RequestId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';
import { ChatError } from '../api/chat-error.ts';
import type { Connection } from '../net/connection.ts';
import { RequestError, waitBeforeRepeat } from '../net/connection-errors.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Timers } from '../schedule/timers.ts';

/** How often a part is posted again because a handshake came first. */
const ATTEMPTS = 8;

export interface PostParts {
  readonly session: RoomSession;
  readonly env: Env;
  readonly timers: Timers;
}

/**
 * Seals a pack and posts it, part after part. Nobody can open it until its key is announced.
 * @returns what the announcement says of it. @throws Disconnected, RequestError
 */
export async function postPack(
  { session, env, timers }: PostParts,
  pack: Uint8Array,
): Promise<Pick<KeptPack, 'key' | 'parts'>> {
  const { key, parts } = sealPack(session.room.id, pack, env);
  const posted: { seq: Position; hash: string }[] = [];
  for (const body of parts)
    posted.push({ seq: await post({ session, env, timers }, encodeBytes(body)), hash: partHash(body) });
  return { key: encodeBytes(key), parts: posted };
}

/** The server keeps the order of a connection's posts: one that it refuses for the moment must be repeated. */
async function post({ session, env, timers }: PostParts, body: string): Promise<Position> {
  const id = newId<RequestId>(env);
  for (let attempt = 1; ; ) {
    const over = liveConnection(session);
    const { id: room, base } = session.room;
    const frame: UpOf<'post'> = { type: 'post', id, room, base, body };
    try {
      return (await over.request(frame)).seq;
    } catch (error) {
      const waitMs = waitBeforeRepeat(error, base);
      const isStale = error instanceof RequestError && error.code === 'stale';
      if (waitMs === 0 && (!isStale || attempt === ATTEMPTS)) throw error;
      if (waitMs > 0) await timers.pause(waitMs);
      else {
        attempt += 1;
        await session.condition.until(() => (session.room.base === base ? undefined : true), STALE_MS);
      }
    }
  }
}

/** How long the handshake may take that has made a post stale. */
const STALE_MS = 5_000;

/** @throws ChatError `offline` */
export function liveConnection({ connection, isFollowing, meta }: RoomSession): Connection {
  if (connection === undefined || !isFollowing)
    throw new ChatError({ reason: 'connection-ended', server: meta.server });
  return connection;
}

/**
 * Reads the posts of a pack from the server, and opens them.
 * @returns undefined if the server doesn't have them any more, or something else there. @throws Disconnected, RequestError
 */
export async function fetchPack(
  { session, env }: Omit<PostParts, 'timers'>,
  { key, parts }: Pick<KeptPack, 'key' | 'parts'>,
): Promise<Uint8Array | undefined> {
  const bodies: Uint8Array[] = [];
  // The server takes no such request, and no repeated one either: a member may have made the positions up.
  const isPossible = (seq: Position) => Number(seq) >= 1 && Number(seq) <= Number(session.room.position);
  if (!parts.every(({ seq }) => isPossible(seq))) return undefined;
  for (const { seq, hash } of parts) {
    const after = String(Number(seq) - 1) as Position;
    const frame = {
      type: 'read',
      id: newId<RequestId>(env),
      room: session.room.id,
      after,
      limit: 1,
    } as const;
    const [entry] = (await liveConnection(session).request(frame)).entries;
    const body = entry?.seq === seq ? decodeBytes(entry.body) : undefined;
    if (body === undefined || partHash(body) !== hash) return undefined;
    bodies.push(body);
  }
  return openPack(session.room.id, key, bodies);
}
