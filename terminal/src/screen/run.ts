import type { Profile } from '@gochat/client/open';
import { thumbToRgba } from '@gochat/client/thumb';
import { createView } from '@gochat/view/chat-view-model';
import { sanitizeText } from '@gochat/view/sanitize';
import { EXIT } from '../exit.ts';
import { codeOfSignal } from '../interrupt.ts';
import { type Io, note } from '../io.ts';
import { decodePicture, rewritePicture, sixelPicture } from '../pictures/pictures.ts';
import { oneLine } from './draw/one-line.ts';
import { ASCII, UNICODE } from './draw/symbols.ts';
import type { ScreenHost } from './host.ts';
import { Keymap, type KeymapName as KeyProfile } from './input/keymap.ts';
import { GraphicsProbe } from './pictures/graphics.ts';
import { platformOf } from './platform.ts';
import { Screen } from './screen.ts';
import { editExternally, openExternally } from './terminal/external-programs.ts';
import { InputDecoder } from './terminal/input-decoder.ts';
import { copySequence, isRich } from './terminal/notify.ts';
import { OpenedFiles } from './terminal/opened-files.ts';
import { Painter } from './terminal/painter.ts';
import { depthOf, Palette, themeOf } from './terminal/palette.ts';
import { Suspension } from './terminal/suspension.ts';
import { Tty, type TtyIn, type TtyOut } from './terminal/tty.ts';

export interface ScreenParts {
  readonly profile: Profile;
  /** The default server for new rooms. */
  readonly server: string;
  /** The id of the room to open; the one that was open last when undefined. */
  readonly room?: string | undefined;
  /** An invite to show first. */
  readonly link?: string | undefined;
  readonly ascii?: boolean | undefined;
  readonly keys?: KeyProfile | undefined;
}

/** Most terminals accept no longer text for the clipboard. */
const COPY_BYTES = 75_000;
/** How long a crash waits for the profile to close. */
const CRASH_MS = 3000;
const END_SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** Chats on the full screen until the user quits. The terminal is restored, whatever happens. @returns the exit code */
export async function runScreen(io: Io, parts: ScreenParts): Promise<number> {
  const { env, words } = io;
  const tty = new Tty(io.stdin as TtyIn, io.stdout as TtyOut);
  // Without a locale, as in containers, terminals use UTF-8.
  const unicode = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || 'utf-8');
  const depth = depthOf(env);
  const rich = isRich(env);
  const painter = new Painter(new Palette(themeOf(undefined, env), depth), { links: rich, unicode });
  // Without colours, and with plain letters only, no picture can be shown, whatever the terminal answers.
  const drawsPictures = parts.ascii !== true && rich && painter.hasPictures;
  const probe = new GraphicsProbe(env);
  const keys = parts.keys ?? 'readline';
  const copy = (text: string) => Promise.resolve(rich && copyIn(tty, text, env));
  const end = new End();
  const opened = new OpenedFiles(env, (name) =>
    screen?.note(words.text.screen.notes.notPlayed(oneLine(name))),
  );
  // The view needs the platform, which needs the screen, which needs the view.
  let screen: Screen | undefined;

  const view = await createView({
    profile: parts.profile,
    platform: platformOf(env, words.text, {
      write: (text) => tty.write(text),
      copy,
      openLink: (href) => void screen?.openLink(href),
      quit: () => end.reach(),
      say: (text) => screen?.note(text),
      keysOf: (command) => screen?.keysOf(command) ?? new Keymap(keys).keysOf(command),
      opened,
    }),
    words,
    server: parts.server,
    ...(parts.room !== undefined && { room: parts.room }),
  });
  const suspension = new Suspension(tty, (paused) => screen?.pause(paused));
  const shown = new Screen(view, {
    painter,
    symbols: parts.ascii === true || !unicode ? ASCII : UNICODE,
    text: words.text.screen,
    host: {
      ...hostOf(tty, env, (paused) => screen?.pause(paused)),
      copy,
      stopPlaying: () => opened.stop(),
      suspend: () => suspension.suspend(),
    },
    titled: rich,
    keys,
    pictures: drawsPictures
      ? {
          probe,
          env,
          decode: decodePicture,
          rewrite: rewritePicture,
          sixels: sixelPicture,
          thumb: thumbToRgba,
        }
      : undefined,
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
  const stopWatching = endOnSignalsAndCrash(io, tty, end);
  try {
    suspension.watch();
    tty.enter();
    if (drawsPictures) tty.write(probe.query);
    view.actions.look(true);
    if (parts.link !== undefined) view.actions.openLink(parts.link);
    shown.paint();
    return await end.code;
  } finally {
    stopWatching();
    suspension.close();
    stopListening();
    input.close();
    shown.close();
    tty.leave();
    await opened.close();
    await view.close();
  }
}

/** The end of the chat, with its exit code. */
class End {
  readonly code: Promise<number>;
  #resolve: (code: number) => void = () => undefined;

  constructor() {
    this.code = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  reach(code: number = EXIT.done): void {
    this.#resolve(code);
  }
}

/** @returns false for a text that is too long */
function copyIn(tty: Tty, text: string, env: Io['env']): boolean {
  if (Buffer.byteLength(text) > COPY_BYTES) return false;
  tty.write(copySequence(text, env));
  return true;
}

/** @param pause is called with true before another program gets the terminal, and with false after it has ended. */
function hostOf(
  tty: Tty,
  env: Io['env'],
  pause: (paused: boolean) => void,
): Omit<ScreenHost, 'copy' | 'stopPlaying' | 'suspend'> {
  return {
    size: () => tty.size,
    write: (text) => tty.write(text),
    isHeldUp: (then) => {
      if (tty.isBusy) tty.onceDrained(then);
      return tty.isBusy;
    },
    mouse: (on) => tty.mouse(on),
    openLink: (href) => openExternally(href, env),
    edit: async (text) => {
      pause(true);
      tty.leave();
      try {
        return await editExternally(text, env);
      } catch {
        return undefined;
      } finally {
        tty.enter();
        pause(false);
      }
    },
  };
}

/** Ends the chat on a signal, and after an error that nothing caught: that is printed on the restored terminal. @returns a function that stops this */
function endOnSignalsAndCrash(io: Io, tty: Tty, end: End): () => void {
  const signalled = (signal: NodeJS.Signals) => end.reach(codeOfSignal(signal));
  const crashed = (error: unknown) => {
    tty.leave();
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    note(io, `gochat: ${sanitizeText(text)}`);
    // What is being written to the profile may complete: an exit now could wait for it forever.
    end.reach(EXIT.internal);
    setTimeout(() => process.exit(EXIT.internal), CRASH_MS).unref();
  };
  process.once('uncaughtException', crashed);
  for (const signal of END_SIGNALS) process.once(signal, signalled);
  return () => {
    for (const signal of END_SIGNALS) process.off(signal, signalled);
    process.off('uncaughtException', crashed);
  };
}
