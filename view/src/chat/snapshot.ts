import type { Role } from '@gochat/client/methods';
import type { CommandName } from '../commands/command.ts';
import type { Dialog, MenuItem } from '../dialogs/dialog.ts';
import type { FileKind, Quote, Row } from '../timeline/row.ts';

/** Everything that a screen shows at one moment: immutable, worded, ordered and grouped. What hasn't changed is the same object as before. */
export interface Snapshot {
  readonly me: { readonly name: string; readonly identity: string };
  /** In the order in which they are shown; `number` counts them from 1. */
  readonly rooms: readonly RoomEntry[];
  /** The open room; undefined while the profile has none, or none is open. */
  readonly room: RoomScreen | undefined;
  readonly connection: ConnectionState;
  readonly dialog: Dialog | undefined;
  /** One line about what was just done or couldn't be done. It disappears after some seconds. */
  readonly flash: Flash | undefined;
  /** How many people ask to write to this person, in words; empty for nobody. The command `requests` lists them. */
  readonly requests: string;
  /** Into which rooms this person waits to be let, or wasn't, in words; empty for none. The command `knocking` lists them. */
  readonly waiting: string;
  /** For a window's title: what is unread in rooms that aren't muted. */
  readonly unread: { readonly messages: number; readonly mentions: number };
  /** Settings of this profile's screens, by their names. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface Flash {
  readonly tone: 'good' | 'bad';
  readonly text: string;
  /** The command that the text is about: a page has a button for it. */
  readonly command?: { readonly name: CommandName; readonly label: string };
  /** Differs from one flash to the next. */
  readonly tick: number;
}

export interface ConnectionState {
  /** `none`: there is no room yet. */
  readonly state: 'none' | 'connecting' | 'live' | 'offline';
  /** The text of a banner; empty while live. */
  readonly text: string;
  /** How much of what was missed is read, such as `3,412 of about 10,000`; empty unless that takes some time. */
  readonly progress: string;
  /** Messages that wait to be sent, in all rooms. */
  readonly queued: number;
}

export interface RoomEntry {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  /** What is above it in the list: before the first conversation of two, if there are rooms, too. Otherwise empty. */
  readonly heading: string;
  /** The last message in a few words, or empty. */
  readonly preview: string;
  readonly unread: number;
  readonly mentions: number;
  readonly muted: boolean;
  readonly open: boolean;
  /** Why no message can be sent there any more, or empty. */
  readonly ended: string;
  /** One sentence with all of this, for screen readers. */
  readonly spoken: string;
}

export interface RoomScreen {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly server: string;
  /** Undefined in a room of which this profile is no longer a member: nothing is promised about it. */
  readonly lock: Lock | undefined;
  readonly timeline: Timeline;
  readonly composer: Composer;
  /** Empty once this profile is no longer a member. */
  readonly members: readonly MemberRow[];
  /** How many wait to be let in, in words; empty for nobody, or if others decide. The command `knocks` lists them. */
  readonly knocks: string;
  /** Why this profile is no longer a member, or empty. The history can still be read. */
  readonly ended: string;
  /** What can be done with the room now: commands by name, with their labels. */
  readonly commands: readonly MenuItem[];
  /** "ana is typing…", or empty. */
  readonly typing: string;
  readonly search: Search | undefined;
  readonly notify: 'all' | 'mentions' | 'none';
  readonly admin: boolean;
  /** The rules that are not those of every room, a sentence each. */
  readonly rules: readonly string[];
}

/** How far the room is verified. */
export interface Lock {
  /**
   * `unconfirmed`: nothing of the founder or the inviter was read yet, so the room may be forged. `stranger`: a device has
   * this person's identity key that none of the person's devices has taken in. `verified`: every member's safety number was compared.
   */
  readonly state: 'unconfirmed' | 'stranger' | 'sealed' | 'verified';
  readonly text: string;
  readonly epoch: string;
}

export interface Timeline {
  readonly rows: readonly Row[];
  /** Whether `loadEarlier` has older lines to load. */
  readonly more: boolean;
  readonly loading: boolean;
  /** The row of the unread line, if it is shown. */
  readonly unreadKey: string | undefined;
  /** Messages after the read position. */
  readonly unread: number;
  /** A row to bring into view and mark, once per `tick`. */
  readonly target: { readonly key: string; readonly tick: number } | undefined;
}

export interface Composer {
  readonly mode: 'new' | 'edit' | 'closed';
  /** Whether only commands can be written, as the room's rules leave out what this person says. */
  readonly silenced: boolean;
  /** In `closed`: why nothing can be written, and what to do. Otherwise the placeholder of an empty field. */
  readonly hint: string;
  /** The text in the field. The screen has the cursor. When `tick` differs from before, the view has set the text, and the screen takes it over. */
  readonly text: string;
  readonly tick: number;
  /** Whether the text that the view has set last is an edit of the text before it, which the person can undo. */
  readonly undoable: boolean;
  readonly reply: Quote | undefined;
  readonly completion: Completion | undefined;
  /** Why this person can write nothing; or that the text waits for its files; or whom it mentions where that may surprise: all members of a name that several have. Or empty. */
  readonly note: string;
  /** In slow mode, how long until the next message is sent: it changes each second. Empty when one may be sent. */
  readonly turn: string;
  /** How much can still be written, or how much is too much; empty while the end is far. */
  readonly space: string;
  /** Whether the text is too long to be sent; `actions.sendAsFile` makes a file of it. */
  readonly tooLong: boolean;
  /** The files that are sent with the text. */
  readonly tray: readonly TrayItem[];
}

/** A file that is going to be sent. */
export interface TrayItem {
  readonly key: string;
  readonly name: string;
  /** "2.4 MB". */
  readonly size: string;
  readonly kind: FileKind;
  readonly alt: string;
  /** `preparing`: it is read and sealed; the message can be sent once all files are `ready`. */
  readonly state: 'preparing' | 'ready' | 'failed';
  /** From 0 to 1, while it is prepared. */
  readonly progress: number | undefined;
  /** What to know before it is sent, such as what it may tell about the place where it was made; or empty. */
  readonly note: string;
  /** Why it can't be sent, or empty. */
  readonly error: string;
  /** All of this in one sentence. */
  readonly spoken: string;
}

export interface Completion {
  /** The part of the text that a suggestion replaces, as offsets into it. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Suggestion[];
  /** The index of the one that was chosen with the arrow keys; undefined while none is. Only a chosen one is inserted by Enter. */
  readonly selected: number | undefined;
}

export interface Suggestion {
  readonly kind: 'member' | 'command' | 'emoji' | 'room' | 'argument';
  readonly insert: string;
  readonly label: string;
  readonly hint: string;
}

export interface MemberRow {
  readonly identity: string;
  readonly id: string;
  readonly name: string;
  readonly colour: number;
  readonly self: boolean;
  readonly role: Role;
  /** "you, admin", "moderator", or empty. */
  readonly office: string;
  readonly verified: boolean;
  readonly ignored: boolean;
  /** Whether they look at the room now. */
  readonly here: boolean;
  /** One sentence with all of this. */
  readonly spoken: string;
}

export interface Search {
  readonly text: string;
  readonly busy: boolean;
  /** Newest first. */
  readonly hits: readonly SearchHit[];
  /** The index of the result that was opened last; -1 for none. */
  readonly at: number;
  /** "3 of 12", "No results", … */
  readonly summary: string;
  readonly more: boolean;
}

export interface SearchHit {
  readonly seq: string;
  readonly from: string;
  readonly colour: number;
  readonly time: string;
  readonly text: string;
}
