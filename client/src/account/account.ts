import {
  createIdentity,
  decodeIdentity,
  encodeIdentity,
  fingerprintOf,
  identityKeyOf,
  type Who,
} from '@gochat/crypto/identity';
import { VaultError } from '@gochat/crypto/vault-error';
import { encodeBytes } from '@gochat/protocol/encoding';
import { ChatError } from '../api/chat-error.ts';
import { loadCode } from '../api/load-code.ts';
import type { Method, Params, Result } from '../api/methods.ts';
import type { Forgetting } from '../profile/forget.ts';
import type { AccountMethod, RoomMethod, RoomRequests } from './room-requests.ts';
import type { RoomsParts } from './rooms.ts';
import { SettingsStore } from './settings-store.ts';

export interface AccountParts extends Omit<RoomsParts, 'who' | 'preferences'> {
  /** Locks the profile's key with a passphrase; with undefined, stores it without one. */
  readonly relock: (passphrase: string | undefined) => Promise<void>;
  readonly forgetting: Pick<Forgetting, 'all' | 'sweep'>;
}

type Handlers = { readonly [M in Method]: (params: Params<M>) => Promise<Result<M>> };

/** Loads the module that answers requests about rooms. It is a large part of the program. @throws ChatError `internal` */
export async function loadRoomCode(): Promise<typeof RoomRequests> {
  return (await loadCode(() => import('./room-requests.ts'))).RoomRequests;
}

/** A profile's identity and rooms. Only the process that owns the profile has one. */
export class Account {
  readonly #parts: AccountParts;
  #who: Who;
  readonly #settings: SettingsStore;
  /** Undefined until the profile has a room, or wants one. */
  #rooms: Promise<RoomRequests> | undefined;
  #closed = false;
  /** All that the profile had is being deleted, or is. */
  #forgotten: Promise<void> | undefined;

  private constructor(parts: AccountParts, who: Who, settings: SettingsStore) {
    this.#parts = parts;
    this.#who = who;
    this.#settings = settings;
  }

  /** Loads the profile from the records, or creates an identity. @throws VaultError `damaged`; ChatError `internal` */
  static async open(parts: AccountParts): Promise<Account> {
    const { records, env } = parts;
    const stored = await records.get({ of: 'identity' });
    // Another key would find none of the records, and begin a second profile next to them.
    if (stored === undefined && !(await records.isEmpty())) throw new VaultError('damaged', 'key');
    const who = stored === undefined ? createIdentity(env) : decodeIdentity(stored);
    if (stored === undefined)
      await records.write([{ place: { of: 'identity' }, value: encodeIdentity(who) }]);
    const account = new Account(parts, who, await SettingsStore.open(records, parts.emit));
    if (await account.#hasWork()) await account.#openRooms();
    else if (account.#settings.preferences.removed !== undefined) await parts.forgetting.sweep(records);
    return account;
  }

  /** Answers one request. @throws ChatError, RoomError, LinkError, NameError */
  async call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#isForgotten(method)) throw new ChatError({ reason: 'device-removed' });
    const own: Partial<Handlers>[M] = this.#handlers[method];
    if (own !== undefined) return own(params);
    const opening = this.#openRooms();
    try {
      const rooms = await opening;
      const result = (await rooms.call(method as RoomMethod, params as Params<RoomMethod>)) as Result<M>;
      // It has found out meanwhile.
      if (this.#isForgotten(method)) throw new ChatError({ reason: 'device-removed' });
      return result;
    } catch (error) {
      if (this.#isForgotten(method) || (await this.#lacksRemoved(error)))
        throw new ChatError({ reason: 'device-removed' });
      const isClosed = error instanceof ChatError && error.data.reason === 'profile-closed';
      // The profile has become another person's meanwhile.
      if (isClosed && !this.#closed && opening !== this.#rooms) return this.call(method, params);
      throw error;
    }
  }

  #isForgotten(method: Method): boolean {
    return this.#forgotten !== undefined && method !== 'linking';
  }

  /** Whether a room is missing because another device has removed this one, which has begun no room since. */
  async #lacksRemoved(error: unknown): Promise<boolean> {
    if (!(error instanceof ChatError) || error.data.reason !== 'room-unknown') return false;
    if (this.#settings.preferences.removed === undefined) return false;
    return (await this.#parts.records.rooms()).length === 0;
  }

  /** Stops everything. Work that was begun is durable when it resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    const rooms = await this.#rooms?.catch(() => undefined);
    await rooms?.close();
    await this.#forgotten;
  }

  /** Whether it has rooms, waits to be let into one, or is to get those of its person's other devices. */
  async #hasWork(): Promise<boolean> {
    const { records } = this.#parts;
    if ((await records.rooms()).length > 0) return true;
    const places = (['linking', 'kept', 'knocks'] as const).map((of) => records.get({ of }));
    return (await Promise.all(places)).some((record) => record !== undefined);
  }

  /** What fails is tried again at the next call. */
  #openRooms(): Promise<RoomRequests> {
    if (this.#closed) throw new ChatError({ reason: 'profile-closed' });
    this.#rooms ??= this.#loadRooms();
    return this.#rooms;
  }

  async #loadRooms(): Promise<RoomRequests> {
    try {
      const code = await loadRoomCode();
      const becomes = (who: Who) => this.#become(who);
      const ousted = () => this.#forget();
      return await code.open({ ...this.#parts, who: this.#who, becomes, ousted }, this.#settings);
    } catch (error) {
      this.#rooms = undefined;
      throw error;
    }
  }

  /** All that uses the former identity ends, and begins again with the new one. */
  #become(who: Who): void {
    this.#who = who;
    const former = this.#rooms;
    this.#rooms = Promise.resolve(former)
      .then((rooms) => rooms?.close())
      .then(() => this.#loadRooms());
    // The next call reports it.
    this.#rooms.catch(() => undefined);
  }

  /** Another device of this person has removed this one. What fails is done when the profile is opened again. */
  #forget(): void {
    this.#forgotten ??= Promise.resolve(this.#rooms)
      .then((rooms) => rooms?.close())
      .then(() => this.#parts.forgetting.all())
      .catch(() => undefined);
    this.#parts.emit({ kind: 'linking', linking: { stage: 'removed' } });
  }

  readonly #handlers: Pick<Handlers, AccountMethod> & Partial<Handlers> = {
    whoami: async () => ({
      name: this.#settings.preferences.name,
      identity: encodeBytes(fingerprintOf(identityKeyOf(this.#who))),
    }),
    rooms: async () => (this.#rooms === undefined ? [] : (await this.#rooms).call('rooms', {})),
    linking: async () => {
      if (this.#forgotten !== undefined) return { stage: 'removed' };
      if (this.#rooms === undefined && !(await this.#hasWork())) return { stage: 'none' };
      return (await this.#openRooms()).call('linking', {});
    },
    knocking: async () => {
      if (this.#rooms === undefined && !(await this.#hasWork())) return [];
      return (await this.#openRooms()).call('knocking', {});
    },
    preferences: async () => this.#settings.preferences,
    prefer: ({ change }) => this.#settings.prefer(change),
    passphrase: async ({ passphrase }) => {
      await this.#parts.relock(passphrase);
      return null;
    },
  };
}
