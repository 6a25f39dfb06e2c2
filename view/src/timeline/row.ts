import type { Block } from '../text/rich.ts';

/** One row of a timeline. A screen draws each kind; a switch over `kind` ends in `satisfies never`. */
export type Row =
  | DayRow
  | UnreadRow
  | StartRow
  | MessageRow
  | DeletedRow
  | IgnoredRow
  | NoticeRow
  | WarningRow;

export const ROW_KINDS = [
  'day',
  'unread',
  'start',
  'message',
  'deleted',
  'ignored',
  'notice',
  'warning',
] as const satisfies readonly Row['kind'][];

interface Common {
  /** Identifies the row permanently. */
  readonly key: string;
  /** The row as one sentence, for screen readers. */
  readonly spoken: string;
}

export interface DayRow extends Common {
  readonly kind: 'day';
  readonly text: string;
}

/** The line above the first new message. */
export interface UnreadRow extends Common {
  readonly kind: 'unread';
  readonly text: string;
}

/** The line above the first line that this profile has. */
export interface StartRow extends Common {
  readonly kind: 'start';
  readonly text: string;
  /** The label of a button that runs the command `invite`; empty for none. */
  readonly invite: string;
  /** Above the replies to one message: the label of a button that runs the command `close-thread`; otherwise empty. */
  readonly back: string;
}

export interface Author {
  /** The identity key. */
  readonly identity: string;
  readonly name: string;
  /** Stable per member: an index from 0 to {@link COLOURS} - 1 into the screen's palette. */
  readonly colour: number;
  readonly own: boolean;
  readonly verified: boolean;
}

/** How many colours a screen's palette of names has. */
export const COLOURS = 12;

export interface ReactionRow {
  readonly emoji: string;
  readonly count: number;
  /** Whether this profile is one of those who reacted. */
  readonly own: boolean;
  /** "ana, ben and 2 others". */
  readonly by: string;
}

/** A question with answers to choose from: `actions.react(row, answer.emoji)` chooses one, or takes the choice away. */
export interface PollRow {
  /** "Choose one answer", or several; of a closed poll who closed it. */
  readonly rule: string;
  /** Whether one can vote. */
  readonly isOpen: boolean;
  readonly answers: readonly AnswerRow[];
  /** "3 people have voted". */
  readonly total: string;
}

export interface AnswerRow {
  /** The reaction that chooses it. */
  readonly emoji: string;
  readonly text: string;
  readonly count: number;
  /** Of those who have voted, how many chose it, from 0 to 1. */
  readonly share: number;
  readonly own: boolean;
  /** "ana and ben", or empty. */
  readonly by: string;
}

/** A message as it is quoted. */
export interface Quote {
  readonly seq: string;
  /** The row's key, if it is among those shown. */
  readonly key: string | undefined;
  readonly from: string;
  readonly colour: number;
  readonly text: string;
}

/** What a screen does with a file. `other`: it is only saved, or opened by another program. */
export type FileKind = 'picture' | 'audio' | 'video' | 'voice' | 'other';

/**
 * Where the bytes of a file are: `waiting` and `sending`, of an own message on its way; `there`, on the server; `fetching`; `here`, on
 * this device; `gone`, no longer kept; `failed`, not sent or not fetched.
 */
export type FileState = 'waiting' | 'sending' | 'there' | 'fetching' | 'here' | 'gone' | 'failed';

/** A file of a message. What it says of its own content is a claim of its sender. */
export interface FileRow {
  readonly id: string;
  /** Its place in the message, from 0: with the row's key it names the file for the actions. */
  readonly index: number;
  readonly kind: FileKind;
  /** Safe to show and to save under. */
  readonly name: string;
  /** A media type, such as `image/jpeg`. */
  readonly type: string;
  /** "2.4 MB". */
  readonly size: string;
  /** What is to be seen or heard, in words; or empty. */
  readonly alt: string;
  /** Of a picture or video as it is shown, in pixels; a screen reserves its place with them. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** A ThumbHash as base64url. */
  readonly thumb: string | undefined;
  /** Whether the sender made a smaller picture: `actions.picture(row, index, 'preview')`. */
  readonly preview: boolean;
  /** The length of a recording, "0:42"; or empty. */
  readonly length: string;
  /** The loudness of a voice message in equal parts of its length, from 0 to 1. */
  readonly wave: readonly number[];
  readonly state: FileState;
  /** How much is sent or fetched, from 0 to 1; undefined when neither is under way. */
  readonly progress: number | undefined;
  /** Whether it is a picture that isn't fetched unasked: `actions.file(row, index, 'fetch')` asks. */
  readonly asks: boolean;
  /** The state in words, such as "sending 3 of 12 MB"; empty when there is nothing to say. */
  readonly text: string;
  /** All of this in one sentence. */
  readonly spoken: string;
}

/** The state of an own message; `refused`: it isn't sent any more. */
export type Delivery = 'waiting' | 'refused' | 'sent' | 'read';

export interface MessageRow extends Common {
  readonly kind: 'message';
  /** Its position in the log; empty while it waits to be sent. */
  readonly seq: string;
  readonly author: Author;
  /** The time of day, and the whole date for a tooltip. */
  readonly time: string;
  readonly date: string;
  /** Whether it starts a group: the row above is by another author, or some minutes older. */
  readonly first: boolean;
  /** Written in the third person: drawn as "* ana waves". */
  readonly me: boolean;
  readonly body: readonly Block[];
  /** Whether it is only one to three emoji, which are drawn large. */
  readonly large: boolean;
  /** The text as it was written. */
  readonly source: string;
  /** "edited 14:03", or empty. */
  readonly edited: string;
  /** "shared by Ben", or empty: on the first message of a group that somebody has shared. */
  readonly shared: string;
  /** "The server’s time is 12 minutes later than the sender’s clock", or empty. */
  readonly timeMark: string;
  readonly reply: Quote | undefined;
  /** In their order. A message with files may have no text. */
  readonly files: readonly FileRow[];
  /** "3 replies": how many it has, with the replies to these; or empty. The command `thread` shows them. */
  readonly replies: string;
  /** Without the votes of a poll. */
  readonly reactions: readonly ReactionRow[];
  /** Undefined for a message that is no poll. The question is in `body`. */
  readonly poll: PollRow | undefined;
  /** "forwarded; Ben said it, says ana", or empty. */
  readonly forwarded: string;
  /** "sent with a newer version of GoChat: …", or empty: what it was is not in `body`. */
  readonly newer: string;
  /** Undefined for others' messages. */
  readonly delivery: Delivery | undefined;
  /** "waiting to be sent", "not sent", "sent", "read by ana and ben", or empty. */
  readonly deliveryText: string;
  /** Whether it mentions this profile or replies to it. */
  readonly mentioned: boolean;
}

/** A message that was deleted. */
export interface DeletedRow extends Common {
  readonly kind: 'deleted';
  readonly author: Author;
  readonly time: string;
  readonly first: boolean;
  readonly text: string;
}

/** Consecutive messages of ignored members. */
export interface IgnoredRow extends Common {
  readonly kind: 'ignored';
  readonly text: string;
}

/** Consecutive joins, removals and changes of the room, folded. */
export interface NoticeRow extends Common {
  readonly kind: 'notice';
  readonly time: string;
  /** All of them in one sentence. */
  readonly text: string;
  /** One by one, in order. */
  readonly details: readonly { readonly time: string; readonly text: string }[];
}

/** An entry that is undecryptable, missing, reordered or refused: what happened, and what to do. */
export interface WarningRow extends Common {
  readonly kind: 'warning';
  readonly time: string;
  readonly text: string;
}
