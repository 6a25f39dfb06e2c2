import type { HistorySetting } from '@gochat/client/settings';
import { durationText } from './duration.ts';
import type { Formats } from './formats.ts';
import { shownHistory } from './history-setting.ts';
import { namesIn } from './names.ts';

/** The most members of a room that a dialog names. */
const MEMBERS_NAMED = 5;

/** The titles, texts, fields and buttons of dialogs. */
export function dialogWords(f: Formats) {
  const names = namesIn(f);
  return {
    create: {
      title: 'Create a room',
      text: 'Messages and names are encrypted on this device. The server can’t read them.',
      name: 'Room name',
      as: 'Your name in this room',
      asHint: 'Other members see it. You need no account.',
      history: 'Newcomers can read',
      expire: 'Messages disappear',
      server: 'Server',
      token: 'Token',
      tokenHint: 'Ask the operator of the server for it.',
      submit: 'Create',
    },
    join: {
      title: 'Join a room',
      link: 'Invite link',
      linkHint: 'It starts with http. A member sends it to you.',
      look: 'Preview',
      /** @param by may be empty. */
      invited: (by: string, room: string) =>
        by === '' ? `You are invited to ${room}.` : `${by} invites you to ${room}.`,
      members: (members: readonly string[]) => `Members: ${names(members, MEMBERS_NAMED)}.`,
      privacy: 'Members don’t see that you opened this link.',
      history: (setting: HistorySetting) =>
        setting === 'none'
          ? 'You can’t read messages sent before you join.'
          : `You will be able to read ${shownHistory(f, setting)}, as members share them.`,
      /** Of a link that needs approval. */
      approval: (room: string) => `An admin or moderator of ${room} decides who comes in.`,
      approvalMore: 'They see your name, and what you say. You don’t see the members before you are in.',
      words: 'Say who you are',
      ask: 'Ask to join',
      /** A name to start with. */
      guest: (number: number) => `guest ${number}`,
      submit: 'Join',
    },
    invite: {
      title: 'Invite',
      text: 'Anyone with the link can join until it expires, is used up or is revoked.',
      expires: 'Expires after',
      hours: (n: number) => f.plural(n, { one: '# hour', other: '# hours' }),
      days: (n: number) => f.plural(n, { one: '# day', other: '# days' }),
      uses: 'Can be used',
      unlimited: 'without limit',
      approve: 'An admin or moderator lets each person in',
      /** @param until a date and time. */
      asks: (room: string, until: string | undefined) => {
        const asks = `Anyone with this link can ask to join ${room}`;
        return `${until === undefined ? asks : `${asks} until ${until}`}. An admin or moderator decides.`;
      },
      times: (n: number) => f.plural(n, { one: 'once', other: '# times' }),
      submit: 'Create link',
      creating: 'Creating link…',
      /** @param until a date and time. Undefined means no limit, as for `uses`. */
      created: (room: string, until: string | undefined, uses: number | undefined) => {
        const joins = `Anyone with this link can join ${room}`;
        const first = until === undefined ? `${joins}.` : `${joins} until ${until}.`;
        if (uses === undefined) return first;
        return `${first} ${f.plural(uses, { one: 'It can be used once.', other: 'It can be used # times.' })}`;
      },
      send: 'Send it over a channel that you trust.',
    },
    invites: {
      title: 'Invites',
      none: 'There are no invites.',
      /** @param expires a date. Undefined means no limit. */
      live: (by: string, expires: string | undefined, uses: number | undefined, approval: boolean) =>
        [
          `by ${by}`,
          approval ? 'needs approval' : '',
          expires === undefined ? '' : `expires ${expires}`,
          uses === undefined ? '' : f.plural(uses, { one: '# use left', other: '# uses left' }),
        ]
          .filter((part) => part !== '')
          .join(', '),
      dead: 'no longer accepted by the server',
      revoke: 'Revoke this invite? Its link stops working.',
      submit: 'Revoke',
    },
    member: {
      compare:
        'Compare this number with the one that they see, over a call or in person. If both are the same, nobody is intercepting.',
      self: 'This is you.',
      id: (id: string, devices: number) =>
        `Member ${id}, ${f.plural(devices, { one: '# device', other: '# devices' })}`,
      mention: 'Mention',
      write: 'Write to them alone',
      verify: 'The numbers match: mark as verified',
      unverify: 'Remove the verified mark',
      ignore: 'Ignore',
      unignore: 'Stop ignoring',
      role: 'Change role',
      mute: 'Mute',
      unmute: 'Unmute',
      remove: 'Remove from the room',
      ban: 'Ban from the room',
    },
    role: {
      title: (name: string) => `Role of ${name}`,
      roles: {
        admin: 'Admin: changes settings, roles and members',
        moderator: 'Moderator: mutes, removes and bans members',
        speaker: 'Speaker: writes where not all members can',
        member: 'Member: writes where all members can',
        observer: 'Observer: reads and reacts',
      },
      present: 'now',
    },
    ban: {
      title: (name: string) => `Ban ${name}?`,
      text: 'They are removed with all devices and can’t join again, by no invite. All invites become invalid. Under a new identity they are somebody else: prefer invites that can be used once.',
      submit: 'Ban',
    },
    bans: {
      title: 'Banned',
      none: 'Nobody is banned.',
      pick: 'Pick one to end the ban.',
      unknown: 'unknown',
    },
    pins: {
      title: 'Pinned messages',
      none: 'No message is pinned.',
      unknown: (count: number) =>
        f.plural(count, {
          one: '# pinned message is not on this device.',
          other: '# pinned messages are not on this device.',
        }),
    },
    members: { title: 'Members' },
    remove: {
      title: (name: string) => `Remove ${name}?`,
      text: 'They can’t read messages sent from now on. All invites become invalid.',
      submit: 'Remove',
    },
    return: {
      title: 'Come back to the others?',
      text: 'The others go on without this device.',
      after: (by: string) => `This device could not follow a change by ${by}.`,
      comparing: 'Comparing the room there with the one here…',
      more: 'This device joins the room as it is there. What you sent since the change you can then send again.',
      submit: 'Come back',
    },
    leave: {
      title: (room: string) => `Leave ${room}?`,
      text: 'You can still read the messages up to now. To return, you need a new invite.',
      lastAdmin:
        'You are the only admin. After you leave, nobody can remove members or change the name of the room: make another member admin first.',
      submit: 'Leave',
      /** @param why a sentence without a full stop. */
      unheard: (why: string) =>
        `You left, but the others don’t learn of it, and your keys stay in the room: ${why}`,
    },
    delete: {
      title: 'Delete this message for everyone?',
      text: 'GoChat deletes the text on the devices of all members. Members may have read or copied it already.',
      submit: 'Delete',
    },
    expire: {
      never: 'never',
      /** @param seconds above 0 */
      after: (seconds: number) => `after ${durationText(f, seconds * 1000)}`,
    },
    configure: {
      title: 'Room settings',
      text: 'All members see them. The server can’t read them.',
      expire: 'Messages disappear',
      expireHint:
        'This counts for messages sent from now on. Somebody can still copy or photograph a message.',
      name: 'Name',
      topic: 'Topic',
      history: 'Newcomers can read',
      historyHint: 'Messages sent while newcomers could read nothing are never shown to them.',
      speak: 'Who can write',
      speakChoices: {
        all: 'all members',
        listed: 'speakers, admins and moderators',
        staff: 'admins and moderators',
      },
      slow: 'Slow mode',
      slowOff: 'off',
      slowTime: (time: string) => `each member writes once in ${time}`,
      links: 'Who can invite',
      linkChoices: { all: 'all members', staff: 'admins and moderators' },
      submit: 'Save',
      /** For who can't change them. */
      rules: 'Rules of this room',
      noRules: 'All members can write and invite, and messages stay.',
      newcomers: (what: string) => `Newcomers can read ${what}.`,
      close: 'Close',
    },
    notify: {
      title: 'Notifications',
      notify: 'Notify me about',
      choices: { all: 'all messages', mentions: 'mentions', none: 'nothing' },
      content: 'Show message text in notifications of all rooms',
      submit: 'Save',
    },
    privacy: {
      title: 'Privacy',
      text: 'What the members of this room see of you:',
      receipts: 'Send read receipts',
      typing: 'Show others when I am typing',
      submit: 'Save',
    },
    code: {
      title: 'Compare the room code',
      compare:
        'Ask another member for the code that they see, over a call or in person. They open this room’s panel, or type /code in a terminal. If both codes are the same, the server shows you the same members and keys.',
      confirmed: (by: string) =>
        `This room is confirmed by ${by}, from whom this device has received something.`,
      together: 'Compare at the same time: the code changes whenever a member joins or leaves.',
      log: (code: string, at: number) =>
        `Log code at entry ${f.number(at)}: ${code}. The room code compares the members and keys, the log code the messages since they last changed. Compare it at the same entry.`,
      same: 'The codes are the same',
      differ: 'The codes differ',
      copy: 'Copy the code',
      differTitle: 'The codes differ',
      differText: [
        'Compare again, at the same time, after both have received the latest messages.',
        'If the codes still differ, the server shows you two different histories. Write nothing secret here, leave the room, and ask for a new invite over another channel.',
      ],
      understood: 'Close',
    },
    nameField: {
      empty: 'Enter a name.',
      control: 'Remove the control characters or invisible characters.',
      long: (characters: number) =>
        f.plural(characters, {
          one: 'Too long: keep the first # character.',
          other: 'Too long: keep the first # characters.',
        }),
    },
    /** In a browser that may delete what it stores. */
    notKept:
      'This profile exists only in this browser. In a private window it ends when you close the window, and your messages with it. After your first message, GoChat offers a link that brings you back.',
    forget: {
      title: (room: string) => `Remove ${room} from the list?`,
      text: 'You can no longer read its messages here. It is listed again when you join with a new invite.',
      submit: 'Remove',
    },
    theme: {
      title: 'Colours',
      choices: { system: 'System', dark: 'Dark', light: 'Light', contrast: 'High contrast' },
      submit: 'Save',
    },
    settings: {
      title: 'Settings',
      submit: 'Save',
      pictures: 'Fetch pictures',
      pictureChoices: { always: 'as they come, in confirmed rooms', click: 'when I ask for one' },
      more: {
        title: 'Devices and backup',
        link: 'Link another device',
        devices: 'Your devices',
        recovery: 'Recovery link',
        backup: 'Save a backup',
      },
    },
    paste: {
      title: (lines: number) => f.plural(lines, { one: 'Paste # line?', other: 'Paste # lines?' }),
      edit: 'Insert into the message field',
      code: 'Insert as a code block',
      send: 'Send now',
      file: 'Send as a file',
      cancel: 'Cancel',
    },
    attach: {
      title: (files: number) => f.plural(files, { one: 'Attach # file?', other: 'Attach # files?' }),
      attach: 'Attach to the message',
      text: 'Keep it as text',
    },
    quit: {
      title: (files: number) =>
        f.plural(files, { one: 'Quit without sending # file?', other: 'Quit without sending # files?' }),
      text: 'Attached files are sent with a message. They are not attached any more when you come back.',
      submit: 'Quit',
    },
    tooLong: { title: 'Too long for one message', file: 'Send as a file', edit: 'Keep writing' },
    openFile: {
      title: (name: string) => `Open ${name}?`,
      text: (author: string) =>
        `Another program opens this file, and it may harm this device. Open it only if you expected it from ${author}.`,
      submit: 'Open',
    },
    pickFile: { save: 'Save which file?', open: 'Open which file?', all: 'All of them' },
    picture: {
      of: (author: string, when: string) => `${author}, ${when}`,
      position: (at: number, count: number) => `${f.number(at)} of ${f.number(count)}`,
    },
    palette: { title: 'Go to a room or run a command', none: 'No matches' },
    emoji: { insert: 'Emoji', react: 'React with an emoji', none: 'No matching emoji' },
    help: { title: 'Help', app: 'Everywhere', room: 'In a room', message: 'On a message', text: 'Writing' },
    menu: { title: 'Message' },
    inspect: {
      title: 'What the server sees',
      text: 'The server stores only this of the entry. It can’t tell who wrote it or what it says.',
      position: 'Log position',
      time: 'Time',
      size: 'Size',
      bytes: (n: number) => f.plural(n, { one: '# byte, padded', other: '# bytes, padded' }),
      ciphertext: 'Ciphertext',
      decrypted: 'Decrypted on this device',
    },
  };
}
