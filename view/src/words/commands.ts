import type { CommandName } from '../commands/command.ts';

/** What menus call a command, and a sentence about it for help. */
export interface CommandText {
  readonly label: string;
  readonly help: string;
  /** What the argument is called, for one without fixed choices. */
  readonly placeholder?: string;
}

export function commandWords(): Readonly<Record<CommandName, CommandText>> {
  return {
    palette: { label: 'Go to…', help: 'Find a room or a command by part of its name' },
    help: { label: 'Help', help: 'Show keys and commands' },
    create: {
      label: 'Create a room',
      help: 'Create a room on a server and invite others',
      placeholder: 'NAME',
    },
    join: { label: 'Join a room', help: 'Join with an invite link', placeholder: 'LINK' },
    room: { label: 'Open a room', help: 'Open a room by its name or number', placeholder: 'NAME' },
    next: { label: 'Next room', help: 'Open the next room' },
    previous: { label: 'Previous room', help: 'Open the previous room' },
    'unread-room': {
      label: 'Next unread room',
      help: 'Open the next room with new messages, mentions first',
    },
    settings: { label: 'Settings', help: 'Change how GoChat works on this device' },
    theme: { label: 'Colours', help: 'Choose dark, light or high contrast' },
    devices: { label: 'Your devices', help: 'List your devices; name one, or remove one that was lost' },
    backup: {
      label: 'Save a backup',
      help: 'Save who you are, your rooms and messages in an encrypted file',
    },
    older: {
      label: 'Older messages',
      help: 'Ask your other devices for messages that are older than what this one has of the room',
    },
    restore: {
      label: 'Restore a backup',
      help: 'Make this device one of yours, with the rooms and messages of a backup',
      placeholder: 'PATH',
    },
    link: {
      label: 'Link another device',
      help: 'Use the same rooms on another device; on an empty one, paste the link here',
      placeholder: 'LINK',
    },
    recovery: {
      label: 'Recovery link',
      help: 'Make a link that brings you back if you lose all devices; on an empty one, paste it here',
      placeholder: 'LINK',
    },
    requests: {
      label: 'Requests',
      help: 'List who asks to write to you alone, and decide; say who may ask',
    },
    knocking: {
      label: 'Waiting for approval',
      help: 'List the rooms into which you wait to be let',
    },
    knocks: {
      label: 'Asking to join',
      help: 'List who asks to join by a link that needs approval, and decide',
    },
    dm: {
      label: 'Write to a member',
      help: 'Write to one member alone: they are asked first, with your first words',
      placeholder: 'MEMBER',
    },
    quit: { label: 'Quit', help: 'Quit; messages waiting to be sent are kept' },
    invite: {
      label: 'Invite',
      help: 'Create an invite link with its QR code; approve: one with which people ask to join',
      placeholder: 'approve',
    },
    invites: { label: 'Invites', help: 'List the invites; copy, show or revoke one' },
    members: { label: 'Members', help: 'List the members' },
    verify: { label: 'Verify', help: 'Compare safety numbers with a member', placeholder: 'MEMBER' },
    code: {
      label: 'Compare the room code',
      help: 'Compare the room code with another member: the same code means the same members and keys',
    },
    search: { label: 'Search', help: 'Search the messages of this room on this device', placeholder: 'TEXT' },
    unread: { label: 'First new message', help: 'Go to the first new message' },
    newest: { label: 'Newest message', help: 'Go to the newest message' },
    read: { label: 'Mark as read', help: 'Mark all messages in this room as read' },
    emoji: { label: 'Emoji', help: 'Insert an emoji; typing :name: does the same' },
    me: { label: 'Act', help: 'Write about yourself in the third person', placeholder: 'TEXT' },
    file: {
      label: 'Paste a file',
      help: 'Insert a text file into the message field, as code',
      placeholder: 'PATH',
    },
    poll: {
      label: 'Ask a poll',
      help: 'Ask a question with answers to choose from; parts are separated by |',
      placeholder: 'QUESTION | ANSWER | ANSWER',
    },
    vote: {
      label: 'Vote',
      help: 'Choose an answer of a poll by its number, or take your choice back',
      placeholder: 'NUMBER',
    },
    close: { label: 'Close the poll', help: 'End a poll: nobody can vote any more' },
    send: {
      label: 'Attach files',
      help: 'Send files; paths as in a shell, and after -- a text',
      placeholder: 'PATH… -- TEXT',
    },
    notify: { label: 'Notifications', help: 'Get notifications about all messages, mentions or nothing' },
    mute: {
      label: 'Mute',
      help: 'Mute this room, or as an admin or moderator a member, who can then only read and react',
      placeholder: 'MEMBER',
    },
    unmute: {
      label: 'Unmute',
      help: 'Get notifications again, or let a muted member write again',
      placeholder: 'MEMBER',
    },
    rules: { label: 'Rules', help: 'Who can write and invite, slow mode, and when messages disappear' },
    role: {
      label: 'Change a role',
      help: 'Make a member admin, moderator, speaker, member or observer',
      placeholder: 'MEMBER ROLE',
    },
    ban: { label: 'Ban a member', help: 'Remove a member, who can’t join again', placeholder: 'MEMBER' },
    unban: { label: 'End a ban', help: 'Let somebody join again', placeholder: 'NAME' },
    bans: { label: 'Banned', help: 'List who is banned' },
    pins: { label: 'Pinned messages', help: 'List the pinned messages; go to one' },
    thread: { label: 'Show replies', help: 'Show only this message and the replies to it' },
    'close-thread': {
      label: 'All messages',
      help: 'Show all messages again, rather than the replies to one',
    },
    pin: { label: 'Pin', help: 'Pin this message for all members' },
    unpin: { label: 'Unpin', help: 'End the pin of this message' },
    privacy: {
      label: 'Privacy',
      help: 'Set read receipts and typing notices of this room',
    },
    ignore: { label: 'Ignore', help: 'Hide the messages of a member', placeholder: 'MEMBER' },
    unignore: { label: 'Stop ignoring', help: 'Show the messages of a member again', placeholder: 'MEMBER' },
    expire: {
      label: 'Messages that disappear',
      help: 'Set after what time messages disappear',
      placeholder: 'TIME',
    },
    nick: { label: 'Your name here', help: 'Change your name in this room', placeholder: 'NAME' },
    rename: { label: 'Room settings', help: 'Rename the room', placeholder: 'NAME' },
    history: {
      label: 'History for newcomers',
      help: 'Say how much newcomers can read: none, all, a number of messages, or days such as 30d',
      placeholder: 'HOW MUCH',
    },
    topic: { label: 'Topic', help: 'Set the topic of the room', placeholder: 'TEXT' },
    remove: {
      label: 'Remove a member',
      help: 'Remove a member, who can’t read later messages',
      placeholder: 'MEMBER',
    },
    export: {
      label: 'Save the conversation',
      help: 'Save everything that this device has of the room as a file: md, txt or json',
    },
    inspect: { label: 'What the server sees', help: 'Show the newest entry as the server stores it' },
    return: {
      label: 'Come back',
      help: 'Join the others again, if this device could not follow them',
    },
    'resend-all': {
      label: 'Send missed messages again',
      help: 'Send everything again that perhaps not everybody could read',
    },
    leave: { label: 'Leave', help: 'Leave this room' },
    forget: { label: 'Remove from the list', help: 'Remove a room that you are no longer a member of' },
    reply: { label: 'Reply', help: 'Reply to this message' },
    forward: { label: 'Forward', help: 'Send this message to another room' },
    react: { label: 'React', help: 'React to this message with an emoji', placeholder: 'EMOJI' },
    edit: { label: 'Edit', help: 'Edit your message' },
    delete: { label: 'Delete for everyone', help: 'Delete this message on all devices' },
    copy: { label: 'Copy text', help: 'Copy the message as it was written' },
    'copy-link': { label: 'Copy link to message', help: 'Copy a link that leads members to this message' },
    show: { label: 'Show the picture', help: 'Show the picture of a message in front of the chat' },
    save: {
      label: 'Save the file',
      help: 'Save a file of a message, or of the newest one',
      placeholder: 'NUMBER',
    },
    open: {
      label: 'Open the file',
      help: 'Open a file of a message, or of the newest one, with another program',
      placeholder: 'NUMBER',
    },
    'copy-name': { label: 'Copy the name of the file', help: 'Copy the names of the message’s files' },
    quoted: { label: 'Go to the quoted message', help: 'Go to the message that this one replies to' },
    author: { label: 'About the author', help: 'Show the author’s safety number; ignore or remove them' },
    'inspect-message': {
      label: 'What the server sees of it',
      help: 'Show this message as the server stores it',
    },
    resend: {
      label: 'Send again',
      help: 'Send a message again that was not sent, or that perhaps not everybody could read',
    },
    cancel: { label: 'Don’t send', help: 'Cancel a message that is not sent' },
  };
}
