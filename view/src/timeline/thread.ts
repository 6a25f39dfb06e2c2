import type { TextItem } from '@gochat/client/history';
import type { Line } from './lines.ts';

type Named = Pick<TextItem, 'seq' | 'id'>;

function nameOf({ seq, id }: Named): string {
  return `${seq} ${id}`;
}

function replyIn(line: Line): (TextItem & { readonly reply: Named }) | undefined {
  const { item } = line;
  return item.kind === 'text' && item.reply !== undefined ? { ...item, reply: item.reply } : undefined;
}

/** How many replies messages have, with the replies to these. */
export class ReplyCounts {
  readonly #counts = new Map<string, number>();

  /** @param lines in their order: a reply comes after its message */
  constructor(lines: readonly Line[]) {
    for (let i = lines.length - 1; i >= 0; i--) {
      const line = lines[i];
      const reply = line && replyIn(line);
      if (reply === undefined) continue;
      const to = nameOf(reply.reply);
      this.#counts.set(to, (this.#counts.get(to) ?? 0) + 1 + this.of(reply));
    }
  }

  of(item: Named): number {
    return this.#counts.get(nameOf(item)) ?? 0;
  }
}

/** A message with its replies and the replies to these. */
export interface ThreadLines {
  readonly lines: readonly Line[];
  readonly waiting: readonly TextItem[];
}

/** @param root the message. @param lines in their order. @param waiting own messages that are not sent yet */
export function threadOf(root: Named, lines: readonly Line[], waiting: readonly TextItem[]): ThreadLines {
  const names = new Set([nameOf(root)]);
  const isIn = (item: TextItem) => item.reply !== undefined && names.has(nameOf(item.reply));
  const found = lines.filter((line) => {
    if (line.item.kind !== 'text') return false;
    const name = nameOf(line.item);
    if (isIn(line.item)) names.add(name);
    return names.has(name);
  });
  return { lines: found, waiting: waiting.filter(isIn) };
}

/** @returns the first message of the replies that end with this one, as far as they are loaded */
export function rootOf(item: TextItem, find: (reply: Named) => TextItem | undefined): TextItem {
  let root = item;
  // A reply can name only a message before it, but a sender may say anything.
  for (const passed = new Set<TextItem>(); root.reply !== undefined && !passed.has(root); ) {
    passed.add(root);
    const before = find(root.reply);
    if (before === undefined) return root;
    root = before;
  }
  return root;
}
