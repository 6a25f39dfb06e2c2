import type { Content } from '@gochat/crypto/content';
import type { Reaction, TextItem } from './history.ts';

/** What changes a message that was said before. */
export type MessageChange = Extract<Content, { kind: 'edit' | 'delete' | 'react' }>;

/** Who makes a change, as the room knew them at its place in the log. */
export interface ChangeAuthor {
  readonly device: string;
  readonly name: string;
  readonly own: boolean;
  readonly admin: boolean;
}

/** So many different emoji can stand at one message. */
export const EMOJI_PER_MESSAGE = 20;

/** @returns whether it is about a message that was said before. */
export function isChange(content: Content): content is MessageChange {
  return content.kind === 'edit' || content.kind === 'delete' || content.kind === 'react';
}

/** Which message a change is about. */
export function targetOf(change: MessageChange) {
  return change.kind === 'react' ? change.to : change.of;
}

/**
 * A message once somebody's change of it holds: only its author's device edits it, only that and admins take it back.
 * @returns the same item when there is nothing to change any more; `refused` when the author has no right to it.
 */
export function applyChange(
  item: TextItem,
  change: MessageChange,
  author: ChangeAuthor,
  at: number,
): TextItem | 'refused' {
  const owns = item.device === author.device;
  if (change.kind === 'edit' && !owns) return 'refused';
  if (change.kind === 'delete' && !owns && !author.admin) return 'refused';
  if (item.deleted !== undefined) return item;
  switch (change.kind) {
    case 'edit': {
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
      return reacted(item, change, author);
    default:
      return change satisfies never;
  }
}

function erased(item: TextItem, author: ChangeAuthor): TextItem {
  const { seq, sub, at, kind, from, device, own, id } = item;
  const deleted = { by: author.name, own: author.own };
  return { seq, sub, at, kind, from, device, own, text: '', id, deleted };
}

function reacted(
  item: TextItem,
  { emoji, on }: Extract<MessageChange, { kind: 'react' }>,
  { device, name }: ChangeAuthor,
): TextItem {
  const { reactions = [], ...bare } = item;
  const stands = reactions.find((r) => r.emoji === emoji);
  if (on === (stands?.by.some((b) => b.device === device) ?? false)) return item;
  if (stands === undefined) {
    if (reactions.length >= EMOJI_PER_MESSAGE) return item;
    return { ...bare, reactions: [...reactions, { emoji, by: [{ device, name }] }] };
  }
  const by = on ? [...stands.by, { device, name }] : stands.by.filter((b) => b.device !== device);
  const next = reactions.flatMap((r): Reaction[] =>
    r !== stands ? [r] : by.length > 0 ? [{ emoji, by }] : [],
  );
  return next.length > 0 ? { ...bare, reactions: next } : bare;
}
