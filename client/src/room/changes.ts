import type { Content } from '@gochat/crypto/content';
import { isEmoji } from './emoji.ts';
import type { Reaction, TextItem } from './history.ts';
import { ANSWER_EMOJI, isVote, replacesAnswer } from './polls.ts';

/** A change of an earlier message. */
export type MessageChange = Extract<Content, { kind: 'edit' | 'delete' | 'react' | 'close' }>;

/** The author of a change, with the name and rights at that position of the log. */
export interface ChangeAuthor {
  readonly identity: string;
  readonly name: string;
  readonly own: boolean;
  readonly admin: boolean;
  readonly moderator: boolean;
}

/** The limit of different emoji on one message. */
export const EMOJI_PER_MESSAGE = 20;

/** @returns whether the content changes an earlier message. */
export function isChange(content: Content): content is MessageChange {
  return ['edit', 'delete', 'react', 'close'].includes(content.kind);
}

/** Which message a change is about. */
export function targetOf(change: MessageChange) {
  return change.kind === 'react' ? change.to : change.of;
}

/**
 * Applies a change to a message. Only the author may edit it, on any device, and to nothing only where it has files, which stay; the
 * author and admins may delete it. The author, admins and moderators may close a poll: from then on no vote is added or removed, and its
 * text stays, so that the answers are those that were counted.
 * @returns the same item when nothing changes; `refused` when the author of the change has no right to it.
 */
export function applyChange(
  item: TextItem,
  change: MessageChange,
  author: ChangeAuthor,
  at: number,
): TextItem | 'refused' {
  const owns = item.identity === author.identity;
  if (change.kind === 'edit' && !owns) return 'refused';
  if (change.kind === 'edit' && change.text === '' && item.deleted === undefined && item.files === undefined)
    return 'refused';
  if (change.kind === 'delete' && !owns && !author.admin) return 'refused';
  if (change.kind === 'close' && !owns && !author.admin && !author.moderator) return 'refused';
  if (item.deleted !== undefined) return item;
  switch (change.kind) {
    case 'edit': {
      if (item.closed !== undefined) return item;
      const { mentions: _, ...rest } = item;
      return {
        ...rest,
        text: change.text,
        ...(change.mentions !== undefined && { mentions: change.mentions }),
        edited: at,
      };
    }
    case 'delete':
      return erased(item, author);
    case 'react':
      return item.closed !== undefined && isVote(item, change.emoji) ? item : reacted(item, change, author);
    case 'close':
      if (item.poll === undefined || item.closed !== undefined) return item;
      return { ...item, closed: { by: author.name, own: author.own, at } };
    default:
      return change satisfies never;
  }
}

function erased(item: TextItem, author: ChangeAuthor): TextItem {
  const { seq, sub, at, timeMark, kind, from, identity, own, id, expires, again } = item;
  const deleted = { by: author.name, own: author.own };
  const line = {
    seq,
    sub,
    at,
    ...(timeMark && { timeMark }),
    kind,
    from,
    identity,
    own,
    ...(expires !== undefined && { expires }),
    ...(again && { again }),
  };
  return { ...line, text: '', id, deleted };
}

function reacted(
  item: TextItem,
  { emoji, on }: Extract<MessageChange, { kind: 'react' }>,
  { identity, name }: ChangeAuthor,
): TextItem {
  // Who may not speak could otherwise write words.
  if (on && !isEmoji(emoji)) return item;
  const { reactions: all = [], ...bare } = item;
  const present = all.find((r) => r.emoji === emoji);
  if (on === (present?.by.some((b) => b.identity === identity) ?? false)) return item;
  const reactions = on && replacesAnswer(item, emoji) ? withoutAnswers(all, identity) : all;
  if (present === undefined) {
    if (reactions.length >= EMOJI_PER_MESSAGE) return item;
    return { ...bare, reactions: [...reactions, { emoji, by: [{ identity, name }] }] };
  }
  const by = on ? [...present.by, { identity, name }] : present.by.filter((b) => b.identity !== identity);
  const next = reactions.flatMap((r): Reaction[] =>
    r.emoji !== emoji ? [r] : by.length > 0 ? [{ emoji, by }] : [],
  );
  return next.length > 0 ? { ...bare, reactions: next } : bare;
}

/** Without the answer that the person had chosen before. */
function withoutAnswers(reactions: readonly Reaction[], identity: string): readonly Reaction[] {
  return reactions.flatMap((r): Reaction[] => {
    if (!ANSWER_EMOJI.includes(r.emoji)) return [r];
    const by = r.by.filter((b) => b.identity !== identity);
    return by.length > 0 ? [{ ...r, by }] : [];
  });
}
