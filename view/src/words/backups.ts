import type { Formats } from './formats.ts';

export type BackupText = ReturnType<typeof backupWords>;

/** What is said about backups of a profile. */
export function backupWords(f: Formats) {
  const messages = (count: number) => f.plural(count, { one: '# message', other: '# messages' });
  const rooms = (count: number) => f.plural(count, { one: '# room', other: '# rooms' });
  return {
    backup: {
      title: 'Save a backup',
      text: 'An encrypted file with who you are, your rooms, your drafts and the messages of this device. Not in it: files of messages, who joined and left, and what was deleted.',
      by: 'Opened by',
      recovery: 'your recovery link',
      passphrase: 'a passphrase',
      passphraseField: 'Passphrase',
      orEmpty: 'Leave it empty if your recovery link opens the backup.',
      oneOfBoth: 'Choose that a passphrase opens the backup, or leave this empty',
      hint: (least: number) =>
        `At least ${f.number(least)} characters. Without it nobody can open the backup, and you neither.`,
      submit: 'Save',
      progress: (count: number) => `${messages(count)} saved`,
      saved: (where: string) => `The backup is saved as ${where}`,
    },
    restore: {
      title: 'Restore a backup',
      text: (file: string) =>
        `This device becomes one of yours, with what is in ${file}, and joins your rooms. Remove the devices that you have lost afterwards.`,
      key: 'Passphrase or recovery link',
      keyMissing: 'Enter the passphrase of the backup, or your recovery link',
      label: 'Name of this device',
      submit: 'Restore',
      checking: (count: number) => `${messages(count)} checked`,
      restoring: (count: number) => `${messages(count)} restored`,
      joining: 'Joining your rooms',
      noFile: 'Name the file of the backup: /restore PATH',
      done: (joined: number, of: number) =>
        joined === of
          ? `You are back in ${rooms(of)}`
          : `You are back in ${f.number(joined)} of ${rooms(of)}`,
      others:
        'The others are tried again. Where that doesn’t help, ask an admin to remove your lost devices and to invite you.',
      /** Said where the dialog was closed meanwhile. */
      former: 'Remove the devices that you have lost: /devices',
      devices: 'Your devices',
      lost: 'Remove lost devices',
      missing: (room: string, why: string) => `${room}: ${why}`,
      close: 'Open the chat',
    },
    /** What the file is called. */
    name: (day: string) => `gochat ${day}.age`,
  };
}
