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

/** A ticket by which this device is to join. */
interface Wanted {
  readonly ticket: Ticket;
  /** As {@link markOf} names what is kept. */
  readonly mark: string;
  readonly kind?: 'self';
}

/** Brings this device into the rooms in which another one of its person is: durable, as the tickets are kept. */
export class OwnJoins {
  readonly #context: Context;
  readonly #isAnsweredSoon: (server: string) => boolean;
  readonly #problems = new Map<string, Problem>();
  /** By room, the ticket that was tried last, as {@link markOf} names it. */
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
      const { mark, ticket } = wanted;
      if (busy.has(ticket.server)) continue;
      // However long it rests after failures with an earlier ticket, this one may bring it in now.
      if (this.#tried.get(ticket.room) !== mark) jobs.hurry(name);
      if (!jobs.start(name, ticket.server, () => this.#join(wanted))) continue;
      this.#tried.set(ticket.room, mark);
      busy.add(ticket.server);
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
    const mark = this.#markAt('ticket', room);
    if (mark !== '') this.#givesUp(room, mark);
  }

  /** Whether what is kept of a room at present is what this device has given up. */
  hasGivenUp(room: string): boolean {
    const mark = this.#markAt('ticket', room);
    return mark !== '' && this.#context.store.dead.get(room) === mark;
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
  #wanted(): readonly Wanted[] {
    const { store, self } = this.#context;
    const selfRooms = keptValues(store.map, 'self')
      .filter(([, { room }]) => !self.some((session) => session.room.id === room && isSettled(session)))
      .map(([server, ticket]) => ({ ticket, mark: this.#markAt('self', server), kind: 'self' as const }))
      .filter(({ ticket: { room }, mark }) => store.dead.get(room) !== mark);
    const rooms = this.#tickets()
      .filter(
        ({ ticket: { room } }) =>
          !store.adopted.has(room) && !this.hasGivenUp(room) && !isMember(this.#session(room)),
      )
      .map(({ ticket }) => ({ ticket, mark: this.#markAt('ticket', ticket.room) }));
    // Whoever checks the devices of a room looks into the self room of its server.
    const first = selfRooms
      .filter(({ ticket }) => !this.#problems.has(ticket.room))
      .map(({ ticket }) => ticket.server);
    return [...selfRooms, ...rooms.filter(({ ticket }) => !first.includes(ticket.server))];
  }

  /** It isn't what it was called. */
  async #refuse(session: RoomSession, mark: string): Promise<void> {
    const { parts } = this.#context;
    this.#givesUp(session.room.id, mark);
    if (session.meta.kind === undefined) return;
    await session.leave();
    parts.rooms.server(session.meta).drop(session);
  }

  #markAt(kind: 'self' | 'ticket', of: string): string {
    const entry = this.#context.store.map.get(keyOf(kind, of));
    return entry === undefined ? '' : markOf(entry);
  }

  #givesUp(room: string, mark: string): void {
    this.#context.store.dead.set(room, mark);
    this.#context.store.changed();
  }

  async #join({ ticket, mark, kind }: Wanted): Promise<void> {
    const { parts } = this.#context;
    const link = linkOf(ticket, identityKeyOf(parts.who));
    const { as, room, name } = ticket;
    const how = { ...parts, as, name, ...(kind && { kind }) };
    try {
      const { session } = await parts.joinsOf(room).take(() => joinByLink(how, link, WAIT_MS));
      if (kind !== undefined && session.room.context.kind !== ROOM_KIND.self)
        await this.#refuse(session, mark);
      this.#problems.delete(room);
    } catch (thrown) {
      const error = toChatError(thrown);
      this.#problems.set(room, problemOf(error));
      if (!isDead(error)) throw error;
      // Not what is kept by now: that may be a ticket that has come meanwhile.
      this.#givesUp(room, mark);
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
