import { identityFrom } from '@gochat/crypto/device-transfer';
import { encodeIdentity, holdsIdentity, type Identity } from '@gochat/crypto/identity';
import { formatLink, type InviteLink, parseLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import { equalBytes, signingKey } from '@gochat/crypto/primitives';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { joinByLink } from '../../account/joining.ts';
import { ChatError } from '../../api/chat-error.ts';
import type { ErrorData } from '../../api/error-data.ts';
import type { Linking } from '../../api/methods.ts';
import { toChatError } from '../../api/to-chat-error.ts';
import type { RoomSession } from '../../room/room-session.ts';
import { seeded } from '../seed.ts';
import type { DeviceSync } from '../sync.ts';
import { type Accept, type Arrival, linkingChange, recovered } from './linking-record.ts';
import type { LinkingState } from './linking-state.ts';
import { digitsOf, isFounder, receivedIn } from './pairing-room.ts';

/** A link ends after 10 minutes. This is from when it was opened. */
const LIFE_MS = 11 * 60_000;
/** How long the other device hears that this one has ended it. */
const FAREWELL_MS = 3000;

/** Becoming a device of a person: this side opens the link. Calls must not overlap, but for {@link enter}. */
export class Accepting {
  readonly #state: LinkingState;
  /** Whether it was asked to announce this device at once. */
  #isHurried = false;
  /** Those that are shown. */
  #digits: string | undefined;

  constructor(state: LinkingState) {
    this.#state = state;
  }

  /** Stores what is to be done, unless it is under way. @throws LinkError; ChatError `link-profile-used` */
  async begin(text: string, label: string): Promise<Accept | Arrival> {
    const { rooms, env } = this.#state.parts;
    const link = parseLink(text, 'link');
    const { record } = this.#state;
    if (record?.side === 'arrival' && record.room === link.room) return record;
    if (record?.side === 'accept' && isSame(record, link)) return record;
    await this.#state.checkUnused();
    const next: Accept = {
      side: 'accept',
      room: link.room,
      link: formatLink(link),
      label,
      guest: encodeBytes(env.random(32)),
    };
    this.#state.ending = undefined;
    this.#digits = undefined;
    // What is left of an earlier link, perhaps in the same room.
    for (const { room } of await rooms.all('pairing')) await rooms.forget(room.id);
    await this.#state.store(next);
    return next;
  }

  /** Joins the pairing room; a repeated call goes on. @throws ChatError */
  async enter({ link, label, guest }: Accept, waitMs: number): Promise<RoomSession> {
    const { parts } = this.#state;
    const who: Identity = { identity: signingKey(decodeBytes(guest)), device: parts.who.device };
    try {
      return (await joinByLink({ ...parts, who, kind: 'pairing', as: label }, link, waitMs)).session;
    } catch (error) {
      throw explained(error);
    }
  }

  /** The pairing room is entered. */
  async entered(accept: Accept): Promise<void> {
    const { since, ...rest } = accept;
    if (since === undefined) await this.#state.store({ ...rest, since: this.#state.parts.env.now() });
  }

  /** Does what is next before this device has its identity. @returns whether there was something */
  async step(accept: Accept): Promise<boolean> {
    const { env, records } = this.#state.parts;
    const session = await this.#state.session(accept.room);
    if (session === undefined || accept.since === undefined) return false;
    const links = await receivedIn(records, accept.room, 'link');
    const sent = links
      .filter(({ identity }) => isFounder(session.room, identity))
      .map(({ content }) => content);
    if (sent.length > 0 && sent.at(-1)?.more !== true) return this.#receives(accept, session, sent);
    if (session.ended !== undefined) {
      const { code, data } = session.ended;
      return this.fails(accept, code === 'not-member' ? { reason: 'link-cancelled' } : data);
    }
    const isLate = env.now() >= accept.since + LIFE_MS;
    return session.isLive && isLate && sent.length === 0
      ? this.fails(accept, { reason: 'link-expired' })
      : false;
  }

  /** When {@link step} has to be called again, by this device's clock. */
  deadline({ since }: Accept): number | undefined {
    return since === undefined ? undefined : since + LIFE_MS;
  }

  /** Does what is next once this device has its identity. @returns whether there was something */
  async arrive(arrival: Arrival, sync: DeviceSync): Promise<boolean> {
    const { rooms, env } = this.#state.parts;
    const { joined, missing, of } = sync.joins;
    // The process may end once it is in.
    if (!this.#isHurried) sync.hurry();
    this.#isHurried = true;
    const isIn = joined + missing.length >= of && sync.isTold;
    if (isIn && this.#state.ending === undefined)
      this.#state.ending = { stage: 'joined', joined, missing, ...recovered(arrival) };
    const session = arrival.room && (await this.#state.session(arrival.room));
    if (arrival.room === undefined || session === undefined) {
      if (this.#state.ending === undefined) return false;
      await this.#state.store(undefined);
      return true;
    }
    if (session.ended !== undefined || (arrival.answered && session.queued === 0)) {
      await rooms.forget(arrival.room);
      return true;
    }
    // From then on the other device can give it more in the self room.
    const isReached = this.#state.ending !== undefined || sync.self.some(isMember);
    if (arrival.answered || !isReached) return false;
    const next = { ...arrival, answered: true };
    await session.queue([{ id: newId<string>(env), content: { kind: 'linked' } }], [linkingChange(next)]);
    this.#state.stored(next);
    return true;
  }

  /** Ends it at the person's wish, and informs the other device. */
  async cancel(accept: Accept): Promise<void> {
    const { rooms, env } = this.#state.parts;
    const session = await this.#state.session(accept.room);
    if (session !== undefined && session.ended === undefined && session.room.status === 'active') {
      await session.queue([{ id: newId<string>(env), content: { kind: 'leave' } }]);
      await rooms.posted(session, FAREWELL_MS);
    }
    await this.#forget(accept);
  }

  async fails(accept: Accept, data: ErrorData): Promise<true> {
    await this.#forget(accept);
    this.#state.fails(data);
    return true;
  }

  show(session: RoomSession | undefined): Linking {
    // The other device takes this one out of the room before this one has read what it was given there.
    this.#digits = (session && digitsOf(session)) ?? this.#digits;
    return this.#digits === undefined ? { stage: 'none' } : { stage: 'digits', digits: this.#digits };
  }

  /** Takes the person's identity, in one transaction with what is to be joined. The identity from before is forgotten. */
  async #receives(
    accept: Accept,
    session: RoomSession,
    sent: Parameters<typeof identityFrom>[0][],
  ): Promise<boolean> {
    const { settings, who, env, becomes } = this.#state.parts;
    const [first] = sent;
    const next = first && identityFrom(first, who.device, parseLink(accept.link).founder);
    if (first === undefined || next === undefined) return this.fails(accept, { reason: 'invite-damaged' });
    if (first.name !== undefined) await settings.prefer({ name: first.name });
    const kept = seeded(
      sent.flatMap(({ set }) => set),
      {
        device: encodeBytes(who.device.publicKey),
        label: accept.label,
        limited: !holdsIdentity(next),
        now: env.now(),
      },
    );
    const arrival: Arrival = {
      side: 'arrival',
      room: accept.room,
      digits: digitsOf(session) ?? this.#digits ?? '',
      answered: false,
    };
    await this.#state.store(arrival, [{ place: { of: 'identity' }, value: encodeIdentity(next) }, kept]);
    becomes(next);
    return true;
  }

  async #forget({ room }: Accept): Promise<void> {
    const { rooms } = this.#state.parts;
    this.#digits = undefined;
    await rooms.forget(room, [linkingChange(undefined)]);
    this.#state.stored(undefined);
  }
}

function isMember({ room, isLive }: RoomSession): boolean {
  return isLive && room.status === 'active';
}

function isSame({ link }: Accept, other: InviteLink): boolean {
  const { room, secret } = parseLink(link);
  return room === other.room && equalBytes(secret, other.secret);
}

/** Why the pairing room can't be entered. The server doesn't tell a used invite from one that has expired. */
function explained(error: unknown): ChatError {
  const known = toChatError(error);
  const { reason } = known.data;
  if (reason === 'invite-dead' || reason === 'invite-revoked')
    return new ChatError({ reason: 'link-used' }, { cause: error });
  if (known.code === 'not-member') return new ChatError({ reason: 'link-cancelled' }, { cause: error });
  return known;
}
