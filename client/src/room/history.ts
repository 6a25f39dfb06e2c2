import type { FileContent, Ref } from '@gochat/crypto/content';
import type { Settings } from '@gochat/crypto/event';
import type { HistorySetting } from '@gochat/crypto/packs';
import type { Role, Silence } from '@gochat/crypto/speaking';
import type { TimeMark } from '@gochat/crypto/time-mark';
import type { Position } from '@gochat/protocol/fields';

/** One line of a room's history as this profile has it. It is a fact: screens make the sentence. */
export type HistoryItem = TextItem | EventItem;

/** A line that is not a message: something happened in the room, or something is wrong with the log. */
export type EventItem =
  | LeavingItem
  | KnockedItem
  | JoinedItem
  | RemovedItem
  | RenamedItem
  | ChangedItem
  | WarningItem;

/** `seq` and `sub` identify a line permanently. */
interface Line {
  readonly seq: Position;
  /** Numbers the lines of one log entry from 0. */
  readonly sub: number;
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  /** What contradicts that time. */
  readonly timeMark?: TimeMark;
  /** Display name of the author, or of the member who left, joined or was removed; empty for warnings. */
  readonly from: string;
  /** That member's identity key, or empty. */
  readonly identity: string;
  /** Whether that is this profile's person, on any device. */
  readonly own: boolean;
}

/** A message, with every later change applied. */
export interface TextItem extends Line {
  readonly kind: 'text';
  /** As its author last edited it; empty after it was deleted, or where there are only files. */
  readonly text: string;
  /** The message's own id. */
  readonly id: string;
  /** When it disappears, in milliseconds since 1970; never if absent. */
  readonly expires?: number;
  /** It is of a kind that this version doesn't know: `text` is what its sender's newer version says in place of it. */
  readonly newer?: true;
  /** Written in the third person, as with `/me`. */
  readonly me?: true;
  /** The message that this one answers. */
  readonly reply?: Ref;
  /**
   * Where its author has posted it again, because perhaps not everybody could read it the first time. Those have it there: what is sent
   * about the message refers to this position.
   */
  readonly again?: Position;
  /** Identity keys of the members whom it mentions. */
  readonly mentions?: readonly string[];
  /** Its files as the author describes them. Names and types are claims: clean names before they are shown. */
  readonly files?: readonly FileContent[];
  /** It asks a question, as `readPoll` reads it; how many answers a person may choose. Reactions with their emoji are the votes. */
  readonly poll?: 'one' | 'many';
  /** Of a poll that is closed: who closed it, by the name at that time, and when, by the server's clock. Its votes are final. */
  readonly closed?: { readonly by: string; readonly own: boolean; readonly at: number };
  /** Whose words these are, as its author says: a name from another conversation, which proves nothing. */
  readonly forwarded?: { readonly from: string };
  /** When its author last edited it, by the server's clock. */
  readonly edited?: number;
  /** Who deleted it, by the name at that time. Its text is gone from this profile. */
  readonly deleted?: { readonly by: string; readonly own: boolean };
  readonly reactions?: readonly Reaction[];
  /** Who has shared it with this profile, which couldn't read it when it was said. Its author has signed it, but not its position and time. */
  readonly shared?: { readonly identity: string; readonly by: string };
  /** Of a shared message: its author was no member when it was shared. Then only the sharer says that it ever was one. */
  readonly stranger?: true;
}

/** Whether a line has disappeared by now, in milliseconds since 1970. */
export function hasExpired(item: HistoryItem, now: number): boolean {
  return item.kind === 'text' && item.expires !== undefined && item.expires <= now;
}

/** Who added one emoji to a message. */
export interface Reaction {
  readonly emoji: string;
  /** In the order in which they came. */
  readonly by: readonly { readonly identity: string; readonly name: string }[];
}

/** A member asks to be removed. */
export interface LeavingItem extends Line {
  readonly kind: 'leaving';
}

/** Somebody who is no member asks to be let in, under the name `from`. Only admins and moderators have this line. */
export interface KnockedItem extends Line {
  readonly kind: 'knocked';
  /** Of the knock. */
  readonly id: string;
  /** What it says to the members. */
  readonly words?: string;
}

export interface JoinedItem extends Line {
  readonly kind: 'joined';
  /** The device was a member already, and joined again with another invite. */
  readonly again?: true;
  /** The person was a member already, with another device. */
  readonly another?: true;
  /** The device came back, because it could not follow a change by this member; empty if unknown. */
  readonly unfollowed?: string;
}

export interface RemovedItem extends Line {
  readonly kind: 'removed';
  /** The display name of the member who did it. */
  readonly by?: string;
  /** Only a device of the person was removed. The person is still a member. */
  readonly oneDevice?: true;
}

/** A member changed the own display name. */
export interface RenamedItem extends Line {
  readonly kind: 'renamed';
  readonly was: string;
}

/** An admin changed the room. An older version of this software kept a sentence instead: then no member is set. */
export interface ChangedItem extends Line {
  readonly kind: 'changed';
  readonly name?: string;
  /** Empty when the topic was removed. */
  readonly topic?: string;
  /** How much of the history newcomers are shown. */
  readonly history?: HistorySetting;
  /** Display names of those who became admins. */
  readonly admins?: readonly string[];
  /** Display names of those who are no longer admins. */
  readonly dropped?: readonly string[];
  /** Display names of others whose role is another one, with that role. */
  readonly roles?: readonly { readonly name: string; readonly role: Role }[];
  /** The rules that changed, with their new values; 0 seconds for one that doesn't apply any more. */
  readonly rules?: Settings['rules'];
  /** Who is banned now, and whose ban has ended. */
  readonly banned?: readonly BannedPerson[];
  readonly unbanned?: readonly BannedPerson[];
  /** The ids of messages. */
  readonly pinned?: readonly string[];
  readonly unpinned?: readonly string[];
}

/** Somebody who may not join. */
export interface BannedPerson {
  /** Of the identity key. */
  readonly fingerprint: string;
  /** The display name at the time when this device read of the person last. */
  readonly name?: string;
}

export type WarningItem = Line & { readonly kind: 'warning' } & WarningFact;

/** What is wrong, by the kinds of crypto's `Warning`, with display names. */
export type WarningFact =
  | {
      readonly warning:
        | 'undecryptable'
        | 'repeated'
        | 'skipped-handshake'
        | 'rolled-back'
        | 'broken'
        | 'expired'
        /** An older version of this software kept a sentence, which is not shown any more. */
        | 'older-version';
    }
  /** `count` messages had disappeared before this device could read them. */
  | { readonly warning: 'disappeared'; readonly count: number }
  | { readonly warning: 'missing' | 'expired-of' | 'unseen'; readonly member: string; readonly count: number }
  /**
   * `misplaced`: what `member` says refers to a message at another position than here. `unfollowed`: this device could not follow a
   * change by `member`. `split`: others have, as `member` has signed. `join-skipped`: others have ignored this
   * device's join, as `member` has signed.
   */
  | {
      readonly warning: 'forked' | 'misplaced' | 'unknown-content' | 'unfollowed' | 'split' | 'join-skipped';
      readonly member: string;
    }
  /** `withheld` without `member`: the server says that messages expired which are too young for that. */
  | { readonly warning: 'withheld' | 'hole'; readonly member?: string }
  /**
   * Of the history that `member` has shared, `count` messages are left out: what nobody has signed who is named there, or what is of
   * another room.
   */
  | { readonly warning: 'shared-forged' | 'shared-foreign'; readonly member: string; readonly count: number }
  /** Between what `member` has said and `by` has shared, `count` things are missing: deleted, changed later, or left out. */
  | {
      readonly warning: 'shared-missing';
      readonly member: string;
      readonly by: string;
      readonly count: number;
    }
  /** The server doesn't have any more, or has changed, what `member` has shared. */
  | { readonly warning: 'shared-gone'; readonly member: string }
  /** In milliseconds. Without `before`: the server kept messages for ever. */
  | { readonly warning: 'shorter-retention'; readonly ms: number; readonly before?: number }
  /** `member` said something that it may not say, which is left out. Only admins and moderators are warned, and `member` itself. */
  | { readonly warning: 'refused-message'; readonly member: string; readonly why: Silence['reason'] }
  /** `by` tried to edit, delete or close a message of `member` without the right to. */
  | {
      readonly warning: 'refused-change';
      readonly change: 'edit' | 'delete' | 'close';
      readonly by: string;
      readonly member: string;
    };

/** A line before it is numbered within its log entry. */
export type NewItem = WithoutSub<HistoryItem>;
export type WithoutSub<T> = T extends unknown ? Omit<T, 'sub'> : never;

/** Equal for events that differ only in when they happened and to whom. */
export function factKey(item: WithoutSub<EventItem>): string {
  const {
    seq: _seq,
    sub: _sub,
    at: _at,
    timeMark: _timeMark,
    from: _from,
    identity: _identity,
    own: _own,
    ...fact
  } = { sub: 0, ...item };
  return JSON.stringify(fact);
}
