import type { Route } from '../net/route.ts';
import type { Store } from '../store/store.ts';
import type { EventListener } from './guest.ts';
import type { Handler } from './host.ts';
import { OWNER_LIMITS } from './limits.ts';

/** This process (in browsers, this tab) owns the profile: only it reads and writes, and it answers the others. */
export interface Owner {
  readonly role: 'owner';
  /** Its writes reject with {@link Fenced} once another process owns the profile. */
  readonly store: Store;
  /** Resolves when a write was rejected with {@link Fenced}: stop all work, release, and claim again. */
  readonly lost: Promise<void>;
  /** How servers are reached; absent: directly. */
  readonly route?: Route | undefined;
  /** Starts answering guests. Call it once; earlier guests wait until then. */
  serve(handler: Handler): void;
  /** Releases the profile after pending writes; guests see their link closed. */
  release(): Promise<void>;
}

/** Another process owns the profile and answers this one's calls. */
export interface Guest {
  readonly role: 'guest';
  /** @throws CallFailed, OwnerGone */
  call(method: string, params: unknown): Promise<unknown>;
  /** Add the listener before the call that subscribes. @returns a function that removes it. */
  onEvent(listener: EventListener): () => void;
  /** Resolves when the owner is gone: claim again. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Another process has taken over the profile, since this one didn't respond. Nothing was written. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
  constructor() {
    super('another process holds the profile now');
  }
}

/** The owner is alive and accepts no more guests. */
export class OwnerBusy extends Error {
  override readonly name = 'OwnerBusy';
  constructor() {
    super(`${OWNER_LIMITS.visitors} other processes work on this profile already`);
  }
}
