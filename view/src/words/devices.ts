import type { Formats } from './formats.ts';
import { recoveryWords } from './recovery.ts';

export type DeviceText = ReturnType<typeof deviceWords>;

/** What is said about a person's devices, and while one of them takes another in. */
export function deviceWords(f: Formats) {
  const rooms = (count: number) => f.plural(count, { one: '# room', other: '# rooms' });
  return {
    list: {
      title: 'Your devices',
      text: 'They share your rooms, your drafts and what you have read. Others see one person.',
      alone: 'GoChat runs only on this device. Link another one to have the same rooms there.',
      this: 'this device',
      limited: 'limited',
      rooms,
      since: (at: number) => `since ${f.clock.shortDate(at)}`,
      removing: (left: number) => (left === 0 ? 'being removed' : `being removed: still in ${rooms(left)}`),
      unknown: 'not linked by you. If you don’t know it, remove it',
      /** A device without a label. */
      unnamed: (id: string) => `Device ${id}`,
      link: 'Link another device',
      /** @param devices by their names */
      labels: (devices: readonly string[]) => `Your devices here: ${f.list(devices)}.`,
    },

    older: {
      asked: (devices: number) =>
        f.plural(devices, {
          one: 'Your other device is asked for older messages. They appear here once it is online, if it has any.',
          other:
            'Your # other devices are asked for older messages. They appear here once one of them is online, if it has any.',
        }),
      came: 'Older messages have come from another device of yours',
      nobody:
        'No other device can send older messages: you have none in this room’s server, or a limited one would read along. A backup brings them (/backup there, /restore here).',
    },

    one: {
      key: (id: string) => `Device key: ${id}…`,
      limited: 'This device is limited: it can’t link or remove devices.',
      unknown:
        'Your other devices don’t know it. Either another version of GoChat added it, or somebody has a copy of your keys.',
      rename: 'Rename',
      copied: 'It was copied: renew its keys in this room',
      remove: 'Lost or sold: remove it',
    },

    rename: {
      title: 'Rename the device',
      label: 'Name',
      hint: 'Only your own devices show it.',
      submit: 'Rename',
    },

    copied: {
      title: 'Report a copy of this device',
      text: 'This device gets new keys in this room. A copy can’t read later messages.',
      ends: 'Once an admin is online, the server sends the copy nothing more, and it can’t join as another device of yours.',
      submit: 'Renew keys',
    },

    remove: {
      title: (device: string) => `Remove ${device}?`,
      text: [
        'It is removed from all your rooms, each as soon as the room’s server can be reached. The other members see that a device of yours was removed.',
        'Once it is online, it deletes what it has, also what it has not sent. A copy of it keeps what it has received. It can’t read later messages, and needs a new link to come back.',
      ],
      /** @param devices how many came after it */
      later: (devices: number) =>
        f.plural(devices, {
          one: 'A device came after this one, so whoever had this one may have linked it. If you don’t know it, remove it, too.',
          other:
            'These devices came after this one, so whoever had this one may have linked them. Remove those that you don’t know, too.',
        }),
      alsoLater: (device: string) => `Also remove ${device}`,
      /** In a terminal, after the removal. @param id of the later device */
      cameLater: (device: string, id: string) =>
        `${device} came after it, so whoever had it may have linked ${device}. If you don’t know ${device}, run: gochat devices remove ${id}`,
      submit: 'Remove device',
      leftTitle: (device: string) => `${device} is being removed`,
      left: (count: number) =>
        f.plural(count, {
          one: 'It is still in # room. GoChat removes it there later, also from your other devices:',
          other: 'It is still in # rooms. GoChat removes it there later, also from your other devices:',
        }),
      /** @param why a sentence, or empty */
      leftIn: (room: string, why: string) => (why === '' ? room : `${room}: ${why}`),
    },

    /** On the device that takes another one in. */
    offer: {
      title: 'Link another device',
      creating: 'Creating link…',
      text: 'Open this link on the other device: scan the code with its camera, or paste the link there. It then shows six digits.',
      once: (until: number) =>
        `The link can be used once, until ${f.clock.time(until)}. Whoever opens it gets nothing without the digits.`,
      limited: 'The other device will be limited: it can’t link or remove devices.',
      terms: 'The other device gets your name, your rooms, your drafts and what you have read.',
      server: 'Server',
      serverHint: 'A browser gets only the rooms of this server, a terminal the rooms of all.',
      isLimited: 'Limited device, such as a bot or a borrowed browser: it can’t link or remove devices',
      submit: 'Create link',
      opened: 'The link was opened. Type the six digits that the other device shows.',
      digits: 'Six digits',
      six: 'Type the six digits.',
      left: (count: number) => f.plural(count, { one: '# try left', other: '# tries left' }),
      confirm: 'Link',
      stopTitle: 'Stop linking?',
      stop: 'The other device gets nothing.',
      stopSubmit: 'Stop',
      sending: 'Sending your rooms to the other device…',
      /** @param device its label, or empty */
      sent: (device: string) =>
        device === '' ? 'The other device is linked.' : `${device} is linked: it is one of your devices now.`,
      joins: 'It joins your rooms one after the other. You can close this.',
      done: 'Done',
      failed: 'The device was not linked',
      again: 'Create a new link',
    },

    /** On the new device. */
    accept: {
      title: 'Link this device',
      text: 'This becomes one of your devices: it gets your name and your rooms, and others see the same person.',
      link: 'Link from the other device',
      linkHint: 'There, open “Your devices” and choose “Link another device”, or type /link.',
      label: 'Name of this device',
      labelHint: 'Only your own devices show it.',
      submit: 'Show digits',
      usedTitle: 'This profile is in use',
      used: (count: number) =>
        f.plural(count, {
          one: 'It has # room, so it can’t become a device of somebody: only an empty profile can.',
          other: 'It has # rooms, so it can’t become a device of somebody: only an empty profile can.',
        }),
      elsewhere: 'Open the link in a browser in which GoChat has no rooms, or run in a terminal:',
      close: 'Close',
      digits: 'Type these digits on your other device:',
      waiting: 'Waiting for the other device…',
      cancel: 'Cancel',
      stop: 'This device gets nothing. You can begin again with a new link.',
      joining: 'This is one of your devices now. It joins your rooms:',
      progress: (joined: number, of: number) => `${f.number(joined)} of ${rooms(of)}`,
      joined: (count: number) =>
        f.plural(count, {
          one: 'This device has your # room now',
          other: 'This device has your # rooms now',
        }),
      missing: (count: number) =>
        f.plural(count, {
          one: '# room could not be joined yet. GoChat tries again:',
          other: '# rooms could not be joined yet. GoChat tries again:',
        }),
      open: 'Open the chat',
      failed: 'This device was not linked',
      again: 'Use a new link',
    },

    /** On a device that another one has removed. */
    removed: {
      title: 'This device was removed',
      text: [
        'Another device of yours has removed it from all rooms. Its keys and messages are deleted here.',
        'If that was not you, check your other devices: somebody else may use one of them.',
      ],
      again: 'Start with an empty profile',
      quit: 'Quit',
      /** At a later start. */
      before: (at: number) =>
        `Another device of yours removed this one, ${f.clock.moment(at)}. It has an empty profile now.`,
    },
    recovery: recoveryWords(f),
    renamed: 'Renamed',
    isRemoved: (device: string) => `${device} is out of all your rooms`,
    waits: 'Another device has opened your link. To type its digits: /link',
    appeared: 'A device that you have not linked is in one of your rooms. To see it: /devices',
  };
}
