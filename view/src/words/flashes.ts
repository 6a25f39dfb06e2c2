import type { Formats } from './formats.ts';

/** One line about what was just done, or why it couldn't be done. */
export function flashWords(f: Formats) {
  return {
    copied: 'Copied',
    linkCopied: 'Link copied',
    messageLinkCopied: 'Link copied. Only members of this room can read the message.',
    notCopied: 'Couldn’t copy. Select the text and copy it yourself.',
    unknownCommand: (name: string) =>
      `Unknown command: /${name}. Type /help for a list. To send text that starts with a slash, type //.`,
    noArgument: (name: string) =>
      `/${name} takes no text after it. To send text that starts with a slash, type //.`,
    notAvailable: (command: string) => `/${command} is not available here`,
    needsMessage: (command: string) => `/${command} needs a message. Select one first.`,
    usage: (usage: string) => `Usage: ${usage}`,
    noMember: (name: string) => `There is no member “${name}” in this room`,
    noPoll: 'There is no poll here',
    noOpenPoll: 'There is no open poll here',
    noPollToClose: 'There is no open poll here that you may close',
    noRoom: (name: string) => `There is no room “${name}”`,
    severalRooms: (name: string, count: number) =>
      `${f.number(count)} rooms match “${name}”. To open the next one, type the command again.`,
    noRoomOfLink:
      'This link leads to a message in a room that you are not in, or that this device doesn’t have. Ask for an invite.',
    noMessage: 'That message is not on this device',
    emptyEdit: 'A message can’t be empty. To remove it, delete it.',
    editGone: 'The message was deleted. Your text is in the message field, as a new message.',
    lost: {
      edit: 'The message that you edited has disappeared. Your text is in the message field, as a new message.',
      reply:
        'The message that you answered has disappeared. Your text is in the message field, as a new message.',
      thread: 'The first message of the thread is gone. Your text is in the message field, as a new message.',
    },
    markedRead: 'Marked as read',
    notify: {
      all: 'You get notifications about all messages in this room',
      mentions: 'You get notifications about mentions in this room',
      none: 'This room is muted',
    },
    ignored: (name: string) => `You ignore ${name}. Their messages are hidden.`,
    ignoresSelf: 'You can’t ignore yourself',
    notIgnored: (name: string) => `You no longer ignore ${name}`,
    verified: (name: string) => `${name} is marked as verified`,
    notVerified: (name: string) => `${name} is no longer marked as verified`,
    unsent: (restored: boolean) =>
      restored ? 'Not sent. The text is back in the message field.' : 'Not sent',
    notSentAgain: 'The message is not sent again',
    sentAgain: (count: number) =>
      f.plural(count, { one: '# message is sent again', other: '# messages are sent again' }),
    notUnsent: 'Too late: the server may have the message already',
    removed: (name: string) => `${name} was removed. The keys have changed, and all invites are invalid.`,
    banned: (name: string) => `${name} is banned. The keys have changed, and all invites are invalid.`,
    unbanned: (name: string) => `The ban of ${name} has ended`,
    pinned: (on: boolean) => (on ? 'Pinned for all members' : 'No longer pinned'),
    noRole: (role: string) => `There is no role “${role}”: say admin, moderator, speaker, member or observer`,
    forgotten: (room: string) => `${room} is no longer in the list`,
    codeMatched: 'The codes match: everybody who has this code has the same members and keys',
    /** @param files by name. */
    notAttached: (files: readonly string[]) =>
      `${f.list(files)} can’t be sent: GoChat can’t send pictures and other files yet, only text files (UTF-8, or UTF-16 with a byte order mark) of at most 60 kB. Your message is unchanged.`,
    /** @param files by name. */
    emptyFiles: (files: readonly string[]) =>
      `There is no text in ${f.list(files)}. Your message is unchanged.`,
    returned: 'This device is back with the others',
    joined: (room: string) => `You joined ${room}`,
    stayed: (room: string) => `You stay in ${room}: the others were not yet notified that you leave`,
    alreadyIn: (room: string) => `You are already in ${room}`,
    saved: 'Saved for all members',
    keysRenewed: 'This device has new keys',
    inviteRevoked: 'Invite revoked',
    noFile: 'No file was read. It must be a text file of at most 60 kB.',
    fileTooLong: 'This file is too long for one message (at most 60 kB)',
  };
}
