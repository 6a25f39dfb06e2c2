import type { RoomId } from '@gochat/protocol/fields';

/** What an attacker knows of whom it attacks. */
export interface Target {
  readonly port: number;
  /** The room of the bystanders: its id, and nothing that opens it. */
  readonly room: RoomId;
  /** How long it goes on, where it isn't a matter of tries. */
  readonly seconds: number;
  /** How many connections a crowd is. */
  readonly crowd: number;
  /** When the server ends who is too slow to say what it wants, and who says nothing any more. */
  readonly patienceMs: number;
}

export interface Outcome {
  /** How many connections, requests or guesses there were. */
  readonly tried: number;
  /** How many of them got what nobody must get. */
  readonly got: number;
  /** What became of the others. */
  readonly told: string;
}

export type Attack = (target: Target) => Promise<Outcome>;

/** How often each was heard, as text. */
export function tally(answers: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, count]) => `${answer} ${count}`).join(', ');
}
