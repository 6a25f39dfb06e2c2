import type { Env } from '@gochat/crypto/primitives';
import { openVault } from '@gochat/crypto/vault';
import { Account } from '../account/account.ts';
import { ChatError } from '../api/chat-error.ts';
import {
  type ChatEvent,
  isMethod,
  isRepeatable,
  type Method,
  type Params,
  type Result,
} from '../api/methods.ts';
import { toChatError } from '../api/to-chat-error.ts';
import type { Connection } from '../net/connection.ts';
import type { WatchWakes } from '../schedule/wake.ts';
import { fromJson, Records, toJson } from '../store/records.ts';
import { OwnerGone } from './guest.ts';
import { Fenced, type Guest, type Owner } from './roles.ts';

/** An open profile. This process owns it, or uses it through the process that does. */
export interface Profile {
  /** @throws ChatError */
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  /** @returns a function that removes the listener. */
  on(listener: (event: ChatEvent) => void): () => void;
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

/** Where a profile is stored, and how servers are reached from there. */
export interface ProfileLocation<O extends Owner> {
  /** Makes this process the profile's owner, or a guest of the one that is. */
  claim(): Promise<O | Guest>;
  /** The vault's key, created when absent, and a function that sets its passphrase. @throws ChatError `locked`; VaultError */
  unlock(owner: O): Promise<{
    readonly key: Uint8Array;
    readonly relock: (passphrase: string | undefined) => Promise<void>;
  }>;
  connect(address: string, circuit: string | undefined, owner: O): Promise<Connection>;
  readonly watchWakes: WatchWakes;
  /** Present where the process may end without waiting for writes. */
  readonly unloadStore?: UnloadStore;
}

/** A synchronous store of one value, for what a page has not saved when it is unloaded. */
export interface UnloadStore {
  put(value: Uint8Array): void;
  /** @returns the value, and removes it */
  take(): Uint8Array | undefined;
}

/** Opens the profile at a location. @throws ChatError `locked`, `internal` */
export async function openAt<O extends Owner>(place: ProfileLocation<O>, env: Env): Promise<PageProfile> {
  const profile = new ProfileConnection(place, env);
  await profile.connect();
  return profile;
}

/** A call that {@link Profile.keepUnanswered} keeps. */
type KeptCall =
  | { readonly method: 'note'; readonly params: Params<'note'> }
  | { readonly method: 'queue'; readonly params: Params<'queue'> };

/** The present access to the profile: this process's own account, or the owner's process. */
interface Backend {
  call(method: string, params: unknown): Promise<unknown>;
  keep(calls: readonly KeptCall[]): void;
  close(): Promise<void>;
}

type Listener = (event: ChatEvent) => void;

const LISTEN = 'listen';
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
  readonly #listeners = new Set<Listener>();
  readonly #followed = new Set<string>();
  /** The last line of each room that this process knows of. */
  readonly #known = new Map<string, number>();
  #backend: Promise<Backend> | undefined;
  /** The backend, once it is connected. */
  #present: Backend | undefined;
  /** Calls that would be kept, in their order. */
  readonly #unanswered = new Set<KeptCall>();
  #wasConnected = false;
  #closed = false;
  #end: () => void = () => undefined;
  readonly closed = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(place: ProfileLocation<O>, env: Env) {
    this.#place = place;
    this.#env = env;
  }

  connect(): Promise<Backend> {
    this.#backend ??= this.#claim().then(
      (backend) => {
        this.#present = backend;
        return backend;
      },
      (error: unknown) => {
        this.#backend = undefined;
        throw toChatError(error);
      },
    );
    return this.#backend;
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
      if (this.#closed) throw new ChatError({ reason: 'profile-closed' });
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
        if (!isRepeatable(method)) {
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

  async close(): Promise<void> {
    this.#closed = true;
    this.#end();
    const backend = await this.#backend?.catch(() => undefined);
    await backend?.close();
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
      const claimed = await this.#place.claim();
      if (claimed.role === 'owner') return this.#own(claimed);
      try {
        return await this.#visit(claimed);
      } catch (error) {
        claimed.close();
        // The owner has ended since it was met: this process may be the next.
        if (!(error instanceof OwnerGone)) throw error;
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
      close: async () => guest.close(),
    };
    guest.onEvent((name, data) => {
      if (name === 'chat') this.#emit(data as ChatEvent);
    });
    await guest.call(LISTEN, {});
    void guest.closed.then(() => this.#lose(backend));
    return backend;
  }

  /** Replaces a lost backend at once if there are listeners, so that they miss nothing. */
  #lose(backend: Backend): void {
    void this.#backend?.then((present) => {
      if (present !== backend) return;
      this.#backend = undefined;
      this.#present = undefined;
      if (!this.#closed && (this.#listeners.size > 0 || this.#followed.size > 0))
        this.connect().catch(() => undefined);
    });
  }

  async #own(owner: O): Promise<Backend> {
    const env = this.#env;
    const visitors = new Set<Listener>();
    const { unloadStore } = this.#place;
    let chat: Account;
    let records: Records;
    try {
      const { key, relock } = await this.#place.unlock(owner);
      records = new Records(owner.store, openVault(key), env);
      chat = await Account.open({
        records,
        env,
        connect: (address, circuit) => this.#place.connect(address, circuit, owner),
        isUnlinked: owner.route?.unlinked === true,
        emit: (event) => {
          this.#emit(event);
          for (const visitor of visitors) visitor(event);
        },
        watchWakes: this.#place.watchWakes,
        relock,
      });
      await repeatKept(chat, records, unloadStore);
    } catch (error) {
      await owner.release();
      throw error;
    }
    let over = false;
    const answers = (method: string, params: unknown) => answer(chat, method, params, () => over);
    const backend: Backend = {
      call: answers,
      keep: (calls) => unloadStore?.put(records.seal({ of: 'unanswered' }, toJson(calls))),
      close: async () => {
        over = true;
        await chat.close();
        await owner.release();
      },
    };
    owner.serve(async (method, params, visitor) => {
      if (method !== LISTEN) return answers(method, params);
      const listener: Listener = (event) => void visitor.emit('chat', event);
      visitors.add(listener);
      visitor.left.addEventListener('abort', () => visitors.delete(listener));
      return null;
    });
    void owner.lost.then(async () => {
      this.#lose(backend);
      await backend.close();
    });
    return backend;
  }
}

function keptCall(method: Method, params: Params<Method>): KeptCall | undefined {
  if (method === 'note') return { method, params: params as Params<'note'> };
  if (method === 'queue') return { method, params: { ...(params as Params<'queue'>), again: true } };
  return undefined;
}

/** Repeats what the last owner's page had not done when it was unloaded. */
async function repeatKept(chat: Account, records: Records, store: UnloadStore | undefined): Promise<void> {
  const kept = store?.take();
  if (kept === undefined) return;
  try {
    // The room may be gone.
    for (const { method, params } of fromJson<KeptCall[]>(records.open({ of: 'unanswered' }, kept)))
      await chat.call(method, params).catch(() => undefined);
  } catch {
    // The browser's database was cleared since: this is another profile.
  }
}

/** @param isOver whether the profile is being closed: failures may be caused by that. */
async function answer(
  chat: Account,
  method: string,
  params: unknown,
  isOver: () => boolean,
): Promise<unknown> {
  if (!isMethod(method)) throw new ChatError({ reason: 'owner-version' });
  try {
    // Both ends are this program, and the socket is open only to this user.
    return await chat.call(method, params as Params<typeof method>);
  } catch (error) {
    if (isOver() || error instanceof Fenced) throw new OwnerGone();
    throw toChatError(error);
  }
}
