import type { TextItem } from '@gochat/client/history';
import type { TerminalText } from '@gochat/view/terminal-words';
import { formatItem } from './format.ts';

/** A message and the replies to it, for people. @param thread as `readThread` returns it. @param timed with the time of each */
export function threadLines(text: TerminalText, thread: readonly TextItem[], timed = false): string[] {
  return thread.map((item) => {
    const answered = thread.find(({ seq, id }) => seq === item.reply?.seq && id === item.reply.id);
    const line = formatItem(text, item, answered);
    return timed ? text.lines.timed(item.at, line) : line;
  });
}
