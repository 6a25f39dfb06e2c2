import type { Store } from '../store/store.ts';
import type { EventListener } from './guest.ts';
import type { Handler } from './host.ts';
import { OWNER_LIMITS } from './limits.ts';

/** This process (a tab, in browsers) holds the profile: it alone reads and writes, and answers the others. */
export interface Owner {
  readonly role: 'owner';
  /** Every write of it rejects with {@link Fenced} once another process holds the profile. */
  readonly store: Store;
  /** Resolves when a write was fenced: stop all work, release, and claim anew. */
  readonly lost: Promise<void>;
  /** Guests that came before wait until this is called, once. */
  serve(handler: Handler): void;
  /** Gives the profile up behind the writes begun before; guests see their link closed. */
  release(): Promise<void>;
}

/** Another process holds the profile, and does for this one what it asks. */
export interface Guest {
  readonly role: 'guest';
  /** @throws CallFailed, OwnerGone */
  call(method: string, params: unknown): Promise<unknown>;
  /** Listen first, then make the call that subscribes. @returns what stops it. */
  onEvent(listener: EventListener): () => void;
  /** Resolves when the owner is gone: claim anew. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Another process took the profile over, since this one was taken for dead or didn't answer. Nothing was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  constructor() {
    super('another process holds the profile now');
  }
}

/** The owner lives, and turns everybody away. */
export class OwnerBusy extends Error {
  override readonly name = 'OwnerBusy';
  constructor() {
    super(`${OWNER_LIMITS.visitors} other processes work on this profile already`);
  }
}
