import type { CommandName } from '../commands/command.ts';

/** What menus call a command, and a sentence about it for help. */
export interface CommandText {
  readonly label: string;
  readonly help: string;
}

export function commandWords(): Readonly<Record<CommandName, CommandText>> {
  return {
    palette: { label: 'Go to…', help: 'Find a room or a command by part of its name' },
    help: { label: 'Help', help: 'Show keys and commands' },
    create: { label: 'Create a room', help: 'Create a room on a server and invite others' },
    join: { label: 'Join a room', help: 'Join with an invite link' },
    room: { label: 'Open a room', help: 'Open a room by its name or number' },
    next: { label: 'Next room', help: 'Open the next room' },
    previous: { label: 'Previous room', help: 'Open the previous room' },
    'unread-room': {
      label: 'Next unread room',
      help: 'Open the next room with new messages, mentions first',
    },
    settings: { label: 'Settings', help: 'Change how GoChat works on this device' },
    theme: { label: 'Colours', help: 'Choose dark, light or high contrast' },
    quit: { label: 'Quit', help: 'Quit; messages waiting to be sent are kept' },
    invite: { label: 'Invite', help: 'Create an invite link with its QR code' },
    invites: { label: 'Invites', help: 'List and revoke invites' },
    members: { label: 'Members', help: 'List the members' },
    verify: { label: 'Verify', help: 'Compare safety numbers with a member' },
    search: { label: 'Search', help: 'Search the messages of this room on this device' },
    unread: { label: 'First new message', help: 'Go to the first new message' },
    newest: { label: 'Newest message', help: 'Go to the newest message' },
    read: { label: 'Mark as read', help: 'Mark all messages in this room as read' },
    emoji: { label: 'Emoji', help: 'Insert an emoji; typing :name: does the same' },
    me: { label: 'Act', help: 'Write about yourself in the third person' },
    file: { label: 'Paste a file', help: 'Insert a text file into the message field, as code' },
    notify: { label: 'Notifications', help: 'Get notifications about all messages, mentions or nothing' },
    mute: { label: 'Mute', help: 'Turn notifications of this room off or on' },
    privacy: {
      label: 'Privacy of this room',
      help: 'Set read receipts, typing and notifications of this room',
    },
    ignore: { label: 'Ignore', help: 'Hide the messages of a member' },
    unignore: { label: 'Stop ignoring', help: 'Show the messages of a member again' },
    rename: { label: 'Name and topic', help: 'Rename the room' },
    topic: { label: 'Topic', help: 'Set the topic of the room' },
    remove: { label: 'Remove a member', help: 'Remove a member, who can’t read later messages' },
    inspect: { label: 'What the server sees', help: 'Show the newest entry as the server stores it' },
    leave: { label: 'Leave', help: 'Leave this room' },
    reply: { label: 'Reply', help: 'Reply to this message' },
    react: { label: 'React', help: 'React to this message with an emoji' },
    edit: { label: 'Edit', help: 'Edit your message' },
    delete: { label: 'Delete for everyone', help: 'Delete this message on all devices' },
    copy: { label: 'Copy text', help: 'Copy the message as it was written' },
    quoted: { label: 'Go to the quoted message', help: 'Go to the message that this one replies to' },
    author: { label: 'About the author', help: 'Show the author’s safety number; ignore or remove them' },
    'inspect-message': {
      label: 'What the server sees of it',
      help: 'Show this message as the server stores it',
    },
    withdraw: { label: 'Cancel sending', help: 'Cancel a message before it is sent' },
  };
}
