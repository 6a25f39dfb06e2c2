import type { RoomId } from '@gochat/protocol/fields';

/** What an attacker knows of its target. */
export interface Target {
  readonly port: number;
  /** The id of the bystanders' room, without any key to it. */
  readonly room: RoomId;
  /** How long an attack lasts that isn't a fixed number of tries. */
  readonly seconds: number;
  /** How many connections a crowd is. */
  readonly crowd: number;
  /** The time after which the server ends connections that are too slow with their first frame, in milliseconds. */
  readonly patienceMs: number;
  /** The time after which it ends connections that send nothing, in milliseconds. */
  readonly silenceMs: number;
}

export interface Outcome {
  /** How many connections, requests or guesses there were. */
  readonly tried: number;
  /** How many of them succeeded, though none may. */
  readonly got: number;
  /** The results of the others. */
  readonly details: string;
}

export type Attack = (target: Target) => Promise<Outcome>;

/** The number of each kind of answer, as text. */
export function tally(answers: Iterable<string>): string {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return [...counts].map(([answer, count]) => `${answer} ${count}`).join(', ');
}
