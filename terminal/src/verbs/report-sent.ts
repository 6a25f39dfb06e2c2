import type { Result } from '@gochat/client/methods';
import { safeJson } from '@gochat/view/safe-json';
import { codeOfSent } from '../exit.ts';
import { type Io, note, print } from '../io.ts';
import { countEnds } from '../lines/count-ends.ts';
import { problemText } from '../lines/error-text.ts';
import type { RoomRef } from '../lines/format.ts';

/** Prints what became of the messages. @param room for JSON lines; without it, none are printed. @param isInterrupted whether the user has ended the wait. @returns the exit code; 4 only for messages that are never sent */
export function report(
  io: Io,
  room: RoomRef | undefined,
  { outcomes, waiting, problem }: Result<'sent'>,
  isInterrupted = false,
): number {
  const { lines } = io.words.text;
  if (room !== undefined)
    for (const { id, state } of outcomes)
      print(io, safeJson({ ...room, id, state, queued: state === 'waiting' }));
  const { refused, silenced, unknown, missed } = countEnds(outcomes);
  if (refused > 0) note(io, `gochat: ${lines.notSent(refused)}`);
  if (refused > 0 && problem !== undefined) note(io, `gochat: ${problemText(io.words.text, problem)}`);
  if (silenced > 0) note(io, `gochat: ${lines.silenced(silenced)}`);
  if (unknown > 0) note(io, `gochat: ${lines.perhapsSent(unknown)}`);
  if (missed > 0) note(io, `gochat: ${lines.missed(missed, 'gochat resend')}`);
  const why = isInterrupted && problem === undefined ? lines.stopped : problemText(io.words.text, problem);
  if (waiting > 0) note(io, `gochat: ${lines.sentLater(waiting, why)}`);
  return codeOfSent({ refused, silenced, unknown: unknown + missed, waiting });
}
