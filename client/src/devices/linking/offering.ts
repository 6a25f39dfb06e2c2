import { invite, remove, revoke, type Started } from '@gochat/crypto/handshake';
import { fingerprintOf, holdsIdentity, type Identity } from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import { newId } from '@gochat/crypto/new-id';
import { invitesOf, type Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import { createOn } from '../../account/creating.ts';
import { connectionOf } from '../../account/governance.ts';
import { ChatError } from '../../api/chat-error.ts';
import type { ErrorData } from '../../api/error-data.ts';
import type { Linking, Params } from '../../api/methods.ts';
import { checkToken } from '../../api/validate-input.ts';
import { linkAddress, parseAddress } from '../../net/address.ts';
import type { RoomSession } from '../../room/room-session.ts';
import { typedDigits } from './digits.ts';
import type { Closing, Offer } from './linking-record.ts';
import { linkingChange } from './linking-record.ts';
import type { LinkingState } from './linking-state.ts';
import { digitsOf, dropReceived, isOpen, othersIn, receivedIn } from './pairing-room.ts';
import { transferOf } from './transfer.ts';

const OFFER_MS = 10 * 60_000;
const TRIES = 3;
const CHANGE_MS = 20_000;
/** How long servers that are slow or away are waited for. What comes later reaches the other device through the self rooms. */
const SNAPSHOT_MS = 5000;
/** What every pairing room and its founder are called: who opens a stolen link reads no name. */
const NAME = 'devices';

/** Taking another device in: this side makes the link. Calls must not overlap. */
export class Offering {
  readonly #state: LinkingState;

  constructor(state: LinkingState) {
    this.#state = state;
  }

  /** @throws ChatError `link-no-room`, `device-limited`, `offline`, `token`, `refused` */
  async offer({ server, token, limited = false, waitMs }: Params<'linkOffer'>): Promise<Offer> {
    const { env } = this.#state.parts;
    if (token !== undefined) checkToken(token);
    const end = Date.now() + waitMs;
    const rest = () => Math.max(0, end - Date.now());
    const who = this.#who();
    const at = await this.#server(server);
    await this.#ensureSelfRooms(at, token, rest());
    const session = await this.#pairingRoom(who, at, token, rest());
    this.#state.ending = undefined;
    // An earlier offer ends with this, and a device that it has let in goes.
    await this.#state.store({ side: 'closing', room: session.room.id }, await this.#dropped(session));
    await this.#empty(session, rest);
    const secret = env.random(16);
    const lifetime = Math.min(OFFER_MS, connectionOf(session).inviteLifetimeMs);
    const expires = env.now() + lifetime;
    await session.change((now) => invite(now, secret, { expires, uses: 1 }, env), rest());
    const founder = fingerprintOf(who.identity.publicKey);
    const link = formatLink({ address: linkAddress(at), room: session.room.id, secret, founder }, 'link');
    const offer: Offer = { side: 'offer', room: session.room.id, link, expires, limited, left: TRIES };
    await this.#state.store(offer);
    return offer;
  }

  /** @throws ChatError `link-digits`, `link-nobody`, `offline` */
  async confirm(offer: Offer, text: string): Promise<RoomSession> {
    const session = await this.#state.session(offer.room);
    if (session === undefined) throw new ChatError({ reason: 'link-nobody' });
    if (offer.given !== undefined) return session;
    // A timer is late when the machine has slept.
    if (this.#state.parts.env.now() >= offer.expires) {
      await this.#fails(offer, { reason: 'link-expired' });
      throw new ChatError({ reason: 'link-expired' });
    }
    if (!session.isLive) throw this.#state.parts.rooms.offline(session);
    const digits = digitsOf(session);
    const [other] = othersIn(session.room);
    if (digits === undefined || other === undefined) throw new ChatError({ reason: 'link-nobody' });
    const typed = typedDigits(text);
    if (typed === undefined) throw new ChatError({ reason: 'link-digits', left: offer.left });
    if (typed !== digits) await this.#mistyped(offer);
    await this.#transfer(offer, session, { device: other.device, label: other.name });
    return session;
  }

  /** Does what is next for an offer. @returns whether there was something */
  async step(offer: Offer): Promise<boolean> {
    const { env } = this.#state.parts;
    const session = await this.#state.session(offer.room);
    if (session === undefined) return this.#fails(offer, { reason: 'link-cancelled' });
    if (offer.given !== undefined) return this.#finishes(offer, offer.given);
    if (env.now() >= offer.expires) return this.#fails(offer, { reason: 'link-expired' });
    if (session.ended !== undefined) return this.#fails(offer, session.ended.data);
    if (!session.isLive) return false;
    const others = othersIn(session.room);
    if (others.length > 1) return this.#fails(offer, { reason: 'link-used' });
    if (session.meta.leaving.length > 0) return this.#fails(offer, { reason: 'link-cancelled' });
    if (others.length === 0)
      return isOpen(session.room) ? false : this.#fails(offer, { reason: 'link-cancelled' });
    if (!isOpen(session.room)) return false;
    // Nobody comes after it, and the other device knows by this that it is in the same epoch.
    await this.#shut(session, CHANGE_MS);
    return true;
  }

  /** Empties the pairing room of an offer that has ended. @returns whether it is done */
  async close({ room }: Closing): Promise<boolean> {
    const session = await this.#state.session(room);
    if (session !== undefined && session.ended === undefined) {
      if (!session.isLive) return false;
      await this.#empty(session, () => CHANGE_MS).catch((error: unknown) => {
        // What the room's rules refuse would be refused again.
        if (!(error instanceof RoomError)) throw error;
      });
    }
    await this.#state.store(undefined);
    return true;
  }

  /** Ends an offer that nobody was given anything by. */
  async cancel(offer: Offer): Promise<void> {
    const session = await this.#state.session(offer.room);
    await this.#state.store(
      { side: 'closing', room: offer.room },
      session === undefined ? [] : await this.#dropped(session),
    );
  }

  /** What the person sees of an offer. */
  show({ link, expires, limited, left, given }: Offer, session: RoomSession | undefined): Linking {
    if (given !== undefined) return { stage: 'sending' };
    if (session !== undefined && digitsOf(session) !== undefined)
      return { stage: 'opened', link, limited, left };
    return { stage: 'offered', link, expires, limited };
  }

  #who(): Identity {
    const { who } = this.#state.parts;
    if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
    return who;
  }

  /** Where the two devices meet: the given server, or that of the first room. */
  async #server(given: string | undefined): Promise<string> {
    const rooms = await this.#state.parts.rooms.all();
    const first = rooms.find(({ meta, room }) => !meta.left && room.status !== 'removed');
    if (first === undefined) throw new ChatError({ reason: 'link-no-room' });
    return given === undefined ? first.meta.server : parseAddress(given).href;
  }

  /** What is missing on another server is made up for later. @throws ChatError */
  async #ensureSelfRooms(server: string, token: string | undefined, waitMs: number): Promise<void> {
    const sync = await this.#state.parts.sync();
    const without = await sync.ensureSelfRooms({
      ...(token !== undefined && { token: { server, token } }),
      waitMs,
    });
    const here = without.find((one) => one.server === linkAddress(server))?.problem;
    if (here !== undefined) throw new ChatError(here.data, { code: here.code });
  }

  /** This device's pairing room on a server, up to date. It is made once. */
  async #pairingRoom(
    who: Identity,
    server: string,
    token: string | undefined,
    waitMs: number,
  ): Promise<RoomSession> {
    const { rooms, records, env } = this.#state.parts;
    const known = (await rooms.all('pairing')).find(
      ({ meta, room, ended }) => meta.server === server && ended === undefined && room.admin !== undefined,
    );
    if (known !== undefined) {
      await this.#state.session(known.room.id);
      await rooms.caughtUp(known, waitMs);
      return known;
    }
    const wanted = { name: NAME, as: NAME, server, kind: 'pairing' as const, token };
    const made = await createOn({ rooms, records, env, who }, wanted, waitMs);
    return (await this.#state.session(made.room.id)) ?? made;
  }

  /** Lets nobody in any more, and removes whoever is. */
  async #empty(session: RoomSession, rest: () => number): Promise<void> {
    const { env } = this.#state.parts;
    if (isOpen(session.room)) await this.#shut(session, rest());
    for (const { device } of othersIn(session.room)) {
      const isIn = (room: Room) => othersIn(room).some((other) => other.device === device);
      await changeUnless(
        session,
        (room) => !isIn(room),
        (now) => remove(now, device, env),
        rest(),
      );
    }
  }

  #shut(session: RoomSession, waitMs: number): Promise<void> {
    const { env } = this.#state.parts;
    const ids = (room: Room) => invitesOf(room).map(({ id }) => id);
    return changeUnless(
      session,
      (room) => !isOpen(room),
      (now) => revoke(now, ids(now), env),
      waitMs,
    );
  }

  async #mistyped(offer: Offer): Promise<never> {
    const left = offer.left - 1;
    if (left === 0) await this.#fails(offer, { reason: 'link-digits', left });
    else await this.#state.store({ ...offer, left });
    throw new ChatError({ reason: 'link-digits', left });
  }

  /** Queues everything for the other device; durable when it resolves. */
  async #transfer(offer: Offer, session: RoomSession, given: NonNullable<Offer['given']>): Promise<void> {
    const { env, settings, sync } = this.#state.parts;
    const kept = await (await sync()).snapshot(SNAPSHOT_MS);
    // Reading took a while.
    const [other, ...more] = othersIn(session.room);
    if (other?.device !== given.device || more.length > 0) throw new ChatError({ reason: 'link-nobody' });
    const { name } = settings.preferences;
    const contents = transferOf(this.#who(), kept, { device: given.device, limited: offer.limited, name });
    const record: Offer = { ...offer, given };
    await session.queue(
      contents.map((content) => ({ id: newId<string>(env), content })),
      [linkingChange(record)],
    );
    this.#state.stored(record);
  }

  /** @returns whether the other device has said that it has everything */
  async #finishes(
    { room, limited }: Offer,
    { device, label }: NonNullable<Offer['given']>,
  ): Promise<boolean> {
    const { records, sync } = this.#state.parts;
    const answers = await receivedIn(records, room, 'linked');
    if (!answers.some((answer) => answer.device === device)) return false;
    if (!limited) await (await sync()).give(device);
    await this.#state.store({ side: 'closing', room }, await dropReceived(records, room));
    this.#state.ending = { stage: 'sent', label };
    return true;
  }

  async #fails(offer: Offer, data: ErrorData): Promise<true> {
    await this.cancel(offer);
    this.#state.fails(data);
    return true;
  }

  #dropped(session: RoomSession): ReturnType<typeof dropReceived> {
    return dropReceived(this.#state.parts.records, session.room.id);
  }
}

class Done extends Error {}

/** Changes a room, unless what is wanted is so already, as by an earlier change whose outcome was unknown: one more would change the digits. */
async function changeUnless(
  session: RoomSession,
  isDone: (room: Room) => boolean,
  make: (room: Room) => Promise<Started>,
  waitMs: number,
): Promise<void> {
  const change = async (now: Room) => {
    if (isDone(now)) throw new Done();
    return make(now);
  };
  await session.change(change, waitMs).catch((error: unknown) => {
    if (!isDone(session.room)) throw error;
  });
}
