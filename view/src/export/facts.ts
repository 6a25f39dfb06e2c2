import { cleanFileName } from '@gochat/client/file-name';
import type { HistoryItem } from '@gochat/client/history';
import { votesOf } from '@gochat/client/polls';

/** A line of a history for programs: its keys in the order in which they are written. */
export function factsOf(item: HistoryItem): object {
  const { seq, at, from, kind, sub: _sub, identity: _identity, own: _own, ...facts } = item;
  const message = item.kind === 'text' ? { text: item.text, id: item.id } : {};
  const votes = item.kind === 'text' ? votesOf(item) : undefined;
  return { seq, at, from, kind, ...message, ...facts, ...filesIn(item), ...(votes && { votes }) };
}

/** The files of a message without what opens them: who reads a line of a script must not be able to read the files. */
export function filesIn(item: HistoryItem): { readonly files?: readonly object[] } {
  if (item.kind !== 'text' || item.files === undefined) return {};
  return {
    files: item.files.map(({ name, bytes, type, alt, w, h, ms }) => ({
      name: cleanFileName(name),
      bytes,
      type,
      ...(alt !== undefined && { alt }),
      ...(w !== undefined && h !== undefined && { w, h }),
      ...(ms !== undefined && { ms }),
    })),
  };
}
