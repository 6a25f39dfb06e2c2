import type { CodePart } from '../text/rich.ts';

/** A file that a person hands over. Reading it fails when the file is gone. */
export interface AttachedFile {
  readonly name: string;
  /** A media type; empty when the screen doesn't know it. */
  readonly type: string;
  readonly bytes: number;
  /** Of a recording: its length in milliseconds, and its loudness in 64 equal parts of it, from 0 to 255. */
  readonly voice?: { readonly ms: number; readonly wave: readonly number[] };
  /** Its bytes from the beginning; it may be called more than once. */
  stream(): AsyncIterable<Uint8Array>;
  /** Undefined when it is no text. */
  text(): Promise<string | undefined>;
}

/** What is done with a file of a message. `show`: a picture, in front of the chat. `cancel`: the fetching or the sending. */
export type FileAct = 'save' | 'show' | 'open' | 'play' | 'fetch' | 'cancel';

/** What a screen can make the view do. None of these throws: the snapshot shows what failed. */
export interface Actions {
  /** Opens a room of the profile. */
  open(room: string): void;
  /** Opens the next (1) or previous (-1) room, or the next with something unread. */
  step(by: 1 | -1, which?: 'unread'): void;
  /** Shows the message that a link leads to; shows what an invite link leads to, and asks whether to join; with the link of another device, makes this one a device of the same person. */
  openLink(link: string): void;

  /** Sets the text of the composer and the cursor (UTF-16 offset). */
  type(text: string, cursor: number): void;
  /** Sends what is in the composer, or runs it when it is a command; a `//` at the start sends a slash. */
  send(): void;
  /** Inserts a suggestion; does nothing when there is none. @param index of the suggestion; the selected one when absent, or else the first */
  complete(index?: number): void;
  /** Moves the completion's selection. */
  select(by: 1 | -1): void;
  /** Inserts a paste at the cursor. For more than three lines it asks first. */
  paste(text: string, cursor: number): void;
  /** Takes files that were picked, pasted or dropped into the tray; `send` sends them with the text. Says why one can't be sent. */
  attach(files: readonly AttachedFile[]): void;
  /** Changes a file in the tray. */
  tray(key: string, change: 'remove' | 'retry' | { readonly alt: string }): void;
  /** A file in the tray as it was given to `attach`, for a screen to draw it; undefined when it isn't there any more. */
  attached(key: string): AttachedFile | undefined;
  /** Takes the text out of the composer and into the tray, as a file. */
  sendAsFile(): void;
  /** Starts to edit the last own message, in an empty composer only. @returns whether there is one */
  editLast(): boolean;
  /** Puts an earlier (-1) or later (1) sent text into the composer. @returns false at the end of them */
  recall(by: 1 | -1): boolean;
  /** Cancels the completion, or else the reply or the edit, or else the search, or else the unread line. @returns whether there was one of them */
  cancel(): boolean;

  /** Runs a command by name. @param row the key of the message's row, for commands about a message. */
  run(command: string, args?: string, row?: string): void;
  /** Shows a menu of the commands that can run on a row. */
  menu(row: string): void;
  react(row: string, emoji: string): void;
  /** @param index of the file in the row */
  file(row: string, index: number, act: FileAct): void;
  /**
   * The bytes of a picture, for drawing: the smaller one that its sender made, or the whole. They are fetched when they aren't here.
   * @returns undefined for what is no picture by its magic bytes, and when it can't be fetched: the row says why
   */
  picture(row: string, index: number, which: 'preview' | 'whole'): Promise<Uint8Array | undefined>;
  /**
   * The bytes of a recording or a video, for a screen that plays it. They are fetched when they aren't here.
   * @returns undefined for what is neither by its magic bytes, and when it can't be fetched: the row says why
   */
  recording(row: string, index: number): Promise<Uint8Array | undefined>;
  /** Copies a text, and shows whether that succeeded. */
  copy(text: string): void;
  /** Jumps to a line of the log, and loads the lines around it first. */
  jump(seq: string): void;
  /** Returns to where the last jump started. @returns false when there was none */
  back(): boolean;
  jumpToNewest(): void;
  jumpToUnread(): void;
  loadEarlier(): void;
  /** A row was on the screen while the window had the focus: everything up to it is read. */
  seen(row: string): void;
  /** Whether the person looks at the screen. */
  look(looking: boolean): void;
  /** @returns the highlighted parts of some code, or undefined when its language isn't known. */
  highlight(language: string, code: string): Promise<readonly CodePart[] | undefined>;

  /** Searches the open room; an empty text ends it. */
  search(text: string): void;
  searchMore(): void;
  /** Goes to the next older (1) or newer (-1) hit. */
  hit(by: 1 | -1): void;

  member(identity: string): void;
  /** Answers the dialog. */
  submit(values: Readonly<Record<string, string>>): void;
  pick(name: string): void;
  filter(text: string): void;
  close(): void;
  /** Saves a setting of the screen. */
  set(name: string, value: string): void;
}
