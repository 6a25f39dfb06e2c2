import type { ViewWords } from '../words/english.ts';

/** What the rows of a room depend on besides its lines. Any change makes a new object. */
export interface RowContext {
  readonly words: ViewWords;
  /** This profile's identity key. */
  readonly self: string;
  /** Today's key by `ClockFace.dayKey`. */
  readonly today: string;
  readonly now: number;
  /** The members' current names by identity key. */
  readonly labels: ReadonlyMap<string, string>;
  /** Identity keys. */
  readonly verified: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
  /** The emoji of a name without colons; undefined when there is none, or while the names are loading. */
  readonly emoji: (name: string) => string | undefined;
  /** The sanitized name of a room that this profile has, by its id. */
  readonly roomName: (id: string) => string | undefined;
}

/** How far others have read, lowest first. */
export type Readers = readonly { readonly identity: string; readonly name: string; readonly at: number }[];
