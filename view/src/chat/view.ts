import type { Actions } from './actions.ts';
import type { Snapshot } from './snapshot.ts';

/** All that a chat screen shows and can do. */
export interface View {
  /** @returns what ends it. Listeners are told after the snapshot has changed, once for many changes. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): Snapshot;
  readonly actions: Actions;
  /** Stops everything; the profile stays open. @returns once what was noted last is kept. */
  close(): Promise<void>;
}
