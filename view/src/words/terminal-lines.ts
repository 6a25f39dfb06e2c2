import type { Role } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import { fileWords } from './files.ts';
import type { Formats } from './formats.ts';

/** How many have chosen an answer. */
interface Votes {
  readonly emoji: string;
  readonly count: number;
}

/** What the line mode says, and what the commands about rooms print for people. */
export function lineText(f: Formats) {
  const files = fileWords(f);
  const date = (at: number) => f.clock.date(at);
  const counts = (rooms: number, messages: number) =>
    f.list([
      f.plural(rooms, { one: '# room', other: '# rooms' }),
      f.plural(messages, { one: '# message', other: '# messages' }),
    ]);
  const counted = (votes: readonly Votes[]) =>
    votes.map(({ emoji, count }) => `${emoji} ${f.number(count)}`).join(', ');
  const members = (count: number) => f.plural(count, { one: '# member', other: '# members' });
  return {
    knocks: {
      none: 'nobody asks to join: gochat invite ROOM --approve makes a link that needs approval',
      noneWaiting: 'you wait for nobody’s approval',
      banned: 'banned',
      approved: (name: string) => `${name} is let in, and joins as soon as their device asks again`,
      declined: (name: string) => `${name} is declined`,
      cancelled: 'you no longer wait for this room',
      states: {
        sending: 'not asked yet',
        waiting: 'waits for approval',
        declined: 'declined',
        ended: 'the link works no more',
      },
      usage: 'Usage: /knocks, /knocks approve ID, /knocks decline ID',
    },
    direct: {
      /** @param name of the other person */
      asked: (name: string) =>
        `${name} is asked; what you write in the room ${name} waits there until ${name} accepts`,
      there: (name: string) => `You and ${name} can write to each other: the room is called ${name}`,
      none: 'Nobody asks to write to you',
      /** @param room in which both are */
      asks: (name: string, room: string) => `-- ${name} (${room}) wants to write to you: /requests`,
      ignored: 'The request is ignored',
      usage: 'Usage: /requests, /requests accept ID, /requests ignore ID',
    },
    connecting: 'connecting…',
    connected: '-- Connected!',
    /** @param problem why there is no connection. */
    offline: (problem: string) => `-- ${problem}; your messages are queued`,
    stillQueued: (count: number) =>
      f.plural(count, {
        one: '-- # message is queued, and is sent when gochat next reaches the server if you are still a member then',
        other:
          '-- # messages are queued, and are sent when gochat next reaches the server if you are still a member then',
      }),
    /** Why messages are not sent yet: the user has ended the wait. */
    stopped: 'Stopped before the server had all',
    /** @param problem why they are not sent yet. */
    sentLater: (count: number, problem: string) =>
      f.plural(count, {
        one: `${problem}; # message is queued, and is sent by the next command if you are still a member then`,
        other: `${problem}; # messages are queued, and are sent by the next command if you are still a member then`,
      }),
    /** The membership in which they were written has ended, or their sending was cancelled. */
    notSent: (count: number) =>
      f.plural(count, {
        one: '# message was not sent, and will not be: you are no longer a member, or cancelled it',
        other: '# messages were not sent, and will not be: you are no longer a member, or cancelled them',
      }),
    /** Their author is a member, but may not say them. */
    silenced: (count: number) =>
      f.plural(count, {
        one: '# message was not sent, and will not be: you may not write in this room at present',
        other: '# messages were not sent, and will not be: you may not write in this room at present',
      }),
    /** As of an ended membership, but the server had them already. */
    perhapsSent: (count: number) =>
      f.plural(count, {
        one: '# message was on its way when you left: the others may have received it',
        other: '# messages were on their way when you left: the others may have received them',
      }),
    /** They are in the log, but this device was not in the epoch of the others. @param how the command that sends them again */
    missed: (count: number, how: string) =>
      f.plural(count, {
        one: `perhaps not everybody could read # message that you sent, as this device had not followed the others: ${how} sends it again`,
        other: `perhaps not everybody could read # messages that you sent, as this device had not followed the others: ${how} sends them again`,
      }),
    /** Texts that the server perhaps has not. @param how the command that sends them again */
    unsent: (count: number, how: string) =>
      f.plural(count, {
        one: `# message is not surely sent, as your membership ended or you could not write in the room: ${how} sends it again if you can now`,
        other: `# messages are not surely sent, as your membership ended or you could not write in the room: ${how} sends them again if you can now`,
      }),
    unsentCount: (count: number) => `${f.number(count)} not sent`,
    sentAgain: (count: number) =>
      count === 0
        ? 'there is no message to send again'
        : f.plural(count, { one: '# message is sent again', other: '# messages are sent again' }),
    missedCount: (count: number) => `${f.number(count)} to send again`,
    /** @param problem why the server was not reached. */
    localOnly: (problem: string) => `${problem}; this is what the profile has`,
    failed: 'unknown error',
    tooManyFiles: 'too many open files: raise the limit (ulimit -n)',
    /** @param code the system's error code. */
    linkUnread:
      'nobody has read the link that was made, since standard output was closed: run the command again for another one',
    outputFailed: (code: string) =>
      code === 'ENOSPC'
        ? 'standard output could not be written: there is no space left on the device'
        : `standard output could not be written (${code})`,
    /** Progress while a room's history is fetched. */
    fetched: (count: number) => f.plural(count, { one: 'fetched # message…', other: 'fetched # messages…' }),
    preparing: (name: string, done: number, of: number) => `${name}: prepared ${files.progress(done, of)}`,
    uploading: (done: number, of: number) => files.state.sending(done, of),
    fetchingFile: (name: string, done: number, of: number) => `${name}: ${files.state.fetching(done, of)}`,
    noMessage: (id: string) => `there is no message ${id} in this room`,
    noThread: 'there is no such message, or no reply yet',
    nothingFound: 'no message was found',
    /** A line with the time of its message. */
    timed: (at: number, line: string) => `${f.clock.dayKey(at)} ${f.clock.time(at)} ${line}`,
    /** @param source what the bytes were read from. */
    notUtf8: (source: string, encoding: keyof typeof NOT_UTF8) => `${source} ${NOT_UTF8[encoding]}`,
    standardInput: 'standard input',
    /** What is wrong with a line of standard input. */
    inputLine: (line: number, what: string) => `line ${f.number(line)}: ${what}`,
    /** After what is wrong with a line of a chat. */
    lineFailed: (line: number) => `line ${f.number(line)} failed`,
    /** Of lines of which each is a message. */
    linesStopped: (line: number) => `line ${f.number(line)} and those after it are not sent`,
    pasteLinks: 'paste the invite links, one on each line, then press Ctrl+D',
    needsRoom: (name: string) => `-- /${name} needs a room: choose one first`,
    verbInstead: (name: string, verb: string) =>
      `-- /${name} is not in this mode; in another terminal: ${verb}`,
    /** What does the same as commands of the full screen that the line mode doesn't have. */
    verbs: {
      backup: 'gochat profile backup FILE',
      restore: 'gochat profile restore FILE --profile FOLDER',
      rename: 'gochat rename ROOM NAME',
      topic: 'gochat topic ROOM TEXT',
      invites: 'gochat invites ROOM',
      search: 'gochat search ROOM TEXT',
      edit: 'gochat edit ROOM MESSAGE TEXT',
      delete: 'gochat delete ROOM MESSAGE',
      'copy-link': 'gochat thread ROOM MESSAGE --link',
    },
    newcomersRead: (setting: string) => `newcomers can read: ${setting}`,
    noCommand: (name: string) => `-- there is no /${name}; /help lists the commands, // sends a slash`,
    needsArgument: (name: string, args: string) => `-- /${name} ${args}`,
    /** What is neither media nor text may harm. @param how the command that opens it all the same */
    opensFile: (name: string, how: string) =>
      `${how} opens ${name} with another program, which may harm this device: do it only if you expected the file`,
    severalFiles: (count: number) =>
      f.plural(count, {
        one: 'the message has # file: /open 1',
        other: 'the message has # files: add the number of one',
      }),
    fileNumber: (given: string) => `${given} is not the number of a file: count from 1`,
    noArgument: (name: string) => `-- /${name} takes no text after it; // sends a slash`,

    /**
     * The parameters `from`, `to`, `by` and `who` are names in angle brackets. A mark follows the name without a space, so that no text
     * can imitate it.
     */
    message: (from: string, text: string) => `${from} ${text}`,
    action: (from: string, text: string) => `* ${from} ${text}`,
    reply: (from: string, to: string, text: string) => `${from}(to ${to}) ${text}`,
    /** @param to whom the message replies to, or empty @param number its place among the files of the message, or empty for the only one */
    file: (from: string, to: string, number: string, what: string) =>
      `${from}${to === '' ? '' : `(to ${to})`}(file${number === '' ? '' : ` ${number}`}) ${what}`,
    fileFacts: (name: string, facts: readonly string[], alt: string) =>
      `${[name, ...facts].join(', ')}${alt === '' ? '' : `: ${alt}`}`,
    edited: (from: string, text: string) => `${from}(edited) ${text}`,
    /** Events, notices and the connection's state. */
    system: (what: string) => `-- ${what}`,
    deleted: (from: string, by: string) =>
      by === from ? `-- ${by} deleted a message` : `-- ${by} deleted a message from ${from}`,
    votes: (votes: readonly Votes[]) => `votes: ${counted(votes)}`,
    finalVotes: (by: string, votes: readonly Votes[]) => `final votes, closed by ${by}: ${counted(votes)}`,
    pollClosed: (who: string, text: string) => `-- ${who} closed the poll “${text}”`,
    reacted: (who: string, emoji: string, text: string) => `-- ${who} reacted ${emoji} to “${text}”`,

    ask: {
      name: 'Enter your username: ',
      firstRoom: 'You are not in any room yet. Enter the name of a new room, or an invite link: ',
      room: 'Enter a room number, the name of a new room, or an invite link: ',
      passphrase: 'Passphrase: ',
      presentPassphrase: 'Present passphrase: ',
      newPassphrase: 'New passphrase: ',
      repeatPassphrase: 'Repeat the new passphrase: ',
      backupPassphrase: 'Passphrase of the backup: ',
      repeatBackupPassphrase: 'Repeat the passphrase of the backup: ',
    },
    recovery: {
      ask: (since: number) => `The recovery link of ${date(since)} ends. Make a new one? [y/N] `,
      isYes: (answer: string) => /^y(?:es)?$/i.test(answer.trim()),
      kept: 'no link was made',
      makes: 'in another terminal, gochat recovery makes one, which ends an older one',
      /** @param list the command that lists them. @param remove the command that removes one */
      devices: (list: string, remove: string) =>
        `Remove the devices that you have lost: ${list} lists them, ${remove} removes one`,
    },
    backup: {
      progress: (messages: number) =>
        f.plural(messages, { one: 'saved # message…', other: 'saved # messages…' }),
      made: (file: string, rooms: number, messages: number) => `saved ${counts(rooms, messages)} in ${file}`,
      leftOut: 'Not in it: files of messages, who joined and left, and what was deleted',
      checking: (messages: number) =>
        f.plural(messages, { one: 'verified # message…', other: 'verified # messages…' }),
      restoring: (messages: number) =>
        f.plural(messages, { one: 'restored # message…', other: 'restored # messages…' }),
      restored: (rooms: number, messages: number) => `restored ${counts(rooms, messages)}`,
      joined: (joined: number, of: number) =>
        f.plural(of, {
          one: `${f.number(joined)} of # room has let this device in`,
          other: `${f.number(joined)} of # rooms have let this device in`,
        }),
      former: (devices: number) =>
        f.plural(devices, {
          one: 'Another device of yours is in these rooms:',
          other: '# other devices of yours are in these rooms:',
        }),
      /** @param name of the person; empty if it has none */
      valid: (made: number, name: string, rooms: number, messages: number) =>
        `backup of ${date(made)}${name === '' ? '' : `, ${sanitizeLine(name)}`}: ${counts(rooms, messages)}, with valid signatures`,
      missing: (room: string, why: string) => `${sanitizeLine(room)}: ${why}`,
      lets: (lets: number, of: number) =>
        f.plural(of, {
          one: `${f.number(lets)} of # room would let a new device of yours in`,
          other: `${f.number(lets)} of # rooms would let a new device of yours in`,
        }),
    },
    profile: (folder: string) => `profile: ${folder}`,
    noRoomNumber: (given: string, count: number) =>
      f.plural(count, {
        one: `there is no room number ${given}: there is # room`,
        other: `there is no room number ${given}: there are # rooms`,
      }),
    room: (name: string, count: number, as: string) => `${name}  (${members(count)}, as ${as})`,
    passphraseSet: 'the profile is locked with the new passphrase now',
    passphraseRemoved: 'the profile opens without a passphrase now',

    slash: {
      help: { args: '', text: 'list the commands' },
      members: { args: '', text: 'list the members' },
      dm: { args: 'NAME TEXT', text: 'write to one member alone; asks first' },
      requests: { args: '[accept|ignore ID]', text: 'list who asks to write to you, or decide' },
      knocks: { args: '[approve|decline ID]', text: 'list who asks to join, or decide' },
      invite: {
        args: '[approve]',
        text: 'create an invite link (7 days, unlimited uses); approve: people ask to join with it',
      },
      remove: { args: 'NAME', text: 'remove a member (admins)' },
      safety: { args: '[NAME]', text: 'show safety numbers to compare over another channel' },
      inspect: { args: '[SEQ]', text: 'show what the server stores of a message (default: the last)' },
      rooms: { args: '', text: 'list the rooms of this profile' },
      return: { args: '[yes]', text: 'join the others again, if they have gone on without this device' },
      me: { args: 'TEXT', text: 'say what you do' },
      poll: { args: 'QUESTION | ANSWER | ANSWER', text: 'ask a question; the members choose an answer' },
      nick: { args: 'NAME', text: 'change your name in this room' },
      vote: { args: 'NUMBER', text: 'choose an answer of the newest poll' },
      thread: {
        args: '[MESSAGE]',
        text: 'show a message and the replies to it (default: those with the newest reply), by its link, id or position',
      },
      close: {
        args: '',
        text: 'close the newest open poll of yours, or as an admin or moderator of anybody',
      },
      send: { args: 'PATH… [-- TEXT]', text: 'send files; paths as in a shell' },
      save: { args: '[NUMBER]', text: 'save the files of the newest message that has some' },
      open: { args: '[NUMBER]', text: 'open a file of that message with another program' },
      export: { args: '[md|txt|json]', text: 'save what this profile has of the room as a file' },
      resend: { args: '', text: 'send again what was not sent, or perhaps not everybody could read' },
      devices: { args: '', text: 'list your devices' },
      recovery: { args: '', text: 'say whether you have a recovery link, and where it leads' },
      history: {
        args: '[SETTING]',
        text: 'show how much newcomers can read, or set it: none, all, 100, 30d',
      },
      link: { args: '[DIGITS|stop]', text: 'link another device, then type the digits that it shows' },
      leave: { args: '', text: 'leave the room' },
      quit: { args: '', text: 'quit' },
    },

    members,
    as: (name: string) => `as ${name}`,
    marks: (role: Role, self: boolean) =>
      [role === 'member' ? '' : role, self ? 'you' : ''].filter((mark) => mark !== '').join(', '),
    queued: (count: number) => `${f.number(count)} queued`,
    status: (status: string) => STATUS[status] ?? status,
    unconfirmed: '(unconfirmed)',
    confirmedBy: (who: string) => `confirmed by ${who}`,
    noRooms: 'no rooms yet: gochat new NAME creates one, gochat join LINK joins one',

    removed: (who: string) => `${who} was removed; all invites are revoked`,
    removedHint: (who: string) =>
      `${who} was removed; all invites are revoked: gochat invite creates a new one`,
    roleNow: (who: string, role: Role) => ROLE_NOW[role](who),
    adminNow: (who: string) => `${who} is an admin now`,
    adminNoMore: (who: string) => `${who} is no longer an admin`,
    /** @param how the command that comes back to the room as it is described. */
    returnAsks: (how: string) =>
      `this device has not come back yet: ${how} comes back to the room as it is there`,
    returned: (isBack: boolean) =>
      isBack
        ? 'this device is back with the others'
        : 'this device has followed every change of the room: there is nothing to come back from',
    /** @param how the command that takes them. */
    linkOpened: (how: string) =>
      `the link was opened: type the six digits that the other device shows, as ${how}`,
    /** Of digits without the command before them. @param how the command that takes them. */
    digitsNotSent: (how: string) =>
      `these digits are not sent, as all members would read them: for the link, type them as ${how}`,
    linkWaits:
      'the other device has not answered yet; what it needs waits for it, and this one need not stay on',
    linkStopped: 'the link has ended: the other device gets nothing',

    left: 'you left the room; an admin’s device removes your keys from it',
    leftUnmanaged:
      'you left the room; you were its only admin: nobody can remove members, your keys included, or change its name any more',
    /** @param why a sentence without a full stop. */
    leftUnheard: (why: string) =>
      `you left the room, but the others don’t learn of it, and your keys stay in it: ${why}`,
    leftAlone: 'you left the room; nobody else was in it',
    leftRoom: '-- you left the room',

    thisDevice: 'this device',
    compromiseReported: (removed: boolean) =>
      `${removed ? 'the device was removed' : 'this device has new keys'}; an admin’s client ends what a copy can still use`,

    noInvites: 'no invites: gochat invite creates one',
    inviteBy: (who: string) => `by ${who}`,
    inviteUses: (count: number | undefined) =>
      count === undefined ? 'unlimited uses' : f.plural(count, { one: '# use left', other: '# uses left' }),
    inviteAsks: 'needs approval',
    inviteDead: 'used up or expired',
    inviteUntil: (at: number) => `until ${date(at)}`,
    revoked: 'the invite is revoked',

    safetyCode: (code: string, epoch: string) =>
      `room code  ${code}  (epoch ${epoch}; equal for all members in the same epoch)`,
    logCode: (code: string, at: number) =>
      `log code   ${code}  (at ${at}; the room code compares the epoch, the log code the log within it)`,
    noLogCode: 'log code   none in this epoch: entries expired before this device read them',
    safetyNumber: (name: string, id: string, number: string) => `${name} (${id})  ${number}`,
    safetySelf: (name: string) => `${name} is you: compare numbers with the other members`,

    inspected: (seq: string, kind: string, at: number) => `position ${seq}, ${kind}, ${date(at)}`,
    inspectedBytes: (count: number) =>
      f.plural(count, { one: 'the server stores # byte:', other: 'the server stores # bytes:' }),
    decrypted: 'decrypted:',
    handshake: '(a change of keys or members)',
    nothingDecrypted: '(nothing that this profile can read)',

    created: (name: string) => `created the room “${name}”`,
    /** Of a link that needs approval. */
    invitedToAsk: (until: number) =>
      `Until ${date(until)}, anyone with this link can ask to join; gochat knocks ROOM lists them:`,
    /** @param uses how many can use the link; any number when undefined. */
    invited: (until: number, uses: number | undefined) =>
      uses === undefined
        ? `Until ${date(until)}, anyone with this link can join:`
        : f.plural(uses, {
            one: `Until ${date(until)}, one person with this link can join:`,
            other: `Until ${date(until)}, # people with this link can join:`,
          }),
    joined: (as: string, name: string) => `joined “${name}” as ${as}`,
    alreadyJoined: (as: string, name: string) => `${as} is already in “${name}”`,
    stayed: (as: string, name: string) =>
      `${as} stays in “${name}”: the others were not yet notified that you leave`,
    joinUnconfirmed:
      'unconfirmed until the person who invited you, or the room’s founder, writes: compare room codes (gochat safety) if you can',
  };
}

/** Begins after the source of the bytes. */
const NOT_UTF8 = {
  'utf-16':
    'is UTF-16, not UTF-8: convert it with iconv -f UTF-16 -t UTF-8 (UTF-16LE if it has no byte order mark)',
  'utf-32': 'is UTF-32, not UTF-8: convert it with iconv -f UTF-32 -t UTF-8',
  binary: 'is not UTF-8 text: it has NUL bytes',
  other: 'is not UTF-8: convert it, such as with iconv -f ISO-8859-1 -t UTF-8',
} as const;

const STATUS: Readonly<Record<string, string>> = {
  joining: 'joining',
  active: 'active',
  left: 'left',
  restored: 'from a backup',
  removed: 'removed',
  broken: 'broken',
  split: 'cut off',
  'rolled-back': 'rolled back',
  outdated: 'outdated',
};

const ROLE_NOW: Readonly<Record<Role, (who: string) => string>> = {
  admin: (who) => `${who} is an admin now`,
  moderator: (who) => `${who} is a moderator now`,
  speaker: (who) => `${who} is a speaker now`,
  member: (who) => `${who} is an ordinary member now`,
  observer: (who) => `${who} is muted: can read and react`,
};
