import type { Env } from '@gochat/crypto/primitives';
import { ChatError } from '../api/chat-error.ts';
import { type ChatEvent, isRepeatable, type Method, type Params, type Result } from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Files } from '../files/files.ts';
import { lazyFiles } from '../files/lazy-client-files.ts';
import { OwnerGone } from './guest.ts';
import { GuestCalls } from './guest-calls.ts';
import { OWNER_LIMITS } from './limits.ts';
import type { KeptCall, OwnProfile, ProfileLocation } from './profile-location.ts';
import type { Guest, Owner } from './roles.ts';

/** An open profile. This process owns it, or uses it through the process that does. */
export interface Profile {
  /** @throws ChatError */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  readonly files: Files;
  /** @returns a function that removes the listener. */
  on(listener: (event: ChatEvent) => void): () => void;
  /** Resolves when this process has given up everything of the profile, also what it was about to take over. */
  close(): Promise<void>;
  /** Resolves when the profile begins to close. */
  readonly closed: Promise<void>;
}

/** A profile of a page. */
export interface PageProfile extends Profile {
  /**
   * Stores the notes and messages whose calls are not answered yet before it returns. Call it when a page is unloaded, which ends calls
   * half-way; the next owner repeats them.
   */
  keepUnanswered(): void;
}

/** Opens the profile at a location. @throws ChatError `locked`, `internal` */
export async function openAt<O extends Owner>(place: ProfileLocation<O>, env: Env): Promise<PageProfile> {
  const profile = new ProfileConnection(place, env);
  await profile.connect();
  return profile;
}

/** The present access to the profile: this process's own account, or the owner's process. */
interface Backend {
  call(method: string, params: unknown): Promise<unknown>;
  keep(calls: readonly KeptCall[]): void;
  /** Resolves when another backend has to be claimed. */
  readonly gone: Promise<void>;
  /** Resolves when nothing of it is left, however often and by whom it was called. */
  close(): Promise<void>;
}

type Listener = (event: ChatEvent) => void;

const LISTEN = 'listen';
/** A guest's call that has its passphrase checked. */
const CHECK = 'check-passphrase';
/** Methods that check, when they are called again, which messages were sent. */
const QUEUEING: ReadonlySet<Method> = new Set<Method>(['queue', 'queueAll']);
/** How many of the last lines are emitted again after a change of backend, since any of them may have changed. */
const REPEATED = 200;
const PAGE = 500;

/**
 * Keeps a backend: when the process that owned the profile ends, it connects to the next one and repeats what may be repeated.
 */
class ProfileConnection<O extends Owner> implements PageProfile {
  readonly #place: ProfileLocation<O>;
  readonly #env: Env;
  readonly files: Files;
  readonly #listeners = new Set<Listener>();
  readonly #followed = new Set<string>();
  /** The last line of each room that this process knows of. */
  readonly #known = new Map<string, number>();
  #backend: Promise<Backend> | undefined;
  /** What {@link #backend} has resolved to: only this one can be lost, and only once. */
  #present: Backend | undefined;
  /** All claims under way, and all backends that have not ended: `close` ends each. */
  readonly #unended = new Set<Promise<Backend>>();
  /** The owner that a claim under way is calling. */
  #met: Guest | undefined;
  /** Calls that would be kept, in their order. */
  readonly #unanswered = new Set<KeptCall>();
  #wasConnected = false;
  #closing: Promise<void> | undefined;
  #end: () => void = () => undefined;
  readonly closed = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(place: ProfileLocation<O>, env: Env) {
    this.#place = place;
    this.#env = env;
    this.files = lazyFiles({
      call: (method, params) => this.call(method, params),
      cache: () => place.fileCache(),
    });
  }

  /** @throws ChatError `profile-closed`, so that nothing is claimed after `close` */
  async connect(): Promise<Backend> {
    this.#throwIfClosed();
    this.#backend ??= this.#begin();
    return this.#backend;
  }

  #begin(): Promise<Backend> {
    const begun = this.#claim().then(
      (backend) => {
        this.#present = backend;
        void backend.gone.then(async () => {
          this.#lose(backend);
          // An error is that of `close`.
          await backend.close().catch(() => undefined);
          this.#unended.delete(begun);
        });
        return backend;
      },
      (error: unknown) => {
        this.#backend = undefined;
        this.#unended.delete(begun);
        throw toChatError(error);
      },
    );
    this.#unended.add(begun);
    return begun;
  }

  #throwIfClosed(): void {
    if (this.#closing !== undefined) throw new ChatError({ reason: 'profile-closed' });
  }

  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const kept = keptCall(method, params);
    if (kept !== undefined) this.#unanswered.add(kept);
    try {
      return (await this.#ask(method, params)) as Result<M>;
    } finally {
      if (kept !== undefined) this.#unanswered.delete(kept);
    }
  }

  async #ask(method: Method, params: Params<Method>): Promise<unknown> {
    for (let again = false; ; again = true) {
      const backend = await this.connect();
      try {
        const result = await backend.call(
          method,
          again && QUEUEING.has(method) ? { ...params, again } : params,
        );
        if (method === 'follow' && 'room' in params) this.#followed.add(params.room);
        if (method === 'history' && 'room' in params) this.#know(params.room, result as Result<'history'>);
        return result;
      } catch (error) {
        if (!(error instanceof OwnerGone)) throw toChatError(error);
        this.#lose(backend);
        if (!isRepeatable(method) && !error.isNotBegun) {
          throw new ChatError({ reason: 'owner-gone' }, { cause: error });
        }
      }
    }
  }

  keepUnanswered(): void {
    if (this.#unanswered.size > 0) this.#present?.keep([...this.#unanswered]);
  }

  on(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    this.#end();
    // It need not answer any more.
    this.#met?.close();
    const ended = [...this.#unended].map(async (begun) => (await begun.catch(() => undefined))?.close());
    await Promise.all(ended);
  }

  #know(room: string, items: Result<'history'>): void {
    const last = items.reduce((most, { seq }) => Math.max(most, Number(seq)), this.#known.get(room) ?? 0);
    this.#known.set(room, last);
  }

  readonly #emit = (event: ChatEvent): void => {
    if (event.kind === 'items') this.#know(event.room, event.items);
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // As an event target does it: the error of a listener is not one of what caused the event.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };

  async #claim(): Promise<Backend> {
    const backend = await this.#enter();
    // Not awaited: if this backend is lost, the next one emits the events.
    if (this.#wasConnected) this.#resume(backend).catch(() => undefined);
    this.#wasConnected = true;
    return backend;
  }

  async #enter(): Promise<Backend> {
    for (;;) {
      this.#throwIfClosed();
      const claimed = await this.#place.claim();
      if (claimed.role === 'owner') return this.#own(claimed);
      this.#met = claimed;
      try {
        this.#throwIfClosed();
        return await this.#visit(claimed);
      } catch (error) {
        claimed.close();
        // The owner has ended since it was met: this process may be the next.
        if (!(error instanceof OwnerGone)) throw error;
      } finally {
        this.#met = undefined;
      }
    }
  }

  /** Follows the same rooms again, and emits what happened between two backends. */
  async #resume(backend: Backend): Promise<void> {
    for (const room of this.#followed) {
      try {
        const state = (await backend.call('follow', { room })) as Result<'follow'>;
        this.#emit({ kind: 'online', room, ...state });
      } catch (error) {
        if (error instanceof OwnerGone) throw error;
        // The room was left in the meantime.
        this.#followed.delete(room);
      }
    }
    if (this.#listeners.size === 0) return;
    for (const room of (await backend.call('rooms', {})) as Result<'rooms'>) {
      this.#emit({ kind: 'room', room });
      await this.#emitRoom(backend, room.id).catch((error: unknown) => {
        if (error instanceof OwnerGone) throw error;
      });
    }
    const preferences = (await backend.call('preferences', {})) as Result<'preferences'>;
    this.#emit({ kind: 'preferences', preferences });
  }

  async #emitRoom(backend: Backend, room: string): Promise<void> {
    const call = async <M extends Method>(method: M, params: Params<M>) =>
      (await backend.call(method, params)) as Result<M>;
    this.#emit({ kind: 'waiting', room, waiting: await call('waiting', { room }) });
    // The new owner has deleted them before this process has met it.
    this.#emit({ kind: 'expired', room, until: Date.now() });
    this.#emit({ kind: 'notes', room, notes: await call('notes', { room }) });
    for (let full = this.#known.has(room); full; ) {
      const after = String(this.#known.get(room));
      const items = await call('history', { room, after, limit: PAGE });
      if (items.length > 0) this.#emit({ kind: 'items', room, items });
      full = items.length === PAGE;
    }
    this.#emit({ kind: 'items', room, items: await call('history', { room, limit: REPEATED }) });
  }

  async #visit(guest: Guest): Promise<Backend> {
    const backend: Backend = {
      call: (method, params) => guest.call(method, params),
      // The owner's process continues: the call reaches it.
      keep: () => undefined,
      gone: guest.closed,
      close: async () => guest.close(),
    };
    guest.onEvent((name, data) => {
      if (name === 'chat') this.#emit(data as ChatEvent);
    });
    const isLocked = (await guest.call(LISTEN, {})) === 'locked';
    const passphrase = isLocked ? await this.#place.given?.() : undefined;
    if (passphrase !== undefined) await guest.call(CHECK, { passphrase });
    return backend;
  }

  /**
   * Replaces a lost backend at once if there are listeners, so that they miss nothing. Each call that fails reports the loss, and the
   * backend itself: only the first may replace it.
   */
  #lose(backend: Backend): void {
    if (this.#present !== backend) return;
    this.#present = undefined;
    this.#backend = undefined;
    if (this.#listeners.size > 0 || this.#followed.size > 0) this.connect().catch(() => undefined);
  }

  async #own(owner: O): Promise<Backend> {
    const visitors = new Set<Listener>();
    const emit: Listener = (event) => {
      this.#emit(event);
      for (const visitor of visitors) visitor(event);
    };
    let own: OwnProfile;
    try {
      this.#throwIfClosed();
      const openOwnProfile = await this.#place.loadOwn();
      own = await openOwnProfile(this.#place, owner, this.#env, emit);
    } catch (error) {
      await owner.release();
      throw error;
    }
    let over = false;
    const answers = (method: string, params: unknown) => own.answer(method, params, () => over);
    const guestCalls = new GuestCalls();
    let ended: Promise<void> | undefined;
    const endNow = async () => {
      over = true;
      try {
        await own.close();
      } finally {
        await owner.release();
      }
    };
    const end = () => {
      ended ??= endNow();
      return ended;
    };
    const backend: Backend = {
      call: answers,
      keep: own.keep,
      gone: owner.lost,
      close: async () => {
        await guestCalls.answered(OWNER_LIMITS.answersMs);
        await end();
      },
    };
    const check = (passphrase: string | undefined) => {
      own.known?.check(passphrase);
      return null;
    };
    owner.serve(async (method, params, visitor) => {
      if (method === CHECK) return check((params as Params<'passphrase'>).passphrase);
      // This process was given the passphrase when it opened the profile. A guest need not have been.
      if (method === 'passphrase') check((params as Params<'passphrase'>).old);
      if (over) throw OwnerGone.notBegun();
      if (method !== LISTEN) return guestCalls.track(method, answers(method, params));
      const listener: Listener = (event) => void visitor.emit('chat', event);
      visitors.add(listener);
      visitor.left.addEventListener('abort', () => visitors.delete(listener));
      return own.known?.isSet === true ? 'locked' : null;
    });
    // At once: what its guests wait for can't be done any more.
    void owner.lost.then(() => end().catch(() => undefined));
    return backend;
  }
}

function keptCall(method: Method, params: Params<Method>): KeptCall | undefined {
  if (method === 'note') return { method, params: params as Params<'note'> };
  if (method === 'queue') return { method, params: { ...(params as Params<'queue'>), again: true } };
  return undefined;
}
