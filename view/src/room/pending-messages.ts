import { applyChange, isChange, targetOf } from '@gochat/client/changes';
import type { TextItem } from '@gochat/client/history';
import type { MemberInfo, Waiting } from '@gochat/client/methods';
import type { EndState } from '@gochat/client/outgoing';
import { type Lines, ownKey } from '../timeline/lines.ts';
import { WAITING_SEQ } from '../timeline/rows.ts';

const REMEMBERED = 200;

/** What waits to be sent in one room, was refused or perhaps not read by everybody, as it is shown until then. */
export class PendingMessages {
  readonly #lines: Lines;
  readonly #items = new Map<string, TextItem>();
  waiting: readonly Waiting[] = [];

  constructor(lines: Lines) {
    this.#lines = lines;
  }

  /** How many messages and changes wait to be sent. */
  get count(): number {
    return this.waiting.filter(({ state }) => state === 'waiting').length;
  }

  /** Those that are not sent any more, by id. */
  get refused(): ReadonlyMap<string, EndState> {
    return new Map(this.waiting.flatMap(({ id, state }) => (state === 'waiting' ? [] : [[id, state]])));
  }

  /** Messages as the lines that they will become, except those that are in the log already. */
  items(self: { readonly name: string; readonly identity: string }): readonly TextItem[] {
    return this.waiting.flatMap((one) => {
      if (one.content.kind !== 'text' || this.#lines.get(ownKey(one.id)) !== undefined) return [];
      return [this.#item(one, one.content, self)];
    });
  }

  #item(
    { id, at }: Waiting,
    { text, me, reply, mentions, files, poll, forwarded }: Extract<Waiting['content'], { kind: 'text' }>,
    { name, identity }: { readonly name: string; readonly identity: string },
  ): TextItem {
    const known = this.#items.get(id);
    if (known !== undefined) return known;
    const item: TextItem = {
      seq: WAITING_SEQ as TextItem['seq'],
      sub: 0,
      at,
      kind: 'text',
      from: name,
      identity,
      own: true,
      text,
      id,
      ...(me && { me }),
      ...(reply && { reply }),
      ...(mentions && { mentions }),
      ...(files && { files }),
      ...(poll && { poll }),
      ...(forwarded && { forwarded }),
    };
    if (this.#items.size > REMEMBERED) this.#items.clear();
    this.#items.set(id, item);
    return item;
  }

  /** Lines with the waiting edits, deletions and reactions applied, by key. */
  changed(self: MemberInfo | undefined): ReadonlyMap<string, TextItem> {
    const changed = new Map<string, TextItem>();
    if (self === undefined) return changed;
    const author = {
      identity: self.identity,
      name: self.name,
      own: true,
      admin: self.admin,
      moderator: self.role === 'moderator',
    };
    for (const { id, content, at, state, again } of this.waiting) {
      if (again && content.kind === 'text') {
        const line = this.#lines.get(ownKey(id));
        if (line?.item.kind === 'text' && line.item.again === undefined) changed.set(line.key, line.item);
      }
      if (!isChange(content) || state !== 'waiting') continue;
      const target = targetOf(content);
      const line = this.#lines.message(target.seq, target.id);
      if (line === undefined) continue;
      const next = applyChange(changed.get(line.key) ?? line.item, content, author, at);
      if (next !== 'refused') changed.set(line.key, next);
    }
    return changed;
  }
}
