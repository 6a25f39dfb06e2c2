import type { Field } from '../dialogs/dialog.ts';

/** What a screen's surroundings do for the view. */
export interface Platform {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once after `ms`. @returns what calls it off. */
  after(ms: number, run: () => void): () => void;
  /** @returns whether it could. */
  copy(text: string): Promise<boolean>;
  /** Opens an http, https or mailto address outside of the chat. */
  openLink(href: string): void;
  /** Tells who isn't looking. `body` holds nothing that was said unless the profile's settings allow it. */
  notify(notice: Notice): void;
  /** A file of the user's to read as text (UTF-8), or undefined when none was picked or it can't be read. @param path where the user has named one */
  pickText(path: string | undefined): Promise<{ readonly name: string; readonly text: string } | undefined>;
  /** Ends the program, or does nothing where a tab is closed instead. */
  quit(): void;
  /** Which keys of this screen run a command, for help and menus: empty for none. */
  keysOf(command: string): string;
  /** How text is written on this screen, for help. */
  readonly writingKeys: readonly { readonly keys: string; readonly usage: string; readonly text: string }[];
  /** The screen's own settings, with the value that holds unless another was chosen. */
  readonly settings: readonly Field[];
}

export interface Notice {
  readonly title: string;
  readonly body: string;
  readonly room: string;
  readonly mention: boolean;
}
