import { randomBytes } from 'node:crypto';
import type {
  Appended,
  Entry,
  Follower,
  HandshakeAppend,
  LogPosition,
  RoomId,
  RoomLog,
} from '../../src/log/log.ts';

export const newId = (): string => randomBytes(16).toString('base64url');

export const text = (body: Uint8Array): string => Buffer.from(body).toString();

export const bodies = (entries: readonly Entry[]): string[] => entries.map((entry) => text(entry.body));

export const positions = (entries: readonly Entry[]): LogPosition[] => entries.map((entry) => entry.pos);

/** Of the handshake with this body. */
export const accessOf = (body: string): string => `access of ${body}`.padEnd(32, '.');

export function handshakeOf(body: string, more: Partial<HandshakeAppend> = {}): HandshakeAppend {
  return {
    id: newId(),
    body: Buffer.from(body),
    access: Buffer.from(accessOf(body)),
    retires: false,
    state: Buffer.from(`state of ${body}`),
    ...more,
  };
}

export function appended(
  outcome: Appended | { readonly stale: LogPosition } | { readonly conflict: LogPosition },
): Appended {
  if (!('pos' in outcome)) throw new Error(`not appended: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** @returns the position of the handshake that made it */
export async function makeRoom(log: RoomLog, room: RoomId): Promise<LogPosition> {
  return appended(await log.handshake(room, 0, handshakeOf('founded'))).pos;
}

export async function say(
  log: RoomLog,
  room: RoomId,
  base: LogPosition,
  body: string,
  ttlSec?: number,
): Promise<LogPosition> {
  const message = { id: newId(), base, body: Buffer.from(body) };
  return appended(await log.append(room, ttlSec === undefined ? message : { ...message, ttlSec })).pos;
}

/** The whole log, page by page. */
export async function readAll(
  log: RoomLog,
  room: RoomId,
  after: LogPosition = 0,
  limit = 100,
): Promise<Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const { entries } = await log.read(room, all.at(-1)?.pos ?? after, limit);
    if (entries.length === 0) return all;
    all.push(...entries);
  }
}

export interface Collected {
  readonly entries: Entry[];
  readonly follower: Follower;
  /** Resolves once this position has arrived; rejects when the follower ends before. */
  until(pos: LogPosition): Promise<void>;
}

/** A follower that keeps all it gets. */
export function collect(log: RoomLog, room: RoomId, after: LogPosition): Collected {
  const entries: Entry[] = [];
  const waiting = new Set<() => void>();
  const follower = log.follow(room, after, (batch) => {
    entries.push(...batch);
    for (const look of waiting) look();
    return true;
  });
  return {
    entries,
    follower,
    until: (pos) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if ((entries.at(-1)?.pos ?? 0) < pos) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        follower.done.then(
          ({ reason, last }) => reject(new Error(`${reason} at ${last}, before ${pos}`)),
          reject,
        );
        look();
      }),
  };
}
