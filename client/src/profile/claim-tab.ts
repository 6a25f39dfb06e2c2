import * as v from 'valibot';
import { type Clock, systemClock } from '../schedule/clock.ts';
import { ProfileDatabase } from '../store/indexed-db.ts';
import { GuestLink } from './guest.ts';
import { Host } from './host.ts';
import { OWNER_LIMITS } from './limits.ts';
import { type HeldLock, holdLock, type Locks } from './lock.ts';
import { type ToGuest, type ToOwner, toGuest, toOwner } from './messages.ts';
import { type Guest, type Owner, OwnerBusy } from './roles.ts';
import { TabChannel } from './tab-channel.ts';

/** This tab owns the profile. */
export interface TabOwner extends Owner {
  readonly database: ProfileDatabase;
  /** Identifies its writes. */
  readonly token: string;
}

export interface TabClaimOptions {
  readonly clock?: Clock;
  readonly locks?: Locks;
  /** How long an owner may be silent before another process takes over. */
  readonly patienceMs?: number;
}

/** Broadcast to all tabs of a profile: a tab looks for the owner, or has become it. */
const call = v.variant('type', [
  v.object({ type: v.literal('knock'), link: v.string() }),
  v.object({ type: v.literal('owner'), token: v.string() }),
]);
type Call = v.InferOutput<typeof call>;

/**
 * Makes this tab the profile's owner, or a guest of the tab that is.
 *
 * A lock shows at once when the owner's tab is closed. The owner's token is in the database and is checked inside every write, so
 * taking over from a tab that the browser has frozen is safe: its later writes fail.
 * @throws ChatError when the browser stores nothing; OwnerBusy, OwnerIncompatible
 */
export async function claimTab(name: string, options: TabClaimOptions = {}): Promise<TabOwner | Guest> {
  const database = await ProfileDatabase.open(name);
  const { clock = systemClock, locks = navigator.locks, patienceMs = OWNER_LIMITS.tabPatienceMs } = options;
  const claim = new Claim(name, database, { clock, locks, patienceMs });
  try {
    const claimed = await claim.settle();
    if (claimed.role === 'guest') database.close();
    return claimed;
  } catch (error) {
    database.close();
    throw error;
  }
}

class Claim {
  readonly #name: string;
  readonly #database: ProfileDatabase;
  readonly #options: Required<TabClaimOptions>;
  /** A queued request for the owner's lock. A guest keeps it queued, so that it notices when the owner is gone. */
  readonly #turn: Promise<HeldLock>;
  readonly #claim = new AbortController();

  constructor(name: string, database: ProfileDatabase, options: Required<TabClaimOptions>) {
    this.#name = name;
    this.#database = database;
    this.#options = options;
    this.#turn = holdLock(options.locks, ownerLock(name), { signal: this.#claim.signal });
    this.#turn.catch(() => undefined);
  }

  async settle(): Promise<TabOwner | Guest> {
    const { clock, patienceMs } = this.#options;
    let known: string | undefined;
    let deadline = 0;
    try {
      for (;;) {
        const token = await this.#owner();
        // Another tab may have become the owner while this one waited for a former owner.
        if (token !== known) deadline = clock.now() + patienceMs;
        known = token;
        const met = await this.#meet(token, Math.max(0, deadline - clock.now()));
        if (met instanceof Visit) return this.#stay(met);
        if (typeof met === 'object') return await this.#own(met);
        const late = clock.now() >= deadline;
        if (met === 'silent' || (met === 'stranger' && late)) return await this.#passOver();
        if (late && (await this.#owner()) === token) throw new OwnerBusy();
        await new Promise<void>((resolve) => clock.after(OWNER_LIMITS.retryMs, resolve));
      }
    } catch (error) {
      this.#stopClaiming();
      throw error;
    }
  }

  /** @returns the token of the last owner; empty if there was none */
  async #owner(): Promise<string> {
    return (await this.#database.owner()) ?? '';
  }

  /** @returns a visit to the owner of that token, the owner's lock when it is free, or why there is neither. */
  async #meet(token: string, withinMs: number): Promise<Visit | HeldLock | 'stranger' | 'closed' | 'silent'> {
    const { locks, clock } = this.#options;
    const visit = await Visit.begin(this.#name, token, locks);
    try {
      const met = await Promise.race([this.#turn, visit.link.meet(token, withinMs, clock)]);
      if (met === 'owner') return visit;
      visit.end();
      return met;
    } catch (error) {
      visit.end();
      throw error;
    }
  }

  #stay(visit: Visit): Guest {
    void this.#turn.then(
      (lock) => {
        lock.release();
        visit.end();
      },
      () => undefined,
    );
    const stopPulse = visit.watch(this.#options.clock);
    void visit.link.closed.then(() => {
      stopPulse();
      this.#stopClaiming();
      visit.end();
    });
    return {
      role: 'guest',
      call: (method, params) => visit.link.call(method, params),
      onEvent: (listener) => visit.link.onEvent(listener),
      closed: visit.link.closed,
      close: () => visit.end(),
    };
  }

  async #passOver(): Promise<TabOwner> {
    const lock = await holdLock(this.#options.locks, ownerLock(this.#name), { steal: true });
    this.#stopClaiming();
    return this.#own(lock);
  }

  #stopClaiming(): void {
    this.#claim.abort();
    void this.#turn.then(
      (lock) => lock.release(),
      () => undefined,
    );
  }

  async #own(lock: HeldLock): Promise<TabOwner> {
    const token = crypto.randomUUID();
    let lose: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => {
      lose = resolve;
    });
    const house = new House(this.#name, token, this.#options.locks);
    const store = this.#database.records(token, lose);
    let released: Promise<void> | undefined;
    const release = async () => {
      await store.close();
      house.close();
      this.#database.close();
      lock.release();
    };
    try {
      await this.#database.setOwner(token);
    } catch (error) {
      await release();
      throw error;
    }
    void lock.stolen.then(lose);
    void this.#database.gone.then(lose);
    house.announce();
    return {
      role: 'owner',
      database: this.#database,
      token,
      store,
      lost,
      serve: (handler) => house.host.serve(handler),
      release() {
        released ??= release();
        return released;
      },
    };
  }
}

/** A guest's side: a link to the owner, and a lock by which the owner sees that this tab still exists. */
class Visit {
  readonly link: GuestLink;
  readonly #channel: TabChannel<ToGuest, ToOwner>;
  readonly #street: BroadcastChannel;
  readonly #presence: HeldLock;

  private constructor(name: string, id: string, token: string, presence: HeldLock) {
    this.#presence = presence;
    this.#channel = new TabChannel(new BroadcastChannel(linkName(name, id)), toGuest);
    this.link = new GuestLink(this.#channel);
    this.#street = new BroadcastChannel(name);
    const knock = () => this.#street.postMessage({ type: 'knock', link: id } satisfies Call);
    this.#street.onmessage = ({ data }) => {
      if (!v.is(call, data) || data.type !== 'owner') return;
      // The owner has answered, or another tab has become the owner.
      if (data.token === token) knock();
      else this.end();
    };
    knock();
  }

  static async begin(name: string, token: string, locks: Locks): Promise<Visit> {
    const id = crypto.randomUUID();
    return new Visit(name, id, token, await holdLock(locks, linkName(name, id)));
  }

  /** Ends the visit when the owner is frozen. @returns a function that stops the check. */
  watch(clock: Clock): () => void {
    let heard = -1;
    let missed = 0;
    let callOff: () => void = () => undefined;
    const tick = () => {
      missed = this.#channel.pongs === heard ? missed + 1 : 0;
      heard = this.#channel.pongs;
      if (missed > MISSED_PULSES) {
        this.end();
        return;
      }
      this.#channel.ping();
      callOff = clock.after(OWNER_LIMITS.pulseMs, tick);
    };
    tick();
    return () => callOff();
  }

  end(): void {
    this.link.close();
    this.#street.close();
    this.#presence.release();
  }
}

/** A tab that was itself frozen may miss one. */
const MISSED_PULSES = 1;

/** The owner's side: accepts guests. */
class House {
  readonly host: Host;
  readonly #name: string;
  readonly #token: string;
  readonly #locks: Locks;
  readonly #street: BroadcastChannel;
  readonly #visitors = new Set<string>();

  constructor(name: string, token: string, locks: Locks) {
    this.#name = name;
    this.#token = token;
    this.#locks = locks;
    this.host = new Host(token);
    this.#street = new BroadcastChannel(name);
    this.#street.onmessage = ({ data }) => {
      if (v.is(call, data) && data.type === 'knock') this.#admit(data.link);
    };
  }

  /** Call it when the token is stored. Guests that asked before ask again. */
  announce(): void {
    this.#street.postMessage({ type: 'owner', token: this.#token } satisfies Call);
  }

  close(): void {
    this.#street.close();
    this.host.dismiss();
  }

  #admit(id: string): void {
    if (this.#visitors.has(id)) return;
    const channel = new TabChannel<ToOwner, ToGuest>(new BroadcastChannel(linkName(this.#name, id)), toOwner);
    if (this.#visitors.size >= OWNER_LIMITS.visitors) {
      channel.close();
      return;
    }
    this.#visitors.add(id);
    const left = new AbortController();
    void channel.closed.then(() => {
      this.#visitors.delete(id);
      left.abort();
    });
    // The guest holds the lock as long as its tab exists.
    holdLock(this.#locks, linkName(this.#name, id), { signal: left.signal }).then(
      (lock) => {
        lock.release();
        channel.close();
      },
      () => undefined,
    );
    this.host.admit(channel);
  }
}

function ownerLock(name: string): string {
  return `${name}/owner`;
}

function linkName(name: string, id: string): string {
  return `${name}/visit/${id}`;
}
