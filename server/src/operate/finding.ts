/** `look`: it works, but the operator should look at it. */
export type Health = 'good' | 'look' | 'bad';

/** What a check found, and how to fix it. */
export type Result = readonly [health: Health, text: string];

/** The result of one check. */
export interface Finding {
  readonly what: string;
  readonly health: Health;
  /** What was found, and how to fix it. */
  readonly text: string;
}
