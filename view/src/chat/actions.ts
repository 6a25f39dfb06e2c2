import type { CodePart } from '../text/rich.ts';

/** What a screen can have the view do. None of these throws: what fails is told by the snapshot. */
export interface Actions {
  /** Opens a room of the profile. */
  open(room: string): void;
  /** Opens the next (1) or previous (-1) room, or the next with something unread. */
  step(by: 1 | -1, which?: 'unread'): void;
  /** What an invite link leads to is shown, with the question whether to join. */
  openLink(link: string): void;

  /** What is in the composer now, and where the cursor is (UTF-16 offset). */
  type(text: string, cursor: number): void;
  /** Sends what is in the composer, or runs it when it is a command; a `//` at the start sends a slash. */
  send(): void;
  /** Takes the completion's entry over; does nothing when there is none. @param index of the entry; the selected one when absent */
  complete(index?: number): void;
  /** Moves the completion's selection. */
  select(by: 1 | -1): void;
  /** Puts a longer paste where the cursor is, after a question above three lines. */
  paste(text: string, cursor: number): void;
  /** Begins to edit the last own message; in an empty composer only. @returns whether there is one */
  editLast(): boolean;
  /** What was sent before from this screen: back (-1) or forth (1). @returns false at the end of it */
  recall(by: 1 | -1): boolean;
  /** Steps back: the completion, then the reply or the edit, then the search, then the mark of new messages. @returns whether there was anything */
  cancel(): boolean;

  /** Runs a command by name. @param row the key of the row that it is about, for commands about a message. */
  run(command: string, args?: string, row?: string): void;
  /** The commands that can be run on a row, as a menu. */
  menu(row: string): void;
  react(row: string, emoji: string): void;
  /** Jumps to a line of the log, loading what is around it when it isn't shown. */
  jump(seq: string): void;
  /** Back to where the last jump began. @returns false when there was none */
  back(): boolean;
  jumpToNewest(): void;
  jumpToUnread(): void;
  loadEarlier(): void;
  /** A row was on the screen while the window had the focus: what stands up to it is read. */
  seen(row: string): void;
  /** Whether somebody looks at the screen. */
  look(looking: boolean): void;
  /** @returns the highlighted parts of some code, or undefined when its language isn't known. */
  highlight(language: string, code: string): Promise<readonly CodePart[] | undefined>;

  /** Searches the open room; an empty text ends it. */
  search(text: string): void;
  searchMore(): void;
  /** Goes to the next older (1) or newer (-1) hit. */
  hit(by: 1 | -1): void;

  member(device: string): void;
  /** Answers the dialog. */
  submit(values: Readonly<Record<string, string>>): void;
  pick(name: string): void;
  filter(text: string): void;
  close(): void;
  /** Keeps a setting of the screen over restarts. */
  set(name: string, value: string): void;
}
