import type { Formats } from './formats.ts';
import { namesIn } from './names.ts';

/** Without the digits that an estimate doesn't know. */
const twoDigits = (n: number) => Number(n.toPrecision(2));

/** What a screen says about its rooms, members, connection and search. */
export function statusWords(f: Formats) {
  const names = namesIn(f);
  const withWaiting = (text: string, count: number) => {
    if (count === 0) return text;
    const waiting = f.plural(count, {
      one: '# message will be sent when the server is reachable.',
      other: '# messages will be sent when the server is reachable.',
    });
    return `${text} ${waiting}`;
  };
  const unread = (count: number) => `${f.number(count)} unread`;
  const mark = {
    you: 'you',
    admin: 'admin',
    moderator: 'moderator',
    speaker: 'speaker',
    observer: 'observer',
    verified: 'verified',
    ignored: 'ignored',
    here: 'here now',
  };
  return {
    closed: {
      left: 'You left this room. To return, you need a new invite.',
      restored:
        'From a backup. This device joins as soon as it can; otherwise ask an admin to remove your lost devices and to invite you.',
      removed: 'You were removed from this room.',
      broken: 'This device can no longer follow this room. Come back, or join again with a new invite.',
      outdated: 'This room requires a newer version of GoChat. Upgrade to send messages.',
      joining: 'Joining was interrupted. Open the invite link again.',
    },
    /** @param waiting how many messages wait to be sent. */
    connecting: (waiting: number) => withWaiting('Connecting…', waiting),
    /** @param part of what was missed, as {@link progress} */
    catchingUp: (part: string) => `Catching up: ${part}`,
    /** @param of how many there are; an estimate */
    progress: (read: number, of: number) =>
      `${f.number(read)} of about ${f.number(Math.max(read, twoDigits(of)))}`,
    /** @param reason may be empty. */
    offline: (reason: string, waiting: number) =>
      withWaiting(reason === '' ? 'Offline.' : `Offline: ${reason}`, waiting),
    lock: {
      unconfirmed:
        'Not confirmed until the person who invited you, or the room’s founder, writes. Compare the room code with one of them before you trust this room.',
      stranger:
        'A device that you have not linked is in this room as you. Somebody may have a copy of your keys. Type /devices to remove it.',
      /** @param by the member who confirmed the room; empty if nobody did. */
      sealed: (by: string) =>
        `End-to-end encrypted${by === '' ? '' : `, confirmed by ${by}`}. Compare safety numbers to verify who the members are.`,
      verified: (by: string) =>
        `End-to-end encrypted${by === '' ? '' : `, confirmed by ${by}`}. All members are verified.`,
    },
    /** Instead of the command “Mute” in a muted room. */
    unmute: 'Unmute',
    people: 'People',
    /** How many people ask to write to this person. */
    requests: (count: number) => f.plural(count, { one: '# request', other: '# requests' }),
    /** How many wait to be let into the open room. */
    knocks: (count: number) => f.plural(count, { one: '# asks to join', other: '# ask to join' }),
    /** Somebody asks to be let into a room. */
    knocked: (room: string) => `Somebody asks to join ${room}: /knocks`,
    /** Rooms into which this person waits to be let, and those that have declined. */
    waiting: (rooms: readonly string[]) => `Waiting to be let in: ${names(rooms)}`,
    declined: (rooms: readonly string[]) => `Not let in: ${names(rooms)}`,
    letIn: (room: string) => `You were let into ${room}`,
    notLetIn: (room: string) => `You were not let into ${room}: /knocking`,
    /** Somebody asks to write to this person alone. */
    asks: (name: string) => `${name} wants to write to you: /requests`,
    typing: (who: readonly string[]) =>
      f.form(who.length, { one: `${names(who)} is typing…`, other: `${names(who)} are typing…` }),
    unread,
    /** The whole entry of a room for a screen reader. */
    room: (room: {
      readonly name: string;
      readonly unread: number;
      readonly mentions: number;
      readonly muted: boolean;
      readonly closed: string;
    }) =>
      [
        room.name,
        room.unread === 0 ? '' : unread(room.unread),
        room.mentions === 0 ? '' : f.plural(room.mentions, { one: '# mention', other: '# mentions' }),
        room.muted ? 'muted' : '',
        room.closed,
      ]
        .filter((part) => part !== '')
        .join(', '),
    mark,
    marks: (marks: readonly (keyof typeof mark)[]) => marks.map((one) => mark[one]).join(', '),
    /** The whole row of a member for a screen reader. */
    member: (name: string, marks: readonly (keyof typeof mark)[]) =>
      [name, ...marks.map((one) => mark[one])].join(', '),
    search: {
      busy: 'Searching…',
      none: 'No results',
      /** @param more whether there are more than `count`. */
      found: (count: number, more: boolean) =>
        more
          ? f.plural(count, { one: 'More than # result', other: 'More than # results' })
          : f.plural(count, { one: '# result', other: '# results' }),
      at: (at: number, count: number, more: boolean) =>
        `${f.number(at)} of ${f.number(count)}${more ? '+' : ''}`,
    },
    notification: { title: 'GoChat', message: 'New message', mention: 'You were mentioned' },
  };
}

/** What a member is, beside their name. */
export type MemberMark = keyof ReturnType<typeof statusWords>['mark'];
