import { ChatError } from '../api/chat-error.ts';
import type { DirectRequest } from '../api/methods.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { DirectParts } from './direct-parts.ts';
import type { DirectRooms } from './direct-rooms.ts';

/** The conversations of two of a profile. Most of their code is loaded with the first one, or with the first box. */
export class LazyDirect {
  readonly #parts: DirectParts;
  readonly #stop: () => void;
  #loading: Promise<DirectRooms> | undefined;
  #isOver = false;

  constructor(parts: DirectParts) {
    this.#parts = parts;
    this.#stop = parts.rooms.watch((session) => {
      if (isDirect(session) || session.receivedRevision > 0) this.#loads();
    });
  }

  /** Goes on with what an earlier process has begun. */
  resume(): void {
    const { requests, rooms } = this.#parts;
    if (requests.all.length > 0 || rooms.metas.some(({ direct }) => direct?.ask !== undefined)) this.#loads();
  }

  /** Requests that nobody has decided, those of messages that were just read among them. @throws ChatError `internal` */
  async list(): Promise<readonly DirectRequest[]> {
    if (this.#loading === undefined && this.#parts.requests.all.length === 0) return [];
    return (await this.load()).listAll();
  }

  /** What fails is tried again with the next change. */
  #loads(): void {
    if (!this.#isOver) this.load().catch(() => undefined);
  }

  /** @throws ChatError `internal` */
  load(): Promise<DirectRooms> {
    this.#loading ??= import('./direct-rooms.ts')
      .catch((cause: unknown) => {
        throw new ChatError({ reason: 'code-not-loaded' }, { cause });
      })
      .then(async ({ DirectRooms: Code }) => {
        const direct = new Code(this.#parts);
        await direct.resume();
        return direct;
      })
      .catch((error: unknown) => {
        this.#loading = undefined;
        throw error;
      });
    return this.#loading;
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    this.#isOver = true;
    this.#stop();
    await (await this.#loading?.catch(() => undefined))?.close();
  }
}

function isDirect({ meta, room }: RoomSession): boolean {
  const { state } = room.context;
  return meta.kind === undefined && state !== 'newer' && state.pair !== undefined;
}
