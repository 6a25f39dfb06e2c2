import { keepSafe } from '@gochat/crypto/handshake';
import { fingerprintOf, holdsIdentity, type Identity } from '@gochat/crypto/identity';
import { formatLink } from '@gochat/crypto/link';
import { derive, transcript } from '@gochat/crypto/primitives';
import { liveInvitesOf, type Room } from '@gochat/crypto/room';
import { encodeSafe, type Safe, type SafeTicket, safeInvite, sealSafe } from '@gochat/crypto/safe';
import { decodeBytes, encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import type { RecoveryLink, RecoveryState } from '../api/methods.ts';
import { linkAddress } from '../net/address.ts';
import type { RoomSession } from '../room/room-session.ts';
import { type Context, isIn, turnMs } from './context.ts';
import { Done } from './jobs.ts';
import { type KeptMap, type KeptValue, keptValue, keptValues } from './kept.ts';
import { serverOf } from './ticket.ts';

const WAIT_MS = 20_000;
/** Several rooms often change at once. */
const QUIET_MS = 5000;
/** So that devices which disagree for a while don't replace the safe by turns all the time. */
const REST_MS = 60_000;
/** The key of what is kept of it: there is one recovery link. */
const LINK = 'link';

type Recovery = KeptValue<'recovery'>;

/** Keeps the safe that a recovery link opens: each unlimited device does, whenever a room or its own invite has changed. */
export class RecoverySafe {
  readonly #context: Context;
  /** When this device last wrote the safe, by its clock. */
  #written = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  /** What is known of the recovery link. */
  get state(): RecoveryState {
    const known = this.#known;
    if (known === undefined) return { made: false };
    const { who } = this.#context.parts;
    const seed = holdsIdentity(who) ? who.identity.seed : undefined;
    const safe = this.#safe(seed ?? new Uint8Array(32));
    const { kept } = encodeSafe(safe);
    const count = (list: readonly SafeTicket[]) => list.filter(({ self }) => !self).length;
    const [rooms, all] = [count(safe.tickets.slice(0, kept)), count(safe.tickets)];
    const session = this.#context.self.find(({ room }) => room.id === known.room);
    const current = session !== undefined && seed !== undefined && !this.#isOld(known, session.room, seed);
    return {
      made: true,
      server: known.server,
      since: known.since,
      rooms,
      left: all - rooms,
      current,
      ...(known.backup !== undefined && { backup: known.backup }),
    };
  }

  /** Begins what is to be done now. */
  update(): void {
    const { jobs, parts, self } = this.#context;
    const known = this.#known;
    const { who } = parts;
    const session = self.find(({ room }) => room.id === known?.room);
    if (known === undefined || session === undefined || !holdsIdentity(who)) return;
    const isDue = isIn(session) && session.isLive && this.#isOld(known, session.room, who.identity.seed);
    const rest = this.#written + REST_MS - parts.env.now();
    if (!jobs.isTime('safe', isDue, Math.max(QUIET_MS + turnMs(session), rest))) return;
    jobs.start('safe', serverOf(session.meta), () => this.#write(known, session, who));
  }

  /**
   * Makes a recovery link; an older one ends.
   * @param session the self room on the server that the link names
   */
  async make(session: RoomSession, waitMs: number): Promise<RecoveryLink> {
    const { parts } = this.#context;
    const { who, env } = parts;
    if (!holdsIdentity(who)) throw new ChatError({ reason: 'device-limited' });
    const secret = env.random(16);
    const { room, meta } = session;
    const { recoveryKeys } = await import('@gochat/crypto/age');
    const known = {
      ...(await safeInvite(secret)),
      room: room.id,
      server: meta.server,
      since: env.now(),
      backup: (await recoveryKeys(secret)).recipient,
    };
    await this.#write(known, session, who, waitMs);
    const founder = fingerprintOf(who.identity.publicKey);
    const address = linkAddress(meta.server);
    const link = formatLink({ address, room: room.id, secret, founder }, 'recover');
    const { state } = this;
    return { link, ...(state.made ? { rooms: state.rooms, left: state.left } : { rooms: 0, left: 0 }) };
  }

  get #map(): KeptMap {
    return this.#context.store.map;
  }

  get #known(): NonNullable<Recovery> | undefined {
    return keptValue(this.#map, 'recovery', LINK) ?? undefined;
  }

  /** Whether the room's state lacks the safe as it would be now. */
  #isOld({ id }: NonNullable<Recovery>, room: Room, seed: Uint8Array): boolean {
    const isLive = liveInvitesOf(room).some((invite) => invite.id === id && invite.safe === true);
    return !isLive || keptValue(this.#map, 'safe', LINK) !== markOf(this.#safe(seed), id);
  }

  async #write(
    known: NonNullable<Recovery>,
    session: RoomSession,
    { identity }: Identity,
    waitMs = WAIT_MS,
  ): Promise<void> {
    const { parts } = this.#context;
    const isNew = this.#known?.id !== known.id;
    const safe = this.#safe(identity.seed);
    await session.change(async (now) => {
      // Another device was first, or the person has made another link.
      const isCurrent = isNew || (this.#known?.id === known.id && this.#isOld(known, now, identity.seed));
      if (!isCurrent) throw new Done();
      const { more } = await sealSafe(known, now.id, safe, parts.env);
      return keepSafe(now, known, more, parts.env);
    }, waitMs);
    // What has just been made may lack a room whose own invite is being made.
    if (!isNew) this.#written = parts.env.now();
    if (isNew) this.#context.set('recovery', LINK, known);
    this.#context.set('safe', LINK, markOf(safe, known.id));
  }

  /** What is in the safe: self rooms first. */
  #safe(seed: Uint8Array): Safe {
    const { parts } = this.#context;
    const tickets = [
      ...keptValues(this.#map, 'self').map(([, ticket]) => ({ ticket, self: true })),
      ...keptValues(this.#map, 'ticket').flatMap(([, ticket]) =>
        ticket === 'left' ? [] : [{ ticket, self: false }],
      ),
    ].map(({ ticket, self }): SafeTicket => {
      const { room, server, name, founder, own } = ticket;
      return {
        room,
        server: linkAddress(server),
        name,
        self,
        founder: decodeBytes(founder),
        own: decodeBytes(own),
      };
    });
    tickets.sort((a, b) => Number(b.self) - Number(a.self) || (a.room < b.room ? -1 : 1));
    return { seed, name: parts.settings.preferences.name ?? '', tickets };
  }
}

/** @returns what names the tickets of a safe to the devices that know them. Their display names may differ. */
function markOf({ seed, tickets }: Safe, id: string): string {
  const label = transcript(
    'gochat/safe-mark/2',
    decodeBytes(id),
    encodeSafe({ seed, tickets, name: '' }).bytes,
  );
  return encodeBytes(derive(seed, label, 16));
}
