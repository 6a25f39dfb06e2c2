import type { Profile } from '@gochat/client/open';
import { createView } from '@gochat/view/chat-view-model';
import type { Platform } from '@gochat/view/platform';
import { sanitizeText } from '@gochat/view/sanitize';
import type { TerminalText } from '@gochat/view/terminal-words';
import type { Words } from '@gochat/view/words';
import { EXIT } from '../exit.ts';
import { type Io, note } from '../io.ts';
import { ASCII, UNICODE } from './draw/symbols.ts';
import type { ScreenHost } from './host.ts';
import { Keymap, type KeymapName as KeyProfile } from './input/keymap.ts';
import { Screen } from './screen.ts';
import { editExternally, openExternally, readTextFile } from './terminal/external-programs.ts';
import { InputDecoder } from './terminal/input-decoder.ts';
import { copySequence, isRich, NoticeCommand, noticeSequence, notifierOf } from './terminal/notify.ts';
import { Painter } from './terminal/painter.ts';
import { depthOf, Palette, themeOf } from './terminal/palette.ts';
import { Tty, type TtyIn, type TtyOut } from './terminal/tty.ts';

export interface ScreenParts {
  readonly profile: Profile;
  /** Where rooms are made unless another server is named. */
  readonly server: string;
  /** The id of the room to open; the one that was open last when undefined. */
  readonly room?: string | undefined;
  /** An invite to show first. */
  readonly link?: string | undefined;
  readonly ascii?: boolean | undefined;
  readonly keys?: KeyProfile | undefined;
}

/** Longer texts most terminals refuse to take into the clipboard. */
const COPY_BYTES = 75_000;
/** So long a crash may take to close the profile. */
const CRASH_MS = 3000;
/** Who was stopped and goes on at once was not stopped at all: nobody there knows how. */
const RESUME_MS = 50;

/** Chats on the full screen until the person leaves. The terminal is given back as it was, whatever happens. @returns the exit code */
export async function runScreen(io: Io, parts: ScreenParts): Promise<number> {
  const { env } = io;
  const tty = new Tty(io.stdin as TtyIn, io.stdout as TtyOut);
  // Where no locale is set at all, as in containers, the terminal has UTF-8 nowadays.
  const unicode = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || 'utf-8');
  const depth = depthOf(env);
  const rich = isRich(env);
  const painter = new Painter(new Palette(themeOf(undefined, env), depth), { links: rich, unicode });
  const keys = parts.keys ?? 'readline';
  let ended: () => void = () => undefined;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  let screen: Screen | undefined;
  const copy = (text: string) => {
    if (!rich || Buffer.byteLength(text) > COPY_BYTES) return Promise.resolve(false);
    tty.write(copySequence(text, env));
    return Promise.resolve(true);
  };
  const { words } = io;
  const platform = platformOf(env, words, {
    write: (text) => tty.write(text),
    copy,
    openLink: (href) => void screen?.openLink(href),
    quit: () => ended(),
    say: (text) => screen?.note(text),
    keysOf: (command) => screen?.keysOf(command) ?? new Keymap(keys).keysOf(command),
  });

  const view = await createView({
    profile: parts.profile,
    platform,
    words,
    server: parts.server,
    ...(parts.room !== undefined && { room: parts.room }),
  });
  const suspension = new Suspension(tty, (paused) => screen?.pause(paused));
  const host: ScreenHost = {
    size: () => tty.size,
    write: (text) => tty.write(text),
    isHeldUp: (then) => {
      if (tty.isBusy) tty.onceDrained(then);
      return tty.isBusy;
    },
    mouse: (on) => tty.mouse(on),
    openLink: (href) => openExternally(href, env),
    copy,
    edit: async (text) => {
      screen?.pause(true);
      tty.leave();
      try {
        return await editExternally(text, env);
      } catch {
        return undefined;
      } finally {
        tty.enter();
        screen?.pause(false);
      }
    },
    suspend: () => suspension.suspend(),
    quit: () => ended(),
  };
  const symbols = parts.ascii === true || !unicode ? ASCII : UNICODE;
  const shown = new Screen(view, {
    painter,
    symbols,
    text: words.text.screen,
    host,
    titled: rich,
    keys,
    settings: (settings) => {
      painter.recolour(new Palette(themeOf(settings.theme, env), depth));
      tty.mouse(settings.mouse !== '');
    },
  });
  screen = shown;
  const input = new InputDecoder((one) => shown.take(one));
  const stopListening = tty.listen(
    (bytes) => input.write(bytes),
    () => shown.repaint(),
  );
  let code: number = EXIT.done;
  const crashed = (error: unknown) => {
    tty.leave();
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    note(io, `gochat: ${sanitizeText(told)}`);
    code = EXIT.internal;
    // What is being written to the profile is let through: to end at once could block in the middle of it.
    ended();
    setTimeout(() => process.exit(EXIT.internal), CRASH_MS).unref();
  };
  process.once('uncaughtException', crashed);
  for (const signal of ENDINGS) process.once(signal, ended);
  try {
    suspension.watch();
    tty.enter();
    view.actions.look(true);
    if (parts.link !== undefined) view.actions.openLink(parts.link);
    shown.paint();
    await end;
    return code;
  } finally {
    for (const signal of ENDINGS) process.off(signal, ended);
    process.off('uncaughtException', crashed);
    suspension.close();
    stopListening();
    input.close();
    shown.close();
    tty.leave();
    await view.close();
  }
}

const ENDINGS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

interface PlatformActions {
  readonly write: (text: string) => void;
  readonly copy: (text: string) => Promise<boolean>;
  readonly openLink: (href: string) => void;
  readonly quit: () => void;
  readonly say: (text: string) => void;
  readonly keysOf: (command: string) => string;
}

/** The settings that only the terminal has. */
function settingsOf(words: TerminalText['screen']['settings']): Platform['settings'] {
  const choices = (['readline', 'vim'] as const).map((value) => ({ value, label: words.keyChoices[value] }));
  return [
    { name: 'keys', label: words.keys, value: 'readline', hint: '', type: 'choice', choices },
    { name: 'mouse', label: words.mouse, value: 'on', hint: words.mouseHint, type: 'toggle', choices: [] },
  ];
}

/** What a terminal does for the view. */
function platformOf(env: Io['env'], { text }: Words<TerminalText>, actions: PlatformActions): Platform {
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
    pickText: (path) => {
      if (path !== undefined && path !== '') return readTextFile(path);
      actions.say(text.screen.notes.nameFile);
      return Promise.resolve(undefined);
    },
    quit: actions.quit,
    keysOf: actions.keysOf,
    writingKeys: text.screen.writingKeys,
    settings: settingsOf(text.screen.settings),
  };
}

/** Ctrl+Z: the terminal is given back, the process stops, and when it goes on all is as before. */
class Suspension {
  readonly #tty: Tty;
  readonly #pause: (paused: boolean) => void;
  #stopped = false;
  readonly #onStop = () => this.suspend();
  readonly #onContinue = () => this.#resume();

  constructor(tty: Tty, pause: (paused: boolean) => void) {
    this.#tty = tty;
    this.#pause = pause;
  }

  watch(): void {
    process.on('SIGTSTP', this.#onStop);
    process.on('SIGCONT', this.#onContinue);
  }

  suspend(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pause(true);
    this.#tty.leave();
    process.off('SIGTSTP', this.#onStop);
    // The whole group, as if the terminal had sent it: what started us stops as well.
    process.kill(0, 'SIGTSTP');
    setTimeout(this.#onContinue, RESUME_MS);
  }

  #resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    process.on('SIGTSTP', this.#onStop);
    this.#tty.enter();
    this.#pause(false);
  }

  close(): void {
    process.off('SIGTSTP', this.#onStop);
    process.off('SIGCONT', this.#onContinue);
  }
}
