import { decideKnock } from '@gochat/crypto/handshake';
import { membersOf } from '@gochat/crypto/room';
import { ChatError } from '../api/chat-error.ts';
import type { KnockInfo, Params } from '../api/methods.ts';
import { ownIdentity } from '../room/direct-room.ts';
import type { RoomSession } from '../room/room-session.ts';
import { decidesKnocks, isOfBanned, type WaitingKnock } from '../room/waiting-knocks.ts';
import type { Governance } from './governance.ts';
import { firstNonEmpty, isIdOrPrefix } from './pick-room.ts';

/** Who waits to be let into a room, and what an admin or moderator decides. */
export class Knocks {
  readonly #governance: Governance;

  constructor(governance: Governance) {
    this.#governance = governance;
  }

  list({ meta: { knocks = [] }, room }: RoomSession): readonly KnockInfo[] {
    return knocks.map((knock) => {
      const { wish, name, identity, words, at } = knock;
      return { id: wish.id, name, identity, words, at, banned: isOfBanned(room, knock) };
    });
  }

  /**
   * Expects a session that is up to date with the server.
   * @param lets whether the person is let in. @throws ChatError `unknown-entry`, `ambiguous`; RoomError
   */
  async decide(
    session: RoomSession,
    { knock: wanted, waitMs }: Params<'approveKnock'>,
    lets: boolean,
  ): Promise<{ readonly name: string }> {
    // Members know who waits, and would learn by the error only that somebody has decided.
    if (!decidesKnocks(session.room, ownIdentity(session.room))) throw new ChatError({ reason: 'not-staff' });
    const knock = pick(session, wanted);
    await this.#governance.adds(session, waitMs, (now, terms, env) =>
      decideKnock(now, knock, lets, { ...terms, uses: 1 }, env),
    );
    return { name: knock.name };
  }
}

function pick({ meta: { knocks = [] }, room }: RoomSession, wanted: string): WaitingKnock {
  const fitting = firstNonEmpty(
    knocks.filter(({ wish, identity }) => wish.id === wanted || identity === wanted),
    knocks.filter(({ name }) => name === wanted),
    knocks.filter(({ wish }) => isIdOrPrefix(wish.id, wanted)),
  );
  const [one] = fitting;
  if (fitting.length > 1)
    throw new ChatError({ reason: 'knock-ambiguous', id: wanted, ids: fitting.map(({ wish }) => wish.id) });
  if (one !== undefined) return one;
  const isIn = membersOf(room).some(({ name, identity }) => name === wanted || identity === wanted);
  throw new ChatError(isIn ? { reason: 'knock-decided' } : { reason: 'knock-unknown', id: wanted });
}
