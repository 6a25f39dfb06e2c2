import { refresh } from '@gochat/crypto/handshake';
import { proveInvitation } from '@gochat/crypto/join';
import { look, waysIn } from '@gochat/crypto/look';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { liveInvitesOf, memberAt, membersOf, ownLeaf, type Room } from '@gochat/crypto/room';
import { RoomError } from '@gochat/crypto/room-error';
import type { RequestId } from '@gochat/protocol/fields';
import { ChatError } from '../api/chat-error.ts';
import type { Timers } from '../schedule/timers.ts';
import type { RoomSession } from './room-session.ts';

const SECOND_MS = 1000;
/** A device looks after a random wait between these, so that the members don't all ask at once. */
const FROM_MS = 2 * SECOND_MS;
const TO_MS = 10 * SECOND_MS;
/** Whoever keeps the GroupInfo for others looks first. The rest wait longer, and often needn't look at all. */
const OTHERS_TO_MS = 30 * SECOND_MS;
/** How many of those look although the GroupInfo was replaced meanwhile, on average. */
const LOOK_AGAIN = 8;
const REST_MS = 60 * SECOND_MS;
/** The rest after so many looks that found nothing. */
const VAIN = 5;
const LONG_REST_MS = 10 * 60 * SECOND_MS;
const UNASKED_MS = 24 * 3600 * SECOND_MS;
const RETRY_MS = 30 * SECOND_MS;
/** Differs from every subject. */
const LOOK_ANYWAY = '';
const LONGEST_RETRY_MS = 60 * 60 * SECOND_MS;

export interface SplitWatchParts {
  readonly session: RoomSession;
  readonly env: Env;
  readonly timers: Timers;
  /** Joins the other members again. */
  readonly comeBack: () => Promise<void>;
  /** Asks for a new {@link SplitWatch.job}. */
  readonly nudge: () => void;
}

type Job = () => Promise<void>;

/**
 * Finds out whether other members have gone on from a handshake that this device couldn't follow, and comes back to them. A device
 * that finds nothing wrong signs the GroupInfo of its epoch, if only the author of the epoch has: it is the proof for those who are cut off.
 */
export class SplitWatch {
  readonly #parts: SplitWatchParts;
  /** What the last look was about. */
  #seen: string;
  /** The look that is due: its earliest time, and the GroupInfo's revision when it became due. */
  #due: { readonly from: number; readonly revision: number } | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #inVain = 0;
  #wasCutOff = false;
  /** The last handshake's position when this device last looked without a reason to doubt, or left that to others. */
  #checked: string | undefined;
  #returnsFrom = 0;
  #retryMs = RETRY_MS;

  constructor(parts: SplitWatchParts) {
    this.#parts = parts;
    this.#seen = this.#subject();
  }

  /** @returns what to do now, if anything */
  job(): Job | undefined {
    const { session } = this.#parts;
    if (session.connection === undefined) return undefined;
    if (session.room.status === 'split') return this.#returning();
    return session.isLive || session.isCutOff ? this.#looking() : undefined;
  }

  /** Changes when there is a reason to look. */
  #subject(): string {
    const { unopened, isCutOff, infoRevision, refreshes, room } = this.#parts.session;
    // A joiner has uploaded a right GroupInfo itself: who replaces it may know better.
    const info = room.unfollowed === undefined ? room.entrance && refreshes : infoRevision;
    return `${unopened} ${isCutOff} ${info}`;
  }

  #looking(): Job | undefined {
    const { session, env, timers, nudge } = this.#parts;
    const { room } = session;
    const subject = this.#subject();
    if (this.#seen === subject || waysIn(room).length === 0) return undefined;
    if (room.status !== 'active' && room.status !== 'rolled-back') return undefined;
    const isCalm = room.unfollowed === undefined && room.entrance === undefined && !session.isCutOff;
    // One look after each handshake is enough: otherwise whoever sends garbage could make a large room look again and again.
    if (isCalm && this.#checked === room.base) return undefined;
    const now = env.now();
    if (this.#due === undefined) {
      const isLate = isCalm && !keepsGroupInfo(room);
      const to = isLate ? OTHERS_TO_MS : TO_MS;
      // What it has seen in vain before its key was retired is no reason to wait: it receives nothing any more.
      if (session.isCutOff && !this.#wasCutOff) this.#inVain = 0;
      this.#wasCutOff = session.isCutOff;
      const rest = this.#inVain >= VAIN ? LONG_REST_MS : REST_MS;
      // Whole milliseconds: a timer drops the rest, and would run too early.
      const wait = Math.ceil(FROM_MS + (to - FROM_MS) * ((env.random(1)[0] ?? 0) / 255));
      const from = Math.max(now + wait, this.#lookedAt + rest);
      this.#due = { from, revision: session.infoRevision };
      timers.after(from - now, nudge);
      return undefined;
    }
    if (now < this.#due.from) return undefined;
    const { revision } = this.#due;
    this.#due = undefined;
    this.#seen = subject;
    if (isCalm) this.#checked = room.base;
    // Somebody has replaced the GroupInfo meanwhile, and so signed it. That may have been its author again, so some look nevertheless.
    const isDone = isCalm && session.infoRevision !== revision && !keepsGroupInfo(room);
    const chance = LOOK_AGAIN / membersOf(room).length;
    return isDone && (env.random(1)[0] ?? 0) / 256 >= chance ? undefined : () => this.#look();
  }

  async #look(): Promise<void> {
    const { session, env } = this.#parts;
    const { room, connection } = session;
    if (connection === undefined) return;
    this.#lookedAt = env.now();
    const [secret] = waysIn(room);
    if (secret === undefined) return;
    const request = session.isCutOff
      ? proveInvitation({ room: room.id, secret }, connection.dialled, newId(env), env)
      : ({ type: 'fetch', id: newId<RequestId>(env), room: room.id } as const);
    const info = await connection.request(request).catch((error: unknown) => {
      this.#inVain += 1;
      this.#seen = LOOK_ANYWAY;
      throw error;
    });
    const sight = await look(room, info);
    if (session.room.base !== room.base) return;
    this.#inVain = sight.kind === 'unknown' ? this.#inVain + 1 : 0;
    if (sight.kind === 'elsewhere') await session.splits(sight.split);
    // Nothing will come that would be a reason to look again.
    else if (session.isCutOff) this.#seen = LOOK_ANYWAY;
    // Whoever may be cut off publishes nothing: the others would take it for theirs.
    if (session.isCutOff || room.unfollowed !== undefined || room.entrance !== undefined) return;
    const isUnsigned = sight.kind === 'here' && sight.begun && room.authors.at(-1)?.[1] !== ownDevice(room);
    if (!isUnsigned && sight.kind !== 'unknown') return;
    await connection.request(await refresh(room, env));
  }

  /** Once a day without asking, if {@link Split.alike}. A return that is refused isn't tried again without asking. */
  #returning(): Job | undefined {
    const { session, env, timers, nudge, comeBack } = this.#parts;
    const { room, meta } = session;
    const now = env.now();
    if (room.split?.alike !== true || waysIn(room).length === 0) return undefined;
    if (meta.returned !== undefined && now - meta.returned < UNASKED_MS) return undefined;
    if (now < this.#returnsFrom) return undefined;
    this.#returnsFrom = now + this.#retryMs;
    timers.after(this.#retryMs, nudge);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
    return () =>
      comeBack().catch((error: unknown) => {
        if (isRefusal(error)) this.#returnsFrom = Number.POSITIVE_INFINITY;
        throw error;
      });
  }
}

/**
 * Whether trying again would fail in the same way: the invite has ended, or this person is banned. A GroupInfo that proves nothing may be
 * replaced: its author must not keep this device out by it for good.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof RoomError) return error.code !== 'change-unconfirmed';
  return error instanceof ChatError && error.code === 'refused';
}

function ownDevice(room: Room): string | undefined {
  return memberAt(room, ownLeaf(room))?.device;
}

/** Whether this device audits the GroupInfo: that of an admin or moderator, or of a member who has made a live invite. */
export function keepsGroupInfo(room: Room): boolean {
  const self = memberAt(room, ownLeaf(room));
  const isStaff = self?.admin === true || self?.moderator === true;
  return liveInvitesOf(room).some((invite) => isStaff || invite.by === self?.identity);
}
