import { ChatError } from '../../api/chat-error.ts';
import type { Linking, Params, Result } from '../../api/methods.ts';
import type { RoomSession } from '../../room/room-session.ts';
import { Condition } from '../../schedule/condition.ts';
import { Mutex } from '../../schedule/mutex.ts';
import { Timers } from '../../schedule/timers.ts';
import { cleanLabel } from '../label.ts';
import type { DeviceSync } from '../sync.ts';
import { Accepting } from './accepting.ts';
import { type Accept, type Arrival, type LinkingRecord, loadLinking, recovered } from './linking-record.ts';
import { type LinkingParts, LinkingState } from './linking-state.ts';
import { Offering } from './offering.ts';
import { digitsOf } from './pairing-room.ts';
import { recover } from './recovering.ts';

/** How long it rests after a step that failed. */
const REST_MS = 5000;

/** How long the end of an offer may take, if its server is away. */
const FAREWELL_MS = 3000;

/**
 * Takes other devices of this person in, or makes this one a device of a person. Each step is stored, and is taken when a room, a
 * device or the clock gives a reason to, in whichever process holds the profile then.
 */
export class DeviceLinking {
  readonly #parts: LinkingParts;
  readonly #state: LinkingState;
  readonly #offering: Offering;
  readonly #accepting: Accepting;
  /** Steps and requests, one after the other. */
  readonly #turn = new Mutex();
  /** Joins of the pairing room, during which steps go on. */
  readonly #entering = new Mutex();
  readonly #timers = new Timers();
  /** Signals each step. */
  readonly #changes = new Condition();
  /** What ends the watching of a session. */
  readonly #watched = new Map<RoomSession, () => void>();
  #sync: DeviceSync | undefined;
  #isNudged = false;
  #closed = false;
  #end: (error: ChatError) => void = () => undefined;
  /** Rejects when this ends: what a step waits for may take long, and is done again by the next process. */
  readonly #over = new Promise<never>((_, reject) => {
    this.#end = reject;
  });
  #shown = JSON.stringify({ stage: 'none' } satisfies Linking);

  private constructor(parts: LinkingParts, record: LinkingRecord | undefined) {
    this.#parts = parts;
    this.#state = new LinkingState(parts, record, (session) => this.#watch(session));
    this.#offering = new Offering(this.#state);
    this.#accepting = new Accepting(this.#state);
    this.#over.catch(() => undefined);
  }

  /** Goes on with what an earlier process has begun. @throws VaultError `damaged` */
  static async open(parts: LinkingParts): Promise<DeviceLinking> {
    const linking = new DeviceLinking(parts, await loadLinking(parts.records));
    linking.#nudge();
    return linking;
  }

  /** Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timers.clear();
    for (const stop of this.#watched.values()) stop();
    this.#end(new ChatError({ reason: 'profile-closed' }));
    await this.#turn.take(async () => undefined);
  }

  /** What this profile does at present. */
  now(): Promise<Linking> {
    this.#nudge();
    return this.#turn.take(() => this.#show());
  }

  async offer(params: Params<'linkOffer'>): Promise<Result<'linkOffer'>> {
    const { link, expires, limited } = await this.#take(() => this.#offering.offer(params));
    return { stage: 'offered', link, expires, limited };
  }

  async confirm({ digits, waitMs }: Params<'linkConfirm'>): Promise<null> {
    const session = await this.#take(async () => {
      const { record } = this.#state;
      if (record?.side !== 'offer') throw new ChatError({ reason: 'link-nobody' });
      return this.#offering.confirm(record, digits);
    });
    await this.#parts.rooms.posted(session, waitMs);
    return null;
  }

  /** Comes back as a new device by a recovery link, and joins the rooms. */
  async recover({ link, label, waitMs }: Params<'recover'>): Promise<Result<'recover'>> {
    await this.#take(() => recover(this.#state, link, cleanLabel(label), waitMs));
    return null;
  }

  async cancel(): Promise<null> {
    await this.#take(async () => {
      const { record } = this.#state;
      if (record?.side === 'offer' && record.given === undefined) await this.#offering.cancel(record);
      if (record?.side === 'accept') await this.#accepting.cancel(record);
      this.#state.ending = undefined;
    });
    // The process may end now, and the other device is to learn that it has ended.
    const isClosed = () => (this.#state.record?.side === 'closing' ? undefined : true);
    await this.#changes.until(isClosed, FAREWELL_MS);
    return null;
  }

  async accept({ link, label, waitMs }: Params<'linkAccept'>): Promise<Result<'linkAccept'>> {
    const end = Date.now() + waitMs;
    const rest = () => Math.max(0, end - Date.now());
    const begun = await this.#take(() => this.#accepting.begin(link, cleanLabel(label)));
    if (begun.side === 'arrival') return { stage: 'digits', digits: begun.digits };
    const session = await this.#entering.take(() => this.#enter(begun, rest()));
    const digits = await this.#parts.rooms.until(session, () => this.#outcome(begun, session), rest());
    if (digits !== undefined && digits !== '') return { stage: 'digits', digits };
    const { ending } = this.#state;
    if (ending?.stage === 'failed') throw new ChatError(ending.problem.data, { code: ending.problem.code });
    if (this.#isCurrent(begun) === undefined) throw new ChatError({ reason: 'link-cancelled' });
    if (!session.isLive) throw this.#parts.rooms.offline(session);
    throw new ChatError({ reason: 'link-unanswered' });
  }

  /** Joins the pairing room, and ends it all if that is refused. */
  async #enter(accept: Accept, waitMs: number): Promise<RoomSession> {
    const entered = await this.#accepting.enter(accept, waitMs).catch((error: unknown) => error);
    return this.#take(async () => {
      const current = this.#isCurrent(accept);
      if (entered instanceof Error) {
        const isFinal = entered instanceof ChatError && isRefusal(entered);
        if (isFinal && current?.side === 'accept') await this.#accepting.fails(current, entered.data);
        throw entered;
      }
      // It was cancelled meanwhile.
      if (current === undefined) await this.#parts.rooms.forget(accept.room);
      if (current?.side === 'accept') await this.#accepting.entered(current);
      return entered as RoomSession;
    });
  }

  /** The digits; empty if there will be none. */
  #outcome(accept: Accept, session: RoomSession): string | undefined {
    const current = this.#isCurrent(accept);
    if (current?.side === 'arrival') return current.digits;
    return current === undefined ? '' : digitsOf(session);
  }

  /** What has become of a link that was opened here; undefined if it has ended. */
  #isCurrent({ room, guest }: Accept): Accept | Arrival | undefined {
    const { record } = this.#state;
    if (record?.side === 'arrival' && record.room === room) return record;
    return record?.side === 'accept' && record.guest === guest ? record : undefined;
  }

  /** Does a request in its turn, and shows what has changed by it. @throws ChatError `profile-closed` */
  #take<T>(job: () => Promise<T>): Promise<T> {
    return this.#turn.take(async () => {
      if (this.#closed) throw new ChatError({ reason: 'profile-closed' });
      try {
        return await Promise.race([job(), this.#over]);
      } finally {
        this.#nudge();
      }
    });
  }

  #watch(session: RoomSession): void {
    if (this.#closed || this.#watched.has(session)) return;
    for (const stop of this.#watched.values()) stop();
    this.#watched.clear();
    this.#watched.set(
      session,
      session.condition.always(() => this.#nudge()),
    );
  }

  #nudge(): void {
    if (this.#isNudged || this.#closed) return;
    this.#isNudged = true;
    const steps = this.#turn.take(async () => {
      this.#isNudged = false;
      await Promise.race([this.#steps(), this.#over]);
    });
    steps.catch(() => {
      if (!this.#closed) this.#timers.after(REST_MS, () => this.#nudge());
    });
  }

  async #steps(): Promise<void> {
    while (!this.#closed && (await this.#step())) await this.#emit();
    await this.#emit();
  }

  /** @returns whether there was something to do */
  async #step(): Promise<boolean> {
    const { record } = this.#state;
    switch (record?.side) {
      case 'offer':
        if (record.given === undefined) this.#wakeAt(record.expires);
        return this.#offering.step(record);
      case 'closing':
        return this.#offering.close(record);
      case 'accept':
        this.#wakeAt(this.#accepting.deadline(record));
        return this.#accepting.step(record);
      case 'arrival':
        return this.#accepting.arrive(record, await this.#joins());
      case undefined:
        return false;
    }
  }

  async #joins(): Promise<DeviceSync> {
    if (this.#sync === undefined) {
      this.#sync = await this.#parts.sync();
      this.#sync.condition.always(() => this.#nudge());
    }
    return this.#sync;
  }

  #wakeAt(time: number | undefined): void {
    this.#timers.clear();
    const wait = (time ?? 0) - this.#parts.env.now();
    if (wait > 0) this.#timers.after(wait, () => this.#nudge());
  }

  async #show(): Promise<Linking> {
    const { record, ending } = this.#state;
    if (record?.side === 'arrival' && ending === undefined) {
      // What is being closed, as the profile has just become this person's, doesn't know yet.
      const sync = await this.#joins().catch(() => undefined);
      const { joined, of } = sync?.joins ?? { joined: 0, of: 0 };
      return { stage: 'joining', joined, of, ...recovered(record) };
    }
    if (ending !== undefined || record === undefined || record.side === 'closing')
      return ending ?? { stage: 'none' };
    if (record.side === 'arrival') return { stage: 'none' };
    const session = await this.#state.session(record.room);
    return record.side === 'offer' ? this.#offering.show(record, session) : this.#accepting.show(session);
  }

  async #emit(): Promise<void> {
    this.#changes.changed();
    if (this.#closed) return;
    const linking = await this.#show();
    const shown = JSON.stringify(linking);
    if (shown !== this.#shown) this.#parts.emit({ kind: 'linking', linking });
    this.#shown = shown;
  }
}

/** Whether the same would be refused again. */
function isRefusal({ code }: ChatError): boolean {
  return code !== 'offline' && code !== 'internal' && code !== 'interrupted';
}
