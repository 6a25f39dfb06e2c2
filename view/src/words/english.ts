import type { HistorySetting } from '@gochat/client/settings';
import { dialogWords } from './dialogs.ts';
import { durationText } from './duration.ts';
import { errorText } from './errors.ts';
import { fileWords } from './files.ts';
import { flashWords } from './flashes.ts';
import type { Formats } from './formats.ts';
import { eventText } from './history.ts';
import { shownHistory } from './history-setting.ts';
import { returnText } from './returning.ts';
import { ruleWords } from './rules.ts';
import { statusWords } from './status.ts';
import { timeMarkText } from './time-mark.ts';
import { timelineWords } from './timeline.ts';
import type { Catalogue, Words } from './words.ts';

/** What both screens say, in English. */
export const english = { language: 'en-GB', text } satisfies Catalogue<unknown>;

export type ViewText = ReturnType<typeof text>;
/** The words of a view; a screen's own catalogue has these and more. */
export type ViewWords = Words<ViewText>;

function text(f: Formats) {
  return {
    backups: async () => (await import('./backups.ts')).backupWords(f),
    /** Loaded with the commands. */
    commands: async () => (await import('./commands.ts')).commandWords(),
    composer: composerWords(f),
    /** Loaded apart: most people link a device once. */
    devices: async () => (await import('./devices.ts')).deviceWords(f),
    dialogs: dialogWords(f),
    direct: async () => (await import('./direct.ts')).directWords(),
    event: eventText(f),
    files: fileWords(f),
    comparison: returnText(f),
    error: errorText(f),
    export: async () => (await import('./export.ts')).exportWords(f),
    history: (setting: HistorySetting) => shownHistory(f, setting),
    knocks: async () => (await import('./knocks.ts')).knockWords(),
    messageDialogs: async () => (await import('./message-dialogs.ts')).messageDialogWords(f),
    flashes: flashWords(f),
    rules: ruleWords(f),
    status: statusWords(f),
    timeline: timelineWords(f),
    timeMark: timeMarkText(f),
  };
}

interface WriteHint {
  readonly history: HistorySetting;
  readonly expire: number | undefined;
  readonly slow: string;
}

function composerWords(f: Formats) {
  return {
    /** @param expire after how many seconds the message disappears; never if undefined. @param slow a sentence about slow mode, or empty */
    write: ({ history, expire, slow }: WriteHint) => {
      const notes = [
        ...(slow === '' ? [] : [slow]),
        ...(expire === undefined ? [] : [`It disappears after ${durationText(f, expire * 1000)}.`]),
        ...(history === 'none' ? [] : [`Newcomers can read ${shownHistory(f, history)}.`]),
      ];
      return notes.length === 0 ? 'Write a message' : ['Write a message.', ...notes].join(' ');
    },
    /** Where only reactions and commands are left. */
    silenced: 'Type / for commands',
    /** Of a conversation whose other person has not accepted yet. */
    asked: (name: string) => `${name} has not accepted yet. What you write waits on this device.`,
    hasLeft: (name: string) => `${name} has left this conversation.`,
    edit: 'Edit your message. Esc cancels.',
    thread: 'Reply. Esc shows all messages.',
    left: (characters: number) =>
      f.plural(characters, { one: 'About # character left', other: 'About # characters left' }),
    over: (characters: number) =>
      f.plural(characters, {
        one: 'Too long by about # character: send it in parts',
        other: 'Too long by about # characters: send it in parts',
      }),
    /** Several members have a name that the text mentions. */
    mentionsAll: (name: string, members: number) =>
      f.form(members, {
        one: `@${name} mentions one member.`,
        other: `@${name} mentions all ${f.number(members)} members of that name.`,
      }),
  };
}
