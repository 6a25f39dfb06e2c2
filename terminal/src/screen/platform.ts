import type { Platform } from '@gochat/view/platform';
import type { PlatformFiles } from '@gochat/view/platform-files';
import type { TerminalText } from '@gochat/view/terminal-words';
import { labelHere } from '../device-label.ts';
import { filesAt, pathsFrom } from '../files/at-paths.ts';
import { saveFile } from '../files/save-file.ts';
import { readTextFile } from './terminal/external-programs.ts';
import { NoticeCommand, noticeSequence, notifierOf } from './terminal/notify.ts';
import type { OpenedFiles } from './terminal/opened-files.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What the view's platform uses of the terminal and the screen. */
export interface PlatformActions {
  readonly write: (text: string) => void;
  readonly copy: (text: string) => Promise<boolean>;
  readonly openLink: (href: string) => void;
  readonly quit: () => void;
  readonly say: (text: string) => void;
  readonly keysOf: (command: string) => string;
  readonly opened: OpenedFiles;
}

/** The settings that only the terminal has. */
function settingsOf(words: TerminalText['screen']['settings']): Platform['settings'] {
  const choices = (['readline', 'vim'] as const).map((value) => ({ value, label: words.keyChoices[value] }));
  const sizes = Object.entries(words.pictureSizes).map(([value, label]) => ({ value, label }));
  return [
    { name: 'keys', label: words.keys, value: 'readline', hint: '', type: 'choice', choices },
    { name: 'mouse', label: words.mouse, value: 'on', hint: words.mouseHint, type: 'toggle', choices: [] },
    {
      name: 'pictureSize',
      label: words.pictureSize,
      value: 'medium',
      hint: '',
      type: 'choice',
      choices: sizes,
    },
  ];
}

function terminalFiles(opened: OpenedFiles): PlatformFiles {
  return {
    pick: async () => [],
    needsPaths: true,
    at: filesAt,
    paths: pathsFrom,
    save: (name, _type, bytes) => saveFile(process.cwd(), name, bytes),
    open: (name, _type, bytes) => opened.open(name, bytes),
    play: (name, type, bytes) => opened.play(name, type.startsWith('video/'), bytes),
    makePreview: async (bytes) => (await import('../pictures/pictures.ts')).makePreview(bytes),
  };
}

/** The platform of a view in a terminal. */
export function platformOf(env: Env, { screen: text }: TerminalText, actions: PlatformActions): Platform {
  const notifier = notifierOf(env);
  const command = env.GOCHAT_NOTIFY_COMMAND ? new NoticeCommand(env.GOCHAT_NOTIFY_COMMAND) : undefined;
  return {
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    copy: actions.copy,
    openLink: actions.openLink,
    notify: (notice) => {
      if (command === undefined) actions.write(noticeSequence(notifier, notice, env));
      else command.run(notice, env);
    },
    files: terminalFiles(actions.opened),
    pickText: (path) => {
      if (path !== undefined && path !== '') return readTextFile(path);
      actions.say(text.notes.nameFile);
      return Promise.resolve(undefined);
    },
    keepsProfile: () => Promise.resolve(true),
    deviceName: labelHere(),
    quit: actions.quit,
    keysOf: actions.keysOf,
    writingKeys: text.writingKeys,
    settings: settingsOf(text.settings),
  };
}
