import { reopen } from '@gochat/crypto/handshake';
import { liveInvitesOf, ownInviteIn, type Room } from '@gochat/crypto/room';
import { LIMITS } from '@gochat/protocol/limits';
import { ownName } from '../account/room-info.ts';
import type { RoomSession } from '../room/room-session.ts';
import { type Context, isIn, turnMs } from './context.ts';
import { Done } from './jobs.ts';
import { keptValue } from './kept.ts';
import { serverOf, type Ticket, ticketOf } from './ticket.ts';

const WAIT_MS = 20_000;

/** Keeps the tickets of the rooms in which this device is: whoever knows a new own invite first posts its ticket. */
export class Tickets {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Does what is to be done now. */
  update(): void {
    const { self, rooms } = this.#context;
    for (const session of [...self, ...rooms]) {
      this.#reopens(session);
      this.#posts(session);
    }
  }

  /** @returns whether the ticket that brings others into a room of this device isn't known, though it could be; after a removal it is another one */
  lacks(session: RoomSession): boolean {
    return lacksOwnInvite(session.room) || !this.#isKnown(session);
  }

  #isKnown(session: RoomSession): boolean {
    const { room, meta } = session;
    const found = ticketOf(room, meta, ownName(session));
    const known = meta.kind === 'self' ? keptValue(this.#map, 'self', serverOf(meta)) : this.#ticket(meta.id);
    return found === undefined || (known?.room === found.room && known.own === found.own);
  }

  get #map() {
    return this.#context.store.map;
  }

  #ticket(room: string): Ticket | undefined {
    const known = keptValue(this.#map, 'ticket', room);
    return known === 'left' ? undefined : known;
  }

  /** Makes the own invite of a room that has none, rather than wait for whoever else does it. */
  #reopens(session: RoomSession): void {
    const { jobs, parts } = this.#context;
    const name = `reopen ${session.room.id}`;
    const isDue = isIn(session) && session.isLive && lacksOwnInvite(session.room);
    if (!jobs.isTime(name, isDue, turnMs(session))) return;
    jobs.start(name, serverOf(session.meta), () =>
      session.change((now) => {
        if (!lacksOwnInvite(now)) throw new Done();
        return reopen(now, parts.env);
      }, WAIT_MS),
    );
  }

  #posts(session: RoomSession): void {
    const { jobs } = this.#context;
    const { room, meta } = session;
    const found = isIn(session) && session.isLive ? ticketOf(room, meta, ownName(session)) : undefined;
    if (!jobs.isTime(`ticket ${meta.id}`, found !== undefined && !this.#isKnown(session), turnMs(session)))
      return;
    if (meta.kind === 'self') this.#context.set('self', serverOf(meta), found);
    else this.#context.set('ticket', meta.id, found);
  }
}

/** Whether a room has no own invite, though it could. */
export function lacksOwnInvite(room: Room): boolean {
  if (room.status !== 'active' || room.context.state === 'newer') return false;
  if (room.joinsClosed) return true;
  return ownInviteIn(room) === undefined && liveInvitesOf(room).length < LIMITS.invitesPerRoom;
}
