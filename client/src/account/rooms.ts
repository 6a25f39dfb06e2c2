import type { Env } from '@gochat/crypto/primitives';
import type { RoomId } from '@gochat/protocol/fields';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { ChatEvent, Problem } from '../api/methods.ts';
import { type Connect, ServerConnection } from '../net/server-connection.ts';
import { nameOf } from '../room/event-history.ts';
import { RoomMaintenance } from '../room/room-maintenance.ts';
import type { RoomMeta } from '../room/room-meta.ts';
import { RoomSession } from '../room/room-session.ts';
import { RoomStore } from '../room/room-store.ts';
import { fromJson, type Records } from '../store/records.ts';
import { firstNonEmpty, roomInfo } from './room-info.ts';

export interface RoomsParts {
  readonly records: Records;
  readonly env: Env;
  readonly connect: Connect;
  readonly emit: (event: ChatEvent) => void;
}

interface Opened {
  readonly session: RoomSession;
  readonly close: () => Promise<void>;
}

/** The rooms of a profile and the servers they are on; a room is opened when it is first asked for, and followed when it is needed. */
export class Rooms {
  readonly #parts: RoomsParts;
  readonly #metas: Map<RoomId, RoomMeta>;
  readonly #opened = new Map<RoomId, Promise<Opened>>();
  readonly #lines = new Map<string, ServerConnection>();

  private constructor(parts: RoomsParts, metas: Map<RoomId, RoomMeta>) {
    this.#parts = parts;
    this.#metas = metas;
  }

  /** @throws VaultError `damaged` */
  static async load(parts: RoomsParts): Promise<Rooms> {
    const metas = (await parts.records.rooms()).map((row) => fromJson<RoomMeta>(row));
    return new Rooms(parts, new Map(metas.map((meta) => [meta.id, meta])));
  }

  /** Oldest first. */
  async all(): Promise<RoomSession[]> {
    const metas = [...this.#metas.values()].sort((a, b) => a.since - b.since);
    return Promise.all(metas.map(async ({ id }) => (await this.#open(id)).session));
  }

  has(id: RoomId): boolean {
    return this.#metas.has(id);
  }

  meta(id: RoomId): RoomMeta | undefined {
    return this.#metas.get(id);
  }

  /** Whoever connects posts what is queued, in every room. */
  async followQueued(): Promise<void> {
    for (const session of await this.all()) if (session.queued > 0) this.#follow(session);
  }

  /** The room of this name, or of an id that begins so. @throws ChatError `unknown-room`, `ambiguous` */
  async named(name: string): Promise<RoomSession> {
    const metas = [...this.#metas.values()];
    const fitting = firstNonEmpty(
      metas.filter((m) => m.id === name),
      metas.filter((m) => m.name === name && !m.left),
      metas.filter((m) => m.name === name),
      metas.filter((m) => name.length >= 4 && m.id.startsWith(name)),
    );
    const [meta] = fitting;
    if (meta === undefined) throw new ChatError({ reason: 'room-unknown', name });
    if (fitting.length > 1) {
      throw new ChatError({ reason: 'room-ambiguous', name, ids: fitting.map((m) => m.id) });
    }
    return (await this.#open(meta.id)).session;
  }

  /** The same, kept up with its server from now on. */
  async followed(name: string): Promise<RoomSession> {
    const session = await this.named(name);
    this.#follow(session);
    return session;
  }

  #follow(session: RoomSession): void {
    if (!session.meta.left && session.room.status !== 'removed') this.line(session.meta.server).add(session);
  }

  /** Takes in a room that was just stored, in the place of an older one of the same id. */
  async adopt(meta: RoomMeta): Promise<RoomSession> {
    const older = this.#opened.get(meta.id);
    this.#opened.delete(meta.id);
    if (older !== undefined) {
      const { session, close } = await older;
      this.line(session.meta.server).drop(session);
      await close();
    }
    this.#metas.set(meta.id, meta);
    const { session } = await this.#open(meta.id);
    this.#parts.emit({ kind: 'room', room: roomInfo(session) });
    this.#follow(session);
    return session;
  }

  line(address: string): ServerConnection {
    const known = this.#lines.get(address);
    if (known !== undefined) return known;
    const line = new ServerConnection(address, this.#parts.connect, this.#parts.env);
    this.#lines.set(address, line);
    return line;
  }

  /** Waits until all that the server has of a room is here. @throws ChatError `offline`, `not-member`, `refused` */
  async caughtUp(session: RoomSession, waitMs: number): Promise<void> {
    if (session.ended !== undefined) throw session.ended;
    const line = this.line(session.meta.server);
    const end = Date.now() + waitMs;
    await line.online(waitMs);
    await session.watch.until(
      () => (session.isLive || session.ended !== undefined ? true : undefined),
      end - Date.now(),
    );
    if (session.ended !== undefined) throw session.ended;
    if (!session.isLive) throw line.problem ?? new ChatError({ reason: 'server-slow', server: line.address });
  }

  /** Whether a room is kept up with its server now, and why not. */
  standing(session: RoomSession): { readonly live: boolean; readonly problem: Problem | undefined } {
    const live = session.isFollowing;
    const why = session.ended ?? (live ? undefined : this.line(session.meta.server).problem);
    return { live, problem: why && problemOf(why) };
  }

  async close(): Promise<void> {
    for (const line of this.#lines.values()) line.close();
    for (const opened of await Promise.allSettled(this.#opened.values())) {
      if (opened.status === 'fulfilled') await opened.value.close();
    }
  }

  #open(id: RoomId): Promise<Opened> {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    const opening = this.#load(id);
    this.#opened.set(id, opening);
    return opening;
  }

  async #load(id: RoomId): Promise<Opened> {
    const { records, env, emit } = this.#parts;
    const meta = this.#metas.get(id);
    if (meta === undefined) throw new ChatError({ reason: 'room-unknown', name: id });
    const session = new RoomSession(await RoomStore.load(records, env, meta), env, {
      items: (items) => emit({ kind: 'items', room: id, items }),
      waiting: (waiting) => emit({ kind: 'waiting', room: id, waiting }),
      presence: ({ from, presence }) =>
        emit({
          kind: 'presence',
          room: id,
          device: from.device,
          from: nameOf(session.room, from),
          says: presence,
        }),
    });
    const upkeep = new RoomMaintenance(session, env);
    let told = '';
    let shown = withoutQueue(session);
    const tell = () => {
      const standing = this.standing(session);
      const state = JSON.stringify(standing);
      if (state !== told) emit({ kind: 'online', room: id, ...standing });
      told = state;
    };
    const ignore = this.line(meta.server).watch.always(tell);
    const forget = session.watch.always(() => {
      this.#metas.set(id, session.meta);
      tell();
      const info = withoutQueue(session);
      if (info !== shown) emit({ kind: 'room', room: roomInfo(session) });
      shown = info;
      upkeep.nudge();
    });
    return {
      session,
      close: async () => {
        ignore();
        forget();
        upkeep.close();
        await session.close();
      },
    };
  }
}

/** A room's info without what changes with every message. */
function withoutQueue(session: RoomSession): string {
  return JSON.stringify({ ...roomInfo(session), queued: 0 });
}
