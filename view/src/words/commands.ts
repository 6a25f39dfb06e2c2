import type { CommandName } from '../commands/command.ts';

/** What menus call a command, and a sentence about it for help. */
export interface CommandText {
  readonly label: string;
  readonly help: string;
}

export function commandText(): Readonly<Record<CommandName, CommandText>> {
  return {
    palette: { label: 'Go to…', help: 'Find a room or a command by a part of its name' },
    help: { label: 'Help', help: 'Keys and commands' },
    create: { label: 'Create a room', help: 'Make a room on a server and invite others' },
    join: { label: 'Join a room', help: 'Join with an invite link' },
    room: { label: 'Open a room', help: 'Open the room of this name or number' },
    next: { label: 'Next room', help: 'Open the next room' },
    previous: { label: 'Previous room', help: 'Open the previous room' },
    'unread-room': {
      label: 'Next unread room',
      help: 'Open the next room with something new, mentions first',
    },
    settings: { label: 'Settings', help: 'What this program does on this device' },
    theme: { label: 'Colours', help: 'Dark, light, or with high contrast' },
    quit: { label: 'Quit', help: 'End the program; what waits to be sent is kept' },
    invite: { label: 'Invite', help: 'Make an invite link with its QR code' },
    invites: { label: 'Invites', help: 'List the invites, and withdraw them' },
    members: { label: 'Members', help: 'List who is in' },
    verify: { label: 'Verify', help: 'Compare safety numbers with a member' },
    search: { label: 'Search', help: 'Find messages of this room on this device' },
    unread: { label: 'First new message', help: 'Jump to where the new messages begin' },
    newest: { label: 'Newest message', help: 'Jump to the end' },
    read: { label: 'Mark as read', help: 'Mark everything here as read' },
    emoji: { label: 'Emoji', help: 'Put an emoji into the message; :name: does the same' },
    me: { label: 'Act', help: 'Say something about yourself in the third person' },
    file: { label: 'Paste a file', help: 'Put a text file into the field, as code' },
    notify: { label: 'Notifications', help: 'Be told of all messages, of mentions, or of nothing' },
    mute: { label: 'Mute', help: 'Be told of nothing here, or of everything again' },
    privacy: { label: 'Privacy of this room', help: 'Read receipts, typing and notifications of this room' },
    ignore: { label: 'Ignore', help: 'Fold what a member says' },
    unignore: { label: 'No longer ignore', help: 'Show what a member says again' },
    rename: { label: 'Name and topic', help: 'Give the room another name' },
    topic: { label: 'Topic', help: 'Say what the room is about' },
    remove: { label: 'Remove a member', help: 'Cut a member off from all that is said from now on' },
    inspect: { label: 'What the server sees', help: 'Show the newest entry as the server has it' },
    leave: { label: 'Leave', help: 'Leave this room' },
    reply: { label: 'Reply', help: 'Answer this message' },
    react: { label: 'React', help: 'Put an emoji to this message' },
    edit: { label: 'Edit', help: 'Change your message' },
    delete: { label: 'Delete for everybody', help: 'Take the message back' },
    copy: { label: 'Copy text', help: 'Copy the message as it was written' },
    quoted: { label: 'Go to the quoted message', help: 'Jump to the message that this one answers' },
    author: { label: 'About the author', help: 'Safety number, ignoring, removing' },
    'inspect-message': {
      label: 'What the server sees of it',
      help: 'Show this message as the server has it',
    },
    withdraw: { label: 'Take back', help: 'Take a message back that waits to be sent' },
  };
}
