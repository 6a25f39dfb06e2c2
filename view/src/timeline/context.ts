import type { ClockFace } from '../words/clock-face.ts';
import type { ViewWords } from '../words/english.ts';

/** What the rows of a room depend on besides its lines. It is made anew when any of this changes. */
export interface RowContext {
  readonly words: ViewWords;
  readonly clock: ClockFace;
  /** This profile's device key. */
  readonly self: string;
  /** Today, as {@link ClockFace.dayKey} has it. */
  readonly today: string;
  readonly now: number;
  /** By device key: what members are called now. */
  readonly labels: ReadonlyMap<string, string>;
  /** Device keys. */
  readonly verified: ReadonlySet<string>;
  readonly ignored: ReadonlySet<string>;
}

/** How far others have read, lowest first. */
export type Readers = readonly { readonly device: string; readonly name: string; readonly at: number }[];
