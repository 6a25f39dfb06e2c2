import type { Formats } from './formats.ts';

/** What is said about the link that brings a person back who has lost all devices. */
export function recoveryWords(f: Formats) {
  const rooms = (count: number) => f.plural(count, { one: '# room', other: '# rooms' });
  const day = (at: number) => f.clock.shortDate(at);
  return {
    title: 'Recovery link',
    text: 'If you lose all your devices, a recovery link brings you back into your rooms, on a new device.',
    none: 'You have none. Without it, losing your last device means losing your rooms.',
    made: (since: number, count: number) =>
      `You have one, made on ${day(since)}. It leads into ${rooms(count)}.`,
    leads: (count: number) => `It leads into ${rooms(count)}.`,
    /** Rooms for which there is no place in it. */
    left: (count: number) =>
      f.plural(count, {
        one: 'It has no place for # more room.',
        other: 'It has no place for # more rooms.',
      }),
    /** Rooms whose own invite is not known here yet. */
    follow: (count: number) =>
      f.plural(count, {
        one: '# more room follows within some minutes, while GoChat is open and online.',
        other: '# more rooms follow within some minutes, while GoChat is open and online.',
      }),
    updating: 'It is not up to date: that is done within a minute or two, while GoChat is open and online.',
    limited: 'This device is limited: make the link on another one of your devices.',
    make: 'Make a recovery link',
    replace: 'Make a new link',
    devices: 'Your devices',

    /** Asked before a link is made. */
    ask: {
      title: 'Make a recovery link?',
      replaceTitle: 'Make a new recovery link?',
      ends: (since: number) =>
        `The link of ${day(since)} ends: nobody comes in with it any more. Destroy what is left of it.`,
      server: 'Server',
      serverHint: 'The link needs this server. It brings you into the rooms on the others, too.',
      token: 'This server asks for a token, as for a new room.',
      submit: 'Make link',
    },

    /** The new link, which is shown once. */
    shown: {
      making: 'Making the link…',
      keep: 'Print it or write it down, and keep it where your devices are not. It is shown only now: GoChat doesn’t store it.',
      danger: 'Whoever has it becomes you. If somebody may have seen it, make a new one: this one ends.',
      copied: 'Link copied. Keep it off your devices',
      keptTitle: 'The link is not shown again',
      kept: 'Have you printed it, or written it down? If not, cancel: then it is shown once more.',
      keptSubmit: 'I have it',
    },

    /** On the paper. */
    paper: {
      /** @param name of the person, or empty */
      title: (name: string) => (name === '' ? 'GoChat recovery link' : `GoChat recovery link of ${name}`),
      made: (at: number) => `Made on ${day(at)}. A newer one ends this one.`,
      use: 'All devices lost? Open this link on a new device: scan the code, or type the link into the browser. In a terminal: gochat recover LINK.',
      danger: 'Whoever has this paper becomes you. Keep it as you keep a key.',
    },

    /** On the new device. */
    accept: {
      title: 'Come back',
      text: 'This becomes your device: it gets your name and your rooms, and others see the same person. The link has no messages: you see those that a room shows to newcomers.',
      link: 'Recovery link',
      linkHint: 'From your paper. It has #/recover/ in it.',
      submit: 'Come back',
      joining: 'You are back. This device joins your rooms:',
      joined: (count: number) =>
        f.plural(count, { one: 'You are back in your # room', other: 'You are back in your # rooms' }),
      missing: (count: number) =>
        f.plural(count, {
          one: '# room has not let this device in:',
          other: '# rooms have not let this device in:',
        }),
      /** What to do about it. */
      help: 'A server that is away is tried again. Into a room that has changed since, an admin lets you: first the admin removes your lost devices there, then invites you.',
      devices: 'Remove lost devices',
      /** Above the list of devices. */
      lost: 'Which of these are lost? Choose each, and remove it: then nobody who has it can read or write as you.',
      lostLater: 'Remove the devices that you have lost: /devices',
    },

    /** Said once, after the first message. */
    offer: 'Make a recovery link (/recovery): without it, lost devices are lost rooms',
  };
}
