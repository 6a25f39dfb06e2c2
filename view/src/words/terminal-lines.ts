import type { Formats } from './formats.ts';

/** What the line mode says, and what the room commands print for people. */
export function lineText(f: Formats) {
  return {
    connected: 'Connected!',
    /** @param problem why there is no connection. */
    queueing: (problem: string) => `${problem}; your messages are queued`,
    unreachable: 'the server could not be reached',
    stillQueued: (count: number) =>
      f.plural(count, {
        one: '# message is queued and will be sent when gochat next reaches the server',
        other: '# messages are queued and will be sent when gochat next reaches the server',
      }),
    failed: 'unknown error',
    noCommand: (name: string) => `there is no /${name}; /help lists the commands, // sends a slash`,

    /** A message as a line. A star marks only what happened, so that no member can fake it. */
    message: (from: string, text: string) => `${from}: ${text}`,
    action: (from: string, text: string) => `~ ${from} ${text}`,
    reply: (from: string, to: string, text: string) => `${from} (to ${to}): ${text}`,
    event: (what: string) => `* ${what}`,
    deletedMessage: (from: string, by: string) =>
      by === from ? `* ${by} deleted a message` : `* ${by} deleted a message of ${from}`,
    edited: (who: string, text: string) => `* ${who} edited a message: ${text}`,
    reacted: (who: string, emoji: string, text: string) => `* ${who} reacted ${emoji} to “${text}”`,

    ask: {
      name: 'Enter your username: ',
      firstRoom: 'You are not in any room yet. Name a new room, or paste an invite link: ',
      room: 'Room number, the name of a new room, or an invite link: ',
      passphrase: 'Passphrase: ',
      newPassphrase: 'New passphrase: ',
      repeatPassphrase: 'Repeat: ',
    },
    room: (name: string, members: number, as: string) =>
      `${name}  (${f.plural(members, { one: '# member', other: '# members' })}, as ${as})`,
    inviteOthers: 'Invite others with this link:',

    slash: {
      help: 'show this list',
      members: 'list the members',
      invite: 'create an invite link (30 days, unlimited uses)',
      remove: 'remove a member (admins)',
      safety: 'numbers to compare over another channel',
      inspect: 'what the server stores of a message (default: the last)',
      rooms: 'list the rooms of this profile',
      leave: 'leave the room',
      quit: 'quit',
      name: 'NAME',
      optionalName: '[NAME]',
      optionalSeq: '[SEQ]',
    },

    admin: 'admin',
    you: 'you',
    adminAndYou: 'admin, you',
    memberCount: (count: number) => f.plural(count, { one: '# member', other: '# members' }),
    queued: (count: number) => `${f.number(count)} queued`,
    as: (name: string) => `as ${name}`,
    unconfirmed: '(unconfirmed)',
    roomStatus: {
      active: 'active',
      'rolled-back': 'rolled-back',
      left: 'left',
      removed: 'removed',
      joining: 'joining',
      outdated: 'outdated',
    },
    noRooms: 'no rooms yet: gochat new NAME creates one, gochat join LINK joins one',

    removed: (who: string) => `${who} was removed; all invites are revoked: gochat invite creates a new one`,
    adminNow: (who: string) => `${who} is an admin now`,
    adminNoMore: (who: string) => `${who} is no longer an admin`,
    left: 'you have left; an admin’s client removes your keys from the room',
    leftAlone: 'you have left; nobody else was in the room',
    leftRoom: 'you have left the room',

    noInvites: 'no invites: gochat invite creates one',
    inviteBy: (who: string) => `by ${who}`,
    inviteUses: (count: number) => f.plural(count, { one: '# use left', other: '# uses left' }),
    inviteUnlimited: 'unlimited uses',
    inviteDead: 'used up or expired',
    inviteUntil: (date: string) => `until ${date}`,
    revoked: 'the invite is revoked',

    safetyCode: (code: string, epoch: string) =>
      `room code  ${code}  (epoch ${epoch}: the same for all members at this epoch)`,
    safetyNumber: (name: string, id: string, number: string) => `${name} (${id})  ${number}`,

    inspected: (seq: string, kind: string, at: number) => `position ${seq}, ${kind}, ${f.clock.date(at)}`,
    inspectedBytes: (bytes: number) =>
      f.plural(bytes, { one: 'the server stores # byte:', other: 'the server stores # bytes:' }),
    inspectedSays: 'decrypted:',
    inspectedHandshake: '(a change of keys or members)',
    inspectedNothing: '(nothing that this profile can read)',

    created: (name: string, until: number) =>
      `created the room “${name}”; this link lets others join until ${f.clock.date(until)}:`,
    alreadyJoined: (as: string, name: string) => `${as} is already in “${name}”`,
    joined: (as: string, name: string) => `joined “${name}” as ${as}`,
    unconfirmedJoin: 'unconfirmed until another member writes: compare room codes (gochat safety) if you can',
    localOnly: (problem: string) => `${problem}; this is what the profile has`,
    sentLater: (count: number) =>
      f.plural(count, {
        one: 'the server could not be reached; # message is queued and sent by the next command',
        other: 'the server could not be reached; # messages are queued and sent by the next command',
      }),
  };
}
