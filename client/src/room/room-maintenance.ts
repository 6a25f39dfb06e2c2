import { isPublished } from '@gochat/crypto/groupinfo';
import { heal, refresh, remove } from '@gochat/crypto/handshake';
import type { Identity } from '@gochat/crypto/identity';
import { newId } from '@gochat/crypto/new-id';
import type { Env } from '@gochat/crypto/primitives';
import { invitesOf, membersOf } from '@gochat/crypto/room';
import { RequestError } from '../net/connection-errors.ts';
import { Timers } from '../schedule/timers.ts';
import type { RoomSession } from './room-session.ts';

const DAY_MS = 24 * 3600 * 1000;
const WAIT_MS = 20_000;
const AUDIT_JITTER_MS = 1500;
/** The shortest time between two audits. The server takes six refreshes a minute from an address. */
const AUDIT_REST_MS = 10_000;
const REST_MS = 5000;

/** The automatic work of a device for its room, whenever the room is live. */
export class RoomMaintenance {
  readonly #session: RoomSession;
  readonly #who: Identity;
  readonly #env: Env;
  /** Spreads the work of members who come back at the same time. */
  readonly #spread: number;
  #running = false;
  /** What the last audit was about. */
  #audited: string | undefined;
  #auditRests = false;
  #closed = false;
  readonly #timers = new Timers();

  constructor(session: RoomSession, who: Identity, env: Env) {
    this.#session = session;
    this.#who = who;
    this.#env = env;
    this.#spread = (env.random(1)[0] ?? 0) / 255;
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
  }

  /** Call it whenever the session has changed. It does nothing while it runs or when there is nothing to do. */
  nudge(): void {
    if (this.#running || this.#closed || !this.#session.isLive) return;
    const jobs = [this.#healing(), this.#removing(), this.#auditing()].filter((job) => job !== undefined);
    const [job] = jobs;
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

  #healing(): (() => Promise<void>) | undefined {
    const { room } = this.#session;
    const age = this.#env.now() - room.rotatedAt;
    const patience = DAY_MS * (1 + this.#spread);
    if (room.wantsHeal === undefined && age < patience) return undefined;
    if (room.status !== 'active' && room.status !== 'rolled-back') return undefined;
    return () => this.#session.change((now) => heal(now, this.#who, this.#env), WAIT_MS);
  }

  /** Removes members who have asked to leave; only an admin's client can. */
  #removing(): (() => Promise<void>) | undefined {
    const { room, meta } = this.#session;
    const [device] = meta.leaving;
    const admin = membersOf(room).some((m) => m.self && m.admin);
    if (device === undefined || !admin || room.admin === undefined || room.status !== 'active')
      return undefined;
    return () => this.#session.change((now) => remove(now, this.#who, device, this.#env), WAIT_MS);
  }

  /**
   * Compares what the server keeps for joiners with what this device would upload, and replaces it if it differs: after each handshake,
   * after each refresh that the server announces, and when the room is live again. Admins do this, and those who have made a live invite.
   */
  #auditing(): (() => Promise<void>) | undefined {
    const { room } = this.#session;
    if (room.status !== 'active' || room.doubt !== undefined || room.pending !== undefined) return undefined;
    if (this.#auditRests || this.#audited === this.#subject()) return undefined;
    const self = membersOf(room).find((m) => m.self);
    const mine = invitesOf(room).some((invite) => self?.admin === true || invite.by === self?.identity);
    if (!mine) return undefined;
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
    if (!(await isPublished(room, invitesOf(room), info)))
      await connection.request(await refresh(room, this.#env)).catch(rethrowTemporary);
    this.#audited = subject;
  }
}

/** A refresh that was refused for good isn't repeated before the next change. */
function rethrowTemporary(error: unknown): void {
  if (!(error instanceof RequestError) || error.retryAfterMs > 0 || error.code === 'conflict') throw error;
}
