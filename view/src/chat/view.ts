import type { Actions } from './actions.ts';
import type { Snapshot } from './snapshot.ts';

/** Everything that a chat screen shows and can do. */
export interface View {
  /** Listeners are called after the snapshot has changed, once for several changes. @returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): Snapshot;
  readonly actions: Actions;
  /** Stops everything; the profile stays open. It resolves once the last changes of settings are saved. */
  close(): Promise<void>;
}
