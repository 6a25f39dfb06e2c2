import type { Platform } from '../chat/platform.ts';
import type { Formats } from './formats.ts';

/** What only the full screen says. */
export function screenText(f: Formats) {
  return {
    app: 'GoChat',
    wait: 'Please wait…',
    cancel: 'Cancel',
    /** Below a secret that is typed. */
    reveal: (isRevealed: boolean) => (isRevealed ? 'Alt+V hides it' : 'Alt+V shows it'),
    count: (n: number) => f.number(n),

    /** What the field at the bottom begins with. */
    prompts: { new: '> ', edit: 'edit> ', normal: ': ', search: 'search: ' },
    searchHint: 'Enter searches, Esc closes',

    status: {
      connecting: 'connecting',
      /** @param part of what was missed, such as “3,412 of about 10,000” */
      catchingUp: (part: string) => `catching up ${part}`,
      offline: 'offline',
      /** @param rows of the timeline that are below the screen. */
      more: (rows: number) => `-MORE(${f.number(rows)})-`,
      unread: (count: number) => (count > 999 ? `${f.number(999)}+` : f.number(count)),
      /** Keys of a sequence that isn't complete. */
      pending: (keys: string) => `${keys} …`,
    },
    lock: {
      epoch: (epoch: string) => `epoch ${epoch}`,
      unconfirmed: 'unconfirmed!',
      stranger: 'unknown device!',
      sealed: 'encrypted',
      verified: 'verified',
    },
    members: (count: number) => f.plural(count, { one: '# member', other: '# members' }),

    /**
     * What the keys do on the message that has the focus, the most important first.
     * @param can what can be done with it now
     */
    messageKeys: (
      keys: Readonly<Record<'reply' | 'react' | 'edit' | 'delete' | 'copy' | 'file' | 'save', string>>,
      can: {
        readonly answer: boolean;
        readonly edit: boolean;
        readonly delete: boolean;
        readonly copy: boolean;
        /** What {@link keys.file} does; undefined for a message without files. */
        readonly file: 'show' | 'play' | 'open' | undefined;
      },
    ) => [
      'Enter more',
      'Esc back',
      ...(can.file === undefined ? [] : [`${keys.file} ${can.file}`, `${keys.save} save`]),
      ...(can.answer ? [`${keys.reply} reply`, `${keys.react} react`] : []),
      ...(can.edit ? [`${keys.edit} edit`] : []),
      ...(can.delete ? [`${keys.delete} delete`] : []),
      ...(can.copy ? [`${keys.copy} copy`] : []),
    ],
    /** The same on a match of a search. */
    searchKeys: (summary: string) => [summary, 'n older', 'N newer', 'Esc closes', 'Enter more'],
    unboundKey: (key: string) => `${key} is not bound here; Esc goes back to writing`,

    welcome: {
      noRooms: 'You are not in any room yet.',
      noneOpen: 'No room is open.',
      create: 'create a room and invite others',
      join: 'join with an invite link (or paste the link here)',
      link: 'use GoChat as on your other device, with its link',
      recover: 'come back after you have lost your devices, with your recovery link',
      open: 'open the room with this number',
      palette: 'search rooms and commands',
      help: 'show keys and commands',
      quit: 'quit',
    },

    row: { cut: '… (the rest is not shown; y copies the whole message)' },

    dialogs: {
      verified: 'verified',
      showInvite: 'Enter: show the link',
      revoke: 'Enter: revoke',
      copyLink: 'y or Enter: copy the link; t: another link',
      copyOnly: 'y or Enter: copy the link; Esc: done',
      revokeLink: 'y or Enter: copy the link; t: another link; w: revoke it',
      qrNeeds: (columns: number, rows: number) =>
        `The QR code needs a window of at least ${f.number(columns)} × ${f.number(rows)} cells.`,
      openLink: 'Open a link',
      picture: 'Left and Right: the other pictures; s: save; o: open; Esc: close',
    },

    /** The files that will be sent with the text. */
    tray: {
      title: 'Files to send',
      preparing: 'being prepared',
      percent: (part: number) => `${f.number(Math.round(part * 100))}%`,
      keys: (keys: string) => `Enter sends them with the text; ${keys}: describe or remove them`,
      more: (keys: string, files: number) =>
        f.plural(files, { one: `# file; ${keys} shows it`, other: `# files; ${keys} shows them` }),
      describe: (name: string) => `Describe ${name}`,
      describeHint: 'For people who don’t see it, and for the search',
      description: 'Description',
      save: 'Save',
      remove: (name: string) => `Remove ${name}`,
      retry: (name: string) => `Try ${name} again`,
    },

    notes: {
      editorFailed: 'The editor failed. The text is unchanged.',
      noJump: 'There is no earlier position to go back to',
      membersNeed: (columns: number) =>
        `The list of members needs ${f.number(columns)} columns; use /members`,
      mouseOff: 'The mouse selects text in the terminal',
      mouseOn: 'The mouse controls GoChat',
      textOnly: 'Text only, to select with the mouse; Alt+L goes back',
      quitAgain: 'Press Ctrl+C again to quit',
      toMessages: 'Alt+Up goes to the messages',
      noLink: 'This message has no link',
      noFile: 'This message has no file',
      noTray: 'No files to send; paste a path to add one',
      stopped: 'Stopped',
      notPlayed: (name: string) => `${name} could not be played`,
      linkOpened: 'Link opened',
      linkCopied: 'No desktop to open the link: copied it instead',
      linkNotCopied: 'No desktop to open the link, and it could not be copied',
      nameFile: 'Name the file: /file PATH',
    },

    writingKeys: WRITING_KEYS,
    settings: {
      keys: 'Keys',
      keyChoices: { readline: 'as in a shell (readline)', vim: 'as in vim' },
      mouse: 'Use the mouse',
      mouseHint: 'Hold Shift to select text.',
      pictureSize: 'Pictures between messages',
      pictureSizes: { off: 'not shown', small: 'small', medium: 'medium', large: 'large' },
    },
  };
}

/** How text is written, for help. */
const WRITING_KEYS: Platform['writingKeys'] = [
  { keys: 'Enter', usage: 'send', text: 'Alt+Enter or Ctrl+J: new line; //word sends a leading slash' },
  { keys: 'Tab', usage: 'complete', text: '@member, :emoji: or /command; Up and Down select' },
  {
    keys: 'Up',
    usage: 'edit',
    text: 'In an empty field: edit your last message; otherwise recall what you sent',
  },
  { keys: 'Ctrl+X Ctrl+E', usage: 'editor', text: 'Write in the editor that VISUAL or EDITOR names' },
  {
    keys: 'Ctrl+A E W U',
    usage: 'readline',
    text: 'Move and cut as in a shell, also with Ctrl+K and Ctrl+Y; Ctrl+_ undoes',
  },
  {
    keys: 'Esc, Alt+Up',
    usage: 'messages',
    text: 'Focus the messages: j and k move, Enter shows the actions',
  },
  { keys: 'o', usage: 'open', text: 'On a message: open its link' },
  { keys: 'PgUp, PgDn', usage: 'scroll', text: 'Alt+Home and Alt+End go to the first and last message' },
  { keys: 'Ctrl+S', usage: 'search', text: 'n and N go to older and newer matches, Esc closes' },
  {
    keys: 'Alt+1…0',
    usage: 'rooms',
    text: 'Alt+/ goes to the previous room, Alt+A to the next unread one',
  },
  { keys: 'Alt+P', usage: 'members', text: 'Show or hide the members' },
  {
    keys: 'Alt+L',
    usage: 'text only',
    text: 'Show only text, to select it with the mouse; Alt+M switches the mouse off or on',
  },
  { keys: 'Ctrl+Z', usage: 'suspend', text: 'Suspend GoChat; fg resumes it' },
];
