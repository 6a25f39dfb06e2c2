import type { Profile } from '@gochat/client/profile';
import type { Actions } from './actions.ts';
import type { Platform } from './platform.ts';
import type { Snapshot } from './snapshot.ts';

export interface View {
  /** @returns what ends it. Listeners are told after the snapshot has changed, once for many changes. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): Snapshot;
  readonly actions: Actions;
  /** Stops everything; the profile stays open. */
  close(): void;
}
