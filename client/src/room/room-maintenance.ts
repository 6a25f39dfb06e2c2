import { isPublished } from '@gochat/crypto/groupinfo';
import { answerAsk, heal, orders, refresh, remove, reopen } from '@gochat/crypto/handshake';
import { newId } from '@gochat/crypto/new-id';
import { needsKeys } from '@gochat/crypto/office-keys';
import type { Env } from '@gochat/crypto/primitives';
import {
  liveInvitesOf,
  memberAt,
  membersOf,
  ownLeaf,
  type RetirementReason,
  type Room,
} from '@gochat/crypto/room';
import { LIMITS } from '@gochat/protocol/limits';
import { RequestError } from '../net/connection-errors.ts';
import { Timers } from '../schedule/timers.ts';
import type { RoomSession } from './room-session.ts';
import { keepsGroupInfo, SplitWatch } from './split-watch.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 3600 * 1000;
/** A device replaces its keys once a day, in rooms of more than 50 members less often, but every seven days. */
const MEMBERS_PER_DAY = 50;
const LONGEST_HEAL_MS = 7 * DAY_MS;
/**
 * How soon the access keys may be retired again: always after a garbage join, and for other reasons once there were so many in a day. The
 * server forgets the oldest retirements, so whoever was away for more than 1,000 of them needs a new invite.
 */
const RETIRE_REST_MS = 10 * MINUTE_MS;
const RETIRED_A_DAY = 10;
const JITTER_MS = 3000;
const WAIT_MS = 20_000;
const AUDIT_JITTER_MS = 1500;
/** The shortest time between two audits. The server takes six refreshes a minute from an address. */
const AUDIT_REST_MS = 10_000;
const REST_MS = 5000;

/** Another device has done a job first. */
class Done extends Error {}

/** The automatic work of a device for its room, whenever the room is live. */
export class RoomMaintenance {
  readonly #session: RoomSession;
  readonly #env: Env;
  readonly #splits: SplitWatch;
  /** Spreads the work of members who come back at the same time. */
  readonly #spread: number;
  #running = false;
  /** What the last audit was about. */
  #audited: string | undefined;
  #auditRests = false;
  /** Whether it waits before its next handshake. */
  #waits = false;
  #closed = false;
  readonly #timers = new Timers();
  /** When each job that is due may start, by this device's clock. */
  readonly #starts = new Map<string, number>();
  /** When this device has retired the access keys for some reason, by its clock. */
  #retired: readonly number[] = [];

  /** @param comeBack joins the other members again after a split. */
  constructor(session: RoomSession, env: Env, comeBack: () => Promise<void>) {
    this.#session = session;
    this.#env = env;
    this.#splits = new SplitWatch({
      session,
      env,
      timers: this.#timers,
      comeBack,
      nudge: () => this.nudge(),
    });
    this.#spread = (env.random(1)[0] ?? 0) / 255;
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
  }

  /** Call it whenever the session has changed. It does nothing while it runs or when there is nothing to do. */
  nudge(): void {
    if (this.#running || this.#closed) return;
    const job = this.#splits.job() ?? (this.#session.isLive ? this.#upkeep() : undefined);
    if (job === undefined) return;
    this.#running = true;
    job()
      // Whatever failed is tried again after a pause.
      .catch(() => this.#rest(REST_MS))
      .finally(() => {
        this.#running = false;
        this.nudge();
      });
  }

  #upkeep(): (() => Promise<void>) | undefined {
    const { unfollowed } = this.#session.room;
    const waitMs = (unfollowed?.until ?? 0) - this.#env.now();
    if (waitMs > 0) {
      if (!this.#waits) this.#timers.after(waitMs, () => this.#wakes());
      this.#waits = true;
      return undefined;
    }
    const jobs = [
      this.#replacing(),
      this.#retiring(),
      this.#handingKeys(),
      this.#removing(),
      this.#healing(),
      this.#reopening(),
      this.#handingOver(),
      this.#sealing(),
      this.#auditing(),
    ];
    return jobs.find((one) => one !== undefined);
  }

  #wakes(): void {
    this.#waits = false;
    this.nudge();
  }

  #healing(): (() => Promise<void>) | undefined {
    const { room } = this.#session;
    // All members see the same gap, and any heal ends it.
    const isGap = this.#isTime('gap', room.wantsHeal === 'hole', 0, JITTER_MS);
    if (!isGap && room.wantsHeal !== 'rolled-back' && !this.#isOld(room)) return undefined;
    if (room.status !== 'active' && room.status !== 'rolled-back') return undefined;
    return () =>
      this.#session.change((now) => {
        if (now.wantsHeal === undefined && !this.#isOld(now)) throw new Done();
        return heal(now, this.#env, { retire: this.#mayRetire(now) });
      }, WAIT_MS);
  }

  /** Whether it is time to replace this device's keys. */
  #isOld(room: Room): boolean {
    const usual = Math.max(DAY_MS, (membersOf(room).length / MEMBERS_PER_DAY) * DAY_MS);
    return this.#env.now() - room.rotatedAt >= Math.min(usual * (1 + this.#spread), LONGEST_HEAL_MS);
  }

  /** Whether this device can retire the access keys, a member has new keys since the last time, and that is a day ago. */
  #mayRetire(room: Room): boolean {
    const { retirement } = room;
    return orders(room) && retirement.healed && this.#env.now() - retirement.at >= DAY_MS;
  }

  /** Retires the access keys at once if there is a reason to. */
  #retiring(): (() => Promise<void>) | undefined {
    const isDue = (room: Room) => {
      const { due, at } = room.retirement;
      if (room.status !== 'active' || due === undefined) return false;
      // Only with the admin key is that key replaced.
      if (due === 'former-admin' ? room.admin === undefined : !orders(room)) return false;
      return this.#mayRetireSoon(due) || this.#env.now() - at >= RETIRE_REST_MS;
    };
    if (!this.#isTime('retire', isDue(this.#session.room), 0, JITTER_MS)) return undefined;
    return async () => {
      await this.#session.change((now) => {
        if (!isDue(now)) throw new Done();
        return now.retirement.due === 'asked'
          ? answerAsk(now, this.#env)
          : heal(now, this.#env, { retire: true });
      }, WAIT_MS);
      this.#retired = [...this.#retired, this.#env.now()].slice(-RETIRED_A_DAY);
    };
  }

  /** An admin's device replaces, and hands over, the keys of office that somebody lacks, or knows and should not. */
  #handingKeys(): (() => Promise<void>) | undefined {
    const isDue = (room: Room) => room.status === 'active' && needsKeys(room);
    if (!this.#isTime('keys', isDue(this.#session.room), 0, JITTER_MS)) return undefined;
    return () =>
      this.#session.change((now) => {
        if (!isDue(now)) throw new Done();
        return heal(now, this.#env);
      }, WAIT_MS);
  }

  #mayRetireSoon(due: RetirementReason): boolean {
    const [oldest] = this.#retired;
    if (due === 'refused-join') return false;
    return this.#retired.length < RETIRED_A_DAY || this.#env.now() - (oldest ?? 0) >= DAY_MS;
  }

  /** Lets members join again after a removal, and gives the room an own invite if it has none and there is a place for it. */
  #reopening(): (() => Promise<void>) | undefined {
    const lacksOwn = (invites: ReturnType<typeof liveInvitesOf>) =>
      invites.length < LIMITS.invitesPerRoom && invites.every((invite) => !invite.own);
    const isDue = (room: Room) =>
      room.status === 'active' && (room.joinsClosed || lacksOwn(liveInvitesOf(room)));
    if (!this.#isTime('reopen', isDue(this.#session.room), MINUTE_MS, 5 * MINUTE_MS)) return undefined;
    return () =>
      this.#session.change((now) => {
        if (!isDue(now)) throw new Done();
        return reopen(now, this.#env);
      }, WAIT_MS);
  }

  /** Gives whoever joined the secret of the own invite: the device that made its invite is the first to try. */
  #handingOver(): (() => Promise<void>) | undefined {
    const { room } = this.#session;
    const isDue = ({ status, own, newcomer }: Room) =>
      status === 'active' && own !== undefined && newcomer !== undefined;
    const inviter = memberAt(room, ownLeaf(room))?.identity === room.newcomer?.inviter;
    const from = inviter ? MINUTE_MS : 2 * MINUTE_MS;
    if (!this.#isTime('hand-over', isDue(room), from, inviter ? 2 * MINUTE_MS : 5 * MINUTE_MS))
      return undefined;
    return () =>
      this.#session.change((now) => {
        if (!isDue(now)) throw new Done();
        return heal(now, this.#env);
      }, WAIT_MS);
  }

  /** Seals the admin key for further devices of this person, if the own invite with which it was sealed has ended. */
  #sealing(): (() => Promise<void>) | undefined {
    const isDue = ({ status, admin, own, person, office }: Room) =>
      status === 'active' &&
      office.sealed === undefined &&
      [admin, own, person].every((secret) => secret !== undefined);
    if (!this.#isTime('seal', isDue(this.#session.room), MINUTE_MS, 5 * MINUTE_MS)) return undefined;
    return () =>
      this.#session.change((now) => {
        if (!isDue(now)) throw new Done();
        return heal(now, this.#env);
      }, WAIT_MS);
  }

  /** Whether a job that is due may start now: each device waits for a random time, so that one of them does it. */
  #isTime(job: string, due: boolean, fromMs: number, toMs: number): boolean {
    if (!due) this.#starts.delete(job);
    if (!due) return false;
    const now = this.#env.now();
    const known = this.#starts.get(job);
    if (known !== undefined) return now >= known;
    // Whole milliseconds: a timer drops the rest, and would run too early.
    const wait = Math.ceil(fromMs + (toMs - fromMs) * ((this.#env.random(1)[0] ?? 0) / 255));
    this.#starts.set(job, now + wait);
    this.#timers.after(wait, () => this.nudge());
    return false;
  }

  /** Removes the leaf of the device that this one has replaced. */
  #replacing(): (() => Promise<void>) | undefined {
    const { room, meta } = this.#session;
    const old = membersOf(room).find((m) => m.own && !m.self && m.device === meta.former);
    if (old === undefined || room.status !== 'active') return undefined;
    return () => this.#session.change((now) => remove(now, old.device, this.#env, { keep: true }), WAIT_MS);
  }

  /** Removes members, and limited devices, that have asked to leave: as an admin, or as a moderator those without an office. */
  #removing(): (() => Promise<void>) | undefined {
    const { room, meta } = this.#session;
    const [asked] = meta.leaving;
    const members = membersOf(room);
    const self = members.find((m) => m.self);
    const leaver = members.find((m) => m.identity === asked || m.device === asked);
    // The invites of others stay valid, unless the leaver has an office and so a key.
    const keep = leaver?.office === undefined;
    // In a direct room nobody removes the other person.
    if (room.context.state !== 'newer' && room.context.state.pair !== undefined) return undefined;
    if (leaver === undefined || room.status !== 'active' || !orders(room)) return undefined;
    if (!self?.admin && leaver.office !== undefined) return undefined;
    const how = { keep, alone: leaver.device === asked };
    return () => this.#session.change((now) => remove(now, leaver.device, this.#env, how), WAIT_MS);
  }

  /**
   * Compares what the server keeps for joiners with what this device would upload, and replaces it if it differs: after each handshake,
   * after each refresh that the server announces, and when the room is live again. Admins and moderators do this, and those who have made a live invite.
   */
  #auditing(): (() => Promise<void>) | undefined {
    const { room } = this.#session;
    if (room.status !== 'active' || room.pending !== undefined) return undefined;
    if (this.#auditRests || this.#audited === this.#subject()) return undefined;
    if (!keepsGroupInfo(room)) return undefined;
    return async () => {
      this.#restAudit(AUDIT_REST_MS);
      await this.#rest(AUDIT_JITTER_MS * ((this.#env.random(1)[0] ?? 0) / 255));
      await this.#audit();
    };
  }

  /** What an audit is about. */
  #subject(): string {
    return `${this.#session.room.base} ${this.#session.infoRevision}`;
  }

  #restAudit(ms: number): void {
    this.#auditRests = true;
    this.#timers.after(ms, () => {
      this.#auditRests = false;
      this.nudge();
    });
  }

  #rest(ms: number): Promise<void> {
    return this.#timers.pause(ms);
  }

  async #audit(): Promise<void> {
    const { room, connection } = this.#session;
    const subject = this.#subject();
    if (connection === undefined || this.#closed) return;
    const info = await connection.request({ type: 'fetch', id: newId(this.#env), room: room.id });
    if (info.handshake !== room.base || this.#session.room.base !== room.base) return;
    if (!(await isPublished(room, liveInvitesOf(room), info)))
      await connection.request(await refresh(room, this.#env)).catch(rethrowTemporary);
    this.#audited = subject;
  }
}

/** A refresh that was refused for good isn't repeated before the next change. */
function rethrowTemporary(error: unknown): void {
  if (!(error instanceof RequestError) || error.retryAfterMs > 0 || error.code === 'conflict') throw error;
}
