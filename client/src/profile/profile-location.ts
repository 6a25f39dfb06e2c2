import type { Env } from '@gochat/crypto/primitives';
import type { ChatEvent, Params } from '../api/methods.ts';
import type { FileCache } from '../files/file-cache.ts';
import type { FilePlace } from '../files/file-place.ts';
import type { Connection } from '../net/connection.ts';
import type { WatchWakes } from '../schedule/wake.ts';
import type { KnownPassphrase } from './known-passphrase.ts';
import type { Guest, Owner } from './roles.ts';

/** Where a profile is stored, and how servers are reached from there. */
export interface ProfileLocation<O extends Owner> {
  /** Makes this process the profile's owner, or a guest of the one that is. */
  claim(): Promise<O | Guest>;
  /** The vault's key, created when absent, and a function that sets its passphrase. @throws ChatError `locked`; VaultError */
  unlock(owner: O): Promise<{
    readonly key: Uint8Array;
    readonly relock: (passphrase: string | undefined) => Promise<void>;
    /** Replaces the key by another one, without a passphrase. */
    readonly renew: (key: Uint8Array) => Promise<void>;
    /** Absent where a profile has no passphrase. */
    readonly known?: KnownPassphrase;
  }>;
  /** A passphrase that this process has for a profile which another one has open. */
  given?(): Promise<string | undefined>;
  connect(address: string, circuit: string | undefined, owner: O): Promise<Connection>;
  /** The profile's files, for its owner. */
  files(owner: O): FilePlace;
  /** The cache of the profile's files, for all its processes. */
  fileCache(): Promise<FileCache>;
  /** Loads the code that only an owner needs. */
  loadOwn(): Promise<OpenOwnProfile>;
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

/** A call that `keepUnanswered` of a page's profile keeps. */
export type KeptCall =
  | { readonly method: 'note'; readonly params: Params<'note'> }
  | { readonly method: 'queue'; readonly params: Params<'queue'> };

/** A profile that this process owns. */
export interface OwnProfile {
  /** @param isOver whether the profile is being closed: failures may be caused by that. @throws ChatError, OwnerGone */
  answer(method: string, params: unknown, isOver: () => boolean): Promise<unknown>;
  /** Stores calls for the next owner before it returns. */
  keep(calls: readonly KeptCall[]): void;
  close(): Promise<void>;
  readonly known?: KnownPassphrase | undefined;
}

/** @throws ChatError `locked`, `internal`; VaultError `damaged` */
type OpenOwnProfile = <O extends Owner>(
  place: ProfileLocation<O>,
  owner: O,
  env: Env,
  emit: (event: ChatEvent) => void,
) => Promise<OwnProfile>;
