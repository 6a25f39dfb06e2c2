import { english } from './english.ts';
import type { Formats } from './formats.ts';
import type { Catalogue } from './words.ts';

/** What the page says, in English: the view's text, and its own under `web`. */
export const webEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type WebText = ReturnType<typeof text>;

function text(f: Formats) {
  return { ...english.text(f), web: webText() };
}

function webText() {
  return {
    app: 'GoChat',
    skip: 'Skip to the message field',
    loading: 'Opening your profile…',
    welcomeTitle: 'Chat that only its members can read',
    welcomeText:
      'Names, messages and members are sealed on your device. The server that passes them on can read none of it. No account, no phone number.',
    membersRead: 'What members read',
    serverReads: 'What the server has of it',
    exampleSaid: 'Dinner at seven? I bring the wine.',
    exampleSealed: 'qZ8f3kVt0wX_JpR2mB7uLh9sYcEo4Ndg',
    create: 'Create a room',
    join: 'Join with a link',
    rooms: 'Rooms',
    newRoom: 'Create or join a room',
    members: 'Members',
    here: 'Here now',
    details: 'Details of the room',
    back: 'Back to the rooms',
    messages: (room: string) => `Messages in ${room}`,
    earlier: 'Load earlier messages',
    loadingEarlier: 'Loading…',
    newest: 'Jump to the newest message',
    unread: (n: number) => `${n} new`,
    mentionMark: 'You are mentioned',
    muted: 'muted',
    message: 'Message',
    send: 'Send',
    emoji: 'Emoji',
    invite: 'Invite',
    search: 'Search in this room',
    searchField: 'Find messages',
    searchOlder: 'Older hit',
    searchNewer: 'Newer hit',
    searchMore: 'Look further back',
    more: 'More',
    palette: 'Go to a room or do something',
    help: 'Keys and commands',
    settings: 'Settings',
    cancelReply: 'Don’t reply',
    cancelEdit: 'Leave it as it was',
    replying: (who: string) => `Replying to ${who}`,
    editing: 'Editing your message',
    notifications: 'Notifications',
    privacy: 'Privacy',
    inspect: 'What the server sees',
    unfold: 'Show all',
    fold: 'Show less',
    reply: 'Reply',
    react: 'React',
    edit: 'Edit',
    actions: 'What to do with this message',
    copy: 'Copy',
    copied: 'Copied',
    copyLink: 'Copy link',
    openMail: 'Share…',
    suggestions: 'Suggestions',
    close: 'Close',
    cancel: 'Cancel',
    filter: 'Type to find',
    verified: 'verified',
    admin: 'admin',
    you: 'you',
    edited: 'edited',
    qr: 'QR code of the invite link',
    insecureTitle: 'This page needs a secure connection',
    insecureText:
      'Browsers encrypt only on pages that were delivered over TLS, or from this very machine. Nothing was lost: your link still works. Ask whoever hosts this server to do one of these:',
    insecureSteps: [
      'Give it a certificate: gochat serve --host 0.0.0.0 --tls-cert CERT.pem --tls-key KEY.pem',
      'Put it behind a web server that has one (Caddy, nginx), with gochat serve --behind-proxy --name chat.example.org',
    ],
    insecureOwn: 'Meanwhile a terminal works: npx gochat join "LINK"',
    oldTitle: 'This browser is too old for GoChat',
    oldText:
      'It lacks what is needed to keep your keys safe. A current Firefox, Chrome, Edge or Safari does.',
    failedTitle: 'The profile could not be opened',
    retry: 'Try again',
    dropHint: 'Drop a text file to put it into the message',
    writing: [
      { keys: 'Enter', usage: '', text: 'Send' },
      { keys: 'Shift+Enter', usage: '', text: 'New line' },
      { keys: 'Up in an empty field', usage: '', text: 'Edit your last message' },
      { keys: 'Ctrl+Up, Ctrl+Down', usage: '', text: 'Choose a message to answer' },
      { keys: 'Ctrl+B, Ctrl+I, Ctrl+E', usage: '', text: 'Bold, italic, code' },
      { keys: 'Tab', usage: '', text: 'Take a suggestion' },
      { keys: '@name, :emoji:, /command', usage: '', text: 'Call somebody, an emoji, a command' },
      { keys: 'Esc', usage: '', text: 'Step back: suggestion, reply, search, mark of new messages' },
      { keys: 'F6', usage: '', text: 'Next part of the page' },
    ],
    settingsFields: {
      density: 'Density',
      comfortable: 'Comfortable',
      compact: 'Compact',
      enter: 'Enter',
      enterSends: 'sends',
      enterBreaks: 'makes a new line; Ctrl+Enter sends',
      letters: 'Single letters act on a focused message',
      lettersOn: 'on',
      lettersOff: 'off',
      notify: 'Notify by the browser',
    },
  };
}
