import type { EndState } from '@gochat/client/outgoing';
import type { Formats } from './formats.ts';
import { namesIn } from './names.ts';

/** What the rows of a timeline say. Names come sanitized, times formatted. */
export function timelineWords(f: Formats) {
  const names = namesIn(f);
  return {
    you: 'you',
    start: 'Your history of this room starts here. You can’t read messages sent before you joined.',
    startShared: 'Earlier messages were not shared with you.',
    made: (room: string) => `You made ${room}. Its history starts here.`,
    madeAlone: (room: string) => `You made ${room}. Invite somebody.`,
    /** Of a conversation of two. */
    between: (name: string) => `Only you and ${name} can read this.`,
    invite: 'Invite',
    unreadLine: 'New messages',
    deletedOwn: 'You deleted this message',
    deleted: (author: string) => `${author} deleted this message`,
    deletedByAdmin: (author: string, by: string) => `${by} deleted a message from ${author}`,
    ignored: (count: number, authors: readonly string[]) =>
      f.plural(count, {
        one: `# message from ${names(authors)} (ignored)`,
        other: `# messages from ${names(authors)} (ignored)`,
      }),
    edited: (time: string) => `edited ${time}`,
    /** Of messages from before this profile has joined. `isStranger`: nobody else says that their author was ever a member. */
    shared: (by: string, isStranger: boolean) =>
      isStranger ? `shared by ${by}; its author is no member now` : `shared by ${by}`,
    /** The name that whoever has forwarded it says. */
    forwarded: (from: string) => `forwarded from ${from}`,
    thread: {
      start: 'One message and the replies to it. What you write here is a reply. Esc shows all messages.',
      back: 'All messages',
      replies: (count: number) => f.plural(count, { one: '# reply', other: '# replies' }),
    },
    /** What a link to a message is shown as. */
    messageIn: (room: string) => `message in ${room}`,
    newer: 'sent with a newer version of GoChat, in these words for yours: upgrade to see it',
    poll: {
      rule: { one: 'Choose one answer', many: 'Choose one or more answers' },
      voted: (count: number) =>
        count === 0
          ? 'Nobody has voted'
          : f.plural(count, { one: '# person has voted', other: '# people have voted' }),
      closedOwn: 'You closed this poll. The votes are final.',
      closed: (by: string) => `${by} closed this poll. The votes are final.`,
    },
    waiting: 'waiting to be sent',
    refused: (end: EndState) => {
      if (end === 'missed')
        return 'perhaps not everybody could read it: this device had not followed the others. You can send it again.';
      if (end === 'silenced')
        return 'not sent: you could not write in this room. You can send it again when you can.';
      return end === 'unknown'
        ? 'it was on its way when you left: the others may have received it'
        : 'not sent: you were no longer a member, or could not write';
    },
    sent: 'sent',
    readBy: (who: readonly string[]) => `read by ${names(who)}`,
    reactedBy: (who: readonly string[]) => names(who),
    goneQuote: 'a message that has disappeared, or never came to this device',
    missingQuote: 'a message that is not on this device',
    deletedQuote: 'a deleted message',
    /** A message in one line, in a list of rooms or a notification. */
    preview: (author: string, text: string) => `${author}: ${text}`,
    /** The same for a message in the third person. The colon shows who wrote it: without it, it could imitate a notice. */
    previewAction: (author: string, text: string) => `${author}: * ${text}`,
    /** The whole row for a screen reader; empty parts are left out. */
    spoken: {
      message: (row: SpokenMessage) =>
        [
          `${row.author}, ${row.time}`,
          row.mentionsYou ? 'mentions you' : '',
          row.isReply ? `reply to ${row.replyTo === '' ? 'someone' : row.replyTo}` : '',
          row.forwarded,
          row.newer,
          row.text,
          ...row.poll,
          ...row.files,
          row.reactions.length === 0
            ? ''
            : `reactions: ${row.reactions.map(({ emoji, by }) => `${emoji} ${by}`).join(', ')}`,
          row.replies,
          row.edited,
          row.shared,
          row.timeMark,
          row.delivery,
        ]
          .filter((part) => part !== '')
          .join('; '),
      answer: ({ text, count, by }: SpokenAnswer, i: number) =>
        [`answer ${f.number(i + 1)}: ${text}`, f.plural(count, { one: '# vote', other: '# votes' }), by]
          .filter((part) => part !== '')
          .join(', '),
      notice: (time: string, text: string) => `${time}: ${text}`,
      warning: (time: string, text: string) => `Warning, ${time}: ${text}`,
    },
  };
}

interface SpokenMessage {
  readonly author: string;
  readonly time: string;
  readonly mentionsYou: boolean;
  readonly isReply: boolean;
  /** Empty when the quoted message is not on this device. */
  readonly replyTo: string;
  readonly forwarded: string;
  readonly newer: string;
  readonly text: string;
  /** Of a poll: each answer in a sentence. */
  readonly poll: readonly string[];
  /** Each file in a sentence. */
  readonly files: readonly string[];
  readonly reactions: readonly { readonly emoji: string; readonly by: string }[];
  readonly replies: string;
  readonly edited: string;
  readonly shared: string;
  readonly timeMark: string;
  readonly delivery: string;
}

interface SpokenAnswer {
  readonly text: string;
  readonly count: number;
  readonly by: string;
}
