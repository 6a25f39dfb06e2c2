import { holdsIdentity } from '@gochat/crypto/identity';
import { createOn } from '../account/creating.ts';
import { ownName } from '../account/room-info.ts';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { Problem } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import { parseAddress } from '../net/address.ts';
import { Mutex } from '../schedule/mutex.ts';
import { type Context, isIn } from './context.ts';
import { keptValue } from './kept.ts';
import { serverOf } from './ticket.ts';

const WAIT_MS = 20_000;
/** No screen shows it. */
const NAME = 'self';

/** A server on which this person has rooms but no self room, and why. */
export interface WithoutSelfRoom {
  /** As {@link serverOf} spells it. */
  readonly server: string;
  readonly problem: Problem;
}

/** Makes self rooms, one for each server on which this person has rooms, and keeps one of two that were made at once. */
export class SelfRooms {
  readonly #context: Context;
  /** Two that are made at once by this device would be one too many. */
  readonly #making = new Map<string, Mutex>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Begins what is to be done now: once there is a self room, each new server gets one, too. */
  update(): void {
    const { self, jobs, parts } = this.#context;
    this.#leaveOthers();
    if (!holdsIdentity(parts.who) || !self.some(isIn)) return;
    for (const server of this.servers)
      if (this.#needs(server))
        jobs.start(`self ${server}`, server, () => this.#make(server, undefined, WAIT_MS));
  }

  /** The servers on which this person has rooms. */
  get servers(): readonly string[] {
    return [...new Set(this.#context.rooms.filter(isIn).map(({ meta }) => serverOf(meta)))];
  }

  /** Makes those that are missing. @param token for the server that requires one. @throws ChatError `link-no-room`, `device-limited` */
  async ensure(
    token: { readonly server: string; readonly token: string } | undefined,
    waitMs: number,
  ): Promise<readonly WithoutSelfRoom[]> {
    const { servers } = this;
    if (!holdsIdentity(this.#context.parts.who)) throw new ChatError({ reason: 'device-limited' });
    if (servers.length === 0) throw new ChatError({ reason: 'link-no-room' });
    const made = servers.map(async (server): Promise<readonly WithoutSelfRoom[]> => {
      try {
        await this.#make(
          server,
          token !== undefined && serverOf(token) === server ? token.token : undefined,
          waitMs,
        );
        return [];
      } catch (error) {
        return [{ server, problem: problemOf(toChatError(error)) }];
      }
    });
    return (await Promise.all(made)).flat();
  }

  /** Neither here nor made by another device, as far as this one knows. */
  #needs(server: string): boolean {
    const { self, store } = this.#context;
    const isHere = self.some(({ meta, room }) => serverOf(meta) === server && room.status !== 'removed');
    return !isHere && keptValue(store.map, 'self', server) === undefined;
  }

  #make(server: string, token: string | undefined, waitMs: number): Promise<void> {
    const making = this.#making.get(server) ?? new Mutex();
    this.#making.set(server, making);
    return making.take(async () => {
      if (!this.#needs(server)) return;
      const { parts, rooms } = this.#context;
      const some = rooms.find(({ meta }) => serverOf(meta) === server);
      const as = parts.settings.preferences.name ?? (some === undefined ? NAME : ownName(some));
      // As the rooms there are reached: over the same connection.
      const address = some?.meta.server ?? parseAddress(server).href;
      await createOn(parts, { name: NAME, as, server: address, token, kind: 'self' }, waitMs);
    });
  }

  /** Leaves a self room for the one that all devices agree on, once this device is in that one. */
  #leaveOthers(): void {
    const { self, store, parts, jobs } = this.#context;
    for (const session of self) {
      const { room, meta } = session;
      const agreed = keptValue(store.map, 'self', serverOf(meta))?.room;
      const isThere = self.some((other) => other.room.id === agreed && isIn(other) && other.isLive);
      if (agreed === undefined || agreed === room.id || !isThere) continue;
      jobs.start(`leave ${room.id}`, serverOf(meta), async () => {
        await session.leave();
        parts.rooms.server(meta).drop(session);
        store.unsent.delete(room.id);
        store.owed.delete(room.id);
        store.changed();
      });
    }
  }
}
