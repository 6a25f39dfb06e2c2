import { english } from './english.ts';
import type { Formats } from './formats.ts';
import type { Catalogue } from './words.ts';

/**
 * What the page says, in English: the view's text, and its own under `web`.
 * Two files of web/src hold English too, because browsers read them before any script runs: index.html (title and noscript) and
 * assets/manifest.webmanifest (name and description of the installed app).
 */
export const webEnglish = { language: english.language, text } satisfies Catalogue<unknown>;

export type WebText = ReturnType<typeof text>;

function text(f: Formats) {
  return { ...english.text(f), web: webText(f) };
}

function webText(f: Formats) {
  return {
    app: 'GoChat',
    title: (unread: number) => (unread === 0 ? 'GoChat' : `(${f.number(unread)}) GoChat`),
    skip: 'Skip to the message field',
    close: 'Close',
    cancel: 'Cancel',
    /** Of what is typed into a field. */
    reveal: 'Show',
    suggestions: 'Suggestions',
    /** This browser, among a person's devices. */
    deviceName: (browser = 'Browser', system?: string) =>
      system === undefined ? browser : `${browser} on ${system}`,

    opening: {
      loading: 'Opening your profile…',
      failed: 'Your profile could not be opened',
      retry: 'Try again',
      insecure: 'This page needs a secure connection',
      insecureWhy:
        'Browsers allow encryption only over HTTPS or on localhost. Your invite link still works. Ask whoever runs this server to do one of these:',
      addCertificate: 'Give the server a certificate:',
      useProxy: 'Run it behind a web server that has a certificate, such as Caddy or nginx:',
      useTerminal: 'You can also join from a terminal:',
      old: 'This browser is too old for GoChat',
      oldWhy: 'It can’t share one profile between tabs. Use a current Firefox, Chrome, Edge or Safari.',
      noStorage: 'This browser stores no data for this page',
      noStorageWhy:
        'GoChat keeps your keys and messages in the browser’s storage. Allow storage for this page, then load it again.',
    },

    welcome: {
      title: 'Chat that only its members can read',
      text: 'Names, messages and members are encrypted on your device. The server stores and forwards them, and can read none of it. No account, no phone number.',
      membersRead: 'What members read',
      serverReads: 'What the server stores',
      exampleSaid: 'Dinner at seven? I’ll bring the wine.',
      exampleSealed: 'qZ8f3kVt0wX_JpR2mB7uLh9sYcEo4Ndg',
      create: 'Create a room',
      join: 'Join with a link',
      link: 'I use GoChat on another device',
      recover: 'I have lost my devices',
      restore: 'Restore a backup',
    },

    rooms: {
      title: 'Rooms',
      palette: 'Go to a room or run a command',
      settings: 'Settings',
      devices: 'Your devices',
      create: 'Create a room',
      join: 'Join with a link',
    },

    room: {
      back: 'Back to the rooms',
      search: 'Search in this room',
      invite: 'Invite',
      compare: 'Compare the room code',
      details: 'Room details',
      drop: 'Drop files to attach them to your message',
    },

    details: {
      title: 'Room details',
      members: 'Members',
      you: 'you',
      closed: 'This room is closed',
    },

    search: {
      field: 'Find messages',
      older: 'Older match',
      newer: 'Newer match',
      more: 'Search older messages',
    },

    timeline: {
      label: (room: string) => `Messages in ${room}`,
      loading: 'Loading…',
      newest: 'Jump to the newest message',
      newestOf: (unread: number) =>
        f.plural(unread, {
          one: 'Jump to the newest message, # new',
          other: 'Jump to the newest message, # new',
        }),
    },

    message: {
      verified: 'verified',
      unfold: 'Show all',
      fold: 'Show less',
      react: 'React',
      reply: 'Reply',
      edit: 'Edit',
      actions: 'Message actions',
      /** @param by who reacted, as a list of names. */
      reaction: (emoji: string, count: number, by: string) => `${emoji} ${f.number(count)}, ${by}`,
      copy: 'Copy',
    },

    composer: {
      label: 'Message',
      send: 'Send',
      emoji: 'Emoji',
      replying: (to: string) => `Replying to ${to}`,
      cancelReply: 'Cancel the reply',
      editing: 'Editing your message',
      cancelEdit: 'Cancel the edit',
      attach: 'Attach files',
      camera: 'Take a photo',
      record: 'Record a voice message',
      sendAsFile: 'Send as a file',
      /** The files above the field. */
      tray: 'Files to send',
      trayOf: (files: number) => f.plural(files, { one: '# file to send', other: '# files to send' }),
      alt: 'Describe it for people who can’t see or hear it',
      altOf: (name: string) => `Description of ${name}`,
      remove: (name: string) => `Remove ${name}`,
      retry: (name: string) => `Try ${name} again`,
      preparing: 'Preparing',
    },

    /** While a voice message is recorded. */
    voice: {
      starting: 'Asking for the microphone…',
      recording: 'Recording a voice message. Enter sends it, Esc deletes it.',
      ended: 'The recording has ended. Enter sends it, Esc deletes it.',
      send: 'Send the voice message',
      cancel: 'Delete the recording',
      refused: 'The microphone is blocked for this page. Allow it in the browser’s settings for this page.',
      noMicrophone: 'No microphone was found.',
      failed: 'Nothing could be recorded: the browser or another program doesn’t give the microphone.',
    },

    files: {
      save: (name: string) => `Save ${name}`,
      play: (name: string) => `Play ${name}`,
      pause: (name: string) => `Pause ${name}`,
      fetch: (name: string) => `Load ${name}`,
      cancel: (name: string) => `Cancel ${name}`,
      position: (name: string) => `Position in ${name}`,
      speed: (times: number) => `Speed: ${f.number(times)}×`,
      speedShown: (times: number) => `${f.number(times)}×`,
      progress: (name: string) => `Progress of ${name}`,
      unplayable: 'This browser can’t play it. Save it to play it elsewhere.',
    },

    /** A picture in front of the chat. */
    picture: {
      loading: 'Loading the picture…',
      notShown: 'This picture can’t be shown here. Save it to open it elsewhere.',
      zoomIn: 'Zoom in',
      zoomOut: 'Zoom out',
      wholePicture: 'Whole picture',
      keys: 'Arrow keys: other pictures. Plus, minus and 0: zoom.',
    },

    dialogs: {
      copyLink: 'Copy link',
      showLink: 'Show link and QR code',
      revoke: 'Revoke',
      otherTerms: 'Other terms…',
      print: 'Print…',
      qr: 'QR code of the link',
      filter: 'Type to search',
      verified: 'verified',
      previousPicture: 'Previous picture',
      nextPicture: 'Next picture',
      savePicture: 'Save',
    },

    /** How text is written, for help. */
    writing: [
      { keys: 'Enter', usage: '', text: 'Send' },
      { keys: 'Shift+Enter', usage: '', text: 'New line' },
      { keys: 'Up', usage: '', text: 'Edit your last message, when the field is empty' },
      { keys: 'Ctrl+Up, Ctrl+Down', usage: '', text: 'Choose a message to reply to' },
      { keys: 'Ctrl+B, Ctrl+I, Ctrl+E', usage: '', text: 'Bold, italic, code' },
      { keys: 'Tab', usage: '', text: 'Insert the suggestion' },
      { keys: '@', usage: '', text: 'Mention a member' },
      { keys: ':', usage: '', text: 'Insert an emoji by its name' },
      { keys: '/', usage: '', text: 'Run a command' },
      { keys: 'Ctrl+Shift+U', usage: '', text: 'Attach files' },
      { keys: 'Esc', usage: '', text: 'Close the suggestions, the reply or the search; then mark as read' },
      { keys: 'F6', usage: '', text: 'Go to the next part of the page' },
    ],

    settings: {
      density: 'Density',
      comfortable: 'Comfortable',
      compact: 'Compact',
      enter: 'Enter',
      enterSends: 'sends the message',
      enterBreaks: 'starts a new line; Ctrl+Enter sends',
      letters: 'Single-letter keys act on the focused message',
      lettersOn: 'on',
      lettersOff: 'off',
      notify: 'Show browser notifications',
    },
  };
}
