import type { Kept } from '@gochat/crypto/content';
import { ROOM_KIND } from '@gochat/crypto/genesis';
import { identityKeyOf } from '@gochat/crypto/identity';
import { joinByLink } from '../account/joining.ts';
import { ChatError, problemOf } from '../api/chat-error.ts';
import type { Problem } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { RoomSession } from '../room/room-session.ts';
import type { Context } from './context.ts';
import { keptValues, keyOf } from './kept.ts';
import { linkOf, type Ticket } from './ticket.ts';

const WAIT_MS = 30_000;

/** How far this device is with joining the rooms of its person's other devices. */
export interface Joins {
  readonly joined: number;
  /** How many rooms this person is in, as far as this device knows. */
  readonly of: number;
  /** Those that could not be joined so far, and why. They are tried again. When `joined` and these are all, nothing is under way. */
  readonly missing: readonly { readonly room: string; readonly problem: Problem }[];
}

/** Why a ticket brings nobody in any more: it is not tried again, but the next one is. */
const DEAD: ReadonlySet<string> = new Set(['invite-dead', 'invite-revoked', 'room-gone', 'banned']);

const DEAD_TICKET = problemOf(new ChatError({ reason: 'invite-dead' }));

/** Brings this device into the rooms in which another one of its person is: durable, as the tickets are kept. */
export class OwnJoins {
  readonly #context: Context;
  readonly #isAnsweredSoon: (server: string) => boolean;
  readonly #problems = new Map<string, Problem>();
  /** By room, the secret of the ticket that was tried last. */
  readonly #tried = new Map<string, string>();

  /** @param isAnsweredSoon whether another device may yet give tickets of a server's rooms */
  constructor(context: Context, isAnsweredSoon: (server: string) => boolean) {
    this.#context = context;
    this.#isAnsweredSoon = isAnsweredSoon;
  }

  /** Begins the joins that can be made now, one at a time for each server, self rooms first. */
  update(): void {
    const { jobs } = this.#context;
    const all = this.#wanted().map((wanted) => ({ ...wanted, name: `join ${wanted.ticket.room}` }));
    const busy = new Set(all.flatMap(({ name, ticket }) => (jobs.isRunning(name) ? [ticket.server] : [])));
    for (const { name, ...wanted } of all) {
      const { server, room, own } = wanted.ticket;
      if (busy.has(server)) continue;
      // However long it rests after failures with an earlier ticket, this one may bring it in now.
      if (this.#tried.get(room) !== own) jobs.hurry(name);
      if (!jobs.start(name, () => this.#join(wanted))) continue;
      this.#tried.set(room, own);
      busy.add(server);
    }
  }

  get state(): Joins {
    const tickets = this.#tickets();
    const out = tickets.filter(({ ticket }) => !this.#context.store.adopted.has(ticket.room));
    const missing = out.flatMap(({ ticket }) => {
      const problem = this.#problemOf(ticket);
      return problem === undefined ? [] : [{ room: ticket.name, problem }];
    });
    return { joined: tickets.length - out.length, of: tickets.length, missing };
  }

  /** @returns undefined while the room is being joined, or may be by another ticket */
  #problemOf({ room, server }: Ticket): Problem | undefined {
    const problem = this.#problems.get(room);
    const isOfTicket = problem !== undefined && DEAD.has(problem.data.reason);
    if (!this.hasGivenUp(room)) return isOfTicket ? undefined : problem;
    return this.#isAnsweredSoon(server) ? undefined : (problem ?? DEAD_TICKET);
  }

  /** What is kept of a room, a ticket or that it was left, doesn't count for this device any more. */
  gaveUp(room: string): void {
    const entry = this.#context.store.map.get(keyOf('ticket', room));
    if (entry === undefined) return;
    this.#context.store.dead.set(room, markOf(entry));
    this.#context.store.changed();
  }

  /** Whether what is kept of a room at present is what this device has given up. */
  hasGivenUp(room: string): boolean {
    const entry = this.#context.store.map.get(keyOf('ticket', room));
    return entry !== undefined && this.#context.store.dead.get(room) === markOf(entry);
  }

  /** Of rooms of people, but for those from which another device of this person has removed this one. */
  #tickets(): readonly { readonly ticket: Ticket }[] {
    return keptValues(this.#context.store.map, 'ticket').flatMap(([id, ticket]) =>
      ticket === 'left' || this.#session(id)?.meta.ousted !== undefined ? [] : [{ ticket }],
    );
  }

  #session(id: string): RoomSession | undefined {
    return this.#context.rooms.find(({ room }) => room.id === id);
  }

  /** What is to be joined, in this order. */
  #wanted(): readonly { readonly ticket: Ticket; readonly kind?: 'self' }[] {
    const { store, self } = this.#context;
    const selfRooms = keptValues(store.map, 'self')
      .filter(([, { room }]) => !self.some((session) => session.room.id === room && isSettled(session)))
      .filter(([, { room }]) => store.dead.get(room) !== this.#markOfSelf(room))
      .map(([, ticket]) => ({ ticket, kind: 'self' as const }));
    const rooms = this.#tickets().filter(
      ({ ticket: { room } }) =>
        !store.adopted.has(room) && !this.hasGivenUp(room) && !isMember(this.#session(room)),
    );
    // Whoever checks the devices of a room looks into the self room of its server.
    const first = selfRooms
      .filter(({ ticket }) => !this.#problems.has(ticket.room))
      .map(({ ticket }) => ticket.server);
    return [...selfRooms, ...rooms.filter(({ ticket }) => !first.includes(ticket.server))];
  }

  /** It isn't what it was called. */
  async #refuse(session: RoomSession): Promise<void> {
    const { store, parts } = this.#context;
    store.dead.set(session.room.id, this.#markOfSelf(session.room.id));
    store.changed();
    if (session.meta.kind === undefined) return;
    await session.leave();
    parts.rooms.server(session.meta).drop(session);
  }

  #markOfSelf(room: string): string {
    const entry = [...this.#context.store.map.values()].find(
      ({ key, value }) => key.startsWith('self ') && (value as Ticket).room === room,
    );
    return entry === undefined ? '' : markOf(entry);
  }

  async #join({ ticket, kind }: { readonly ticket: Ticket; readonly kind?: 'self' }): Promise<void> {
    const { parts, store } = this.#context;
    const link = linkOf(ticket, identityKeyOf(parts.who));
    const { as, room, name } = ticket;
    const how = { ...parts, as, name, ...(kind && { kind }) };
    try {
      const { session } = await parts.joinsOf(room).take(() => joinByLink(how, link, WAIT_MS));
      if (kind !== undefined && session.room.context.kind !== ROOM_KIND.self) await this.#refuse(session);
      this.#problems.delete(room);
    } catch (thrown) {
      const error = toChatError(thrown);
      this.#problems.set(room, problemOf(error));
      if (!isDead(error)) throw error;
      if (kind === undefined) this.gaveUp(room);
      else store.dead.set(room, this.#markOfSelf(room));
      store.changed();
    }
  }
}

function isDead({ data }: ChatError): boolean {
  return DEAD.has(data.reason);
}

/** A ticket that was set again is tried again, even if it is the same. */
function markOf({ at, value }: Kept): string {
  return `${at[0]} ${value === 'left' ? value : (value as Ticket).own}`;
}

/** Whether the room needs no join: its own affairs are its session's. */
function isMember(session: RoomSession | undefined): boolean {
  return session !== undefined && isSettled(session) && session.room.status !== 'removed';
}

function isSettled(session: RoomSession): boolean {
  return !session.meta.left && session.room.status !== 'joining';
}
