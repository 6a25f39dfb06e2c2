import type { Result } from '@gochat/client/methods';
import type { TerminalText } from '@gochat/view/terminal-words';
import { EXIT, type ExitCode } from '../exit.ts';
import { problemText } from './error-text.ts';

/** What a command that shows what the profile has says after a synchronization, on standard error, and its exit code. */
export function afterSync(
  text: TerminalText,
  { live, problem }: Result<'sync'>,
): { readonly notes: readonly string[]; readonly code: ExitCode } {
  if (live) return { notes: [], code: EXIT.done };
  const codes: Partial<Record<string, ExitCode>> = { 'not-member': EXIT.notMember, refused: EXIT.refused };
  return {
    notes: [`gochat: ${text.lines.localOnly(problemText(text, problem))}`],
    code: codes[problem?.code ?? ''] ?? EXIT.queued,
  };
}
