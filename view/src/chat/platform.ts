import type { Field } from '../dialogs/dialog.ts';
import type { PlatformFiles } from './platform-files.ts';

/** What a screen's platform does for the view. */
export interface Platform {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once after `ms`. @returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /** @returns whether it was copied. */
  copy(text: string): Promise<boolean>;
  /** Opens an http, https or mailto address outside of the chat. */
  openLink(href: string): void;
  /** Shows a notification. `body` has no text of messages unless the profile's settings allow it. */
  notify(notice: Notice): void;
  /** Closes the notification about a room if its message has disappeared by `until`, in milliseconds since 1970; absent where none can be. */
  readonly closeNotice?: (room: string, until: number) => void;
  /** What it does with files. */
  readonly files: PlatformFiles;
  /** Lets the user pick a text file. @param path of the file, if the user named one @returns undefined when none was picked or it can't be read */
  pickText(path: string | undefined): Promise<{ readonly name: string; readonly text: string } | undefined>;
  /**
   * Whether what is stored here stays until the person deletes it. False in a browser that may delete it itself, as a private window
   * does when it is closed: no browser says whether a window is private. @param ask the browser to keep it, for which some ask the person
   */
  keepsProfile(ask: boolean): Promise<boolean>;
  /** What this device is called unless its person says otherwise, such as "Firefox on Linux". */
  readonly deviceName: string;
  /** Ends the program; does nothing in a browser. */
  quit(): void;
  /** Starts again, with whatever the profile is then; absent where only the person can. */
  readonly restart?: () => void;
  /** The keys of this screen that run a command, for help and menus; empty for none. */
  keysOf(command: string): string;
  /** How text is written on this screen, for help. */
  readonly writingKeys: readonly { readonly keys: string; readonly usage: string; readonly text: string }[];
  /** The screen's own settings, with their default values. */
  readonly settings: readonly Field[];
}

export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly room: string;
  readonly mention: boolean;
  /** When its message disappears, in milliseconds since 1970; absent if never. */
  readonly expires?: number;
}
