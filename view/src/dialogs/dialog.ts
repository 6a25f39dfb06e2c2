import type { FileRow } from '../timeline/row.ts';

/** A dialog in front of a screen, which is answered or closed. A switch over `kind` ends in `satisfies never`. */
export type Dialog =
  | FormDialog
  | MenuDialog
  | InviteDialog
  | InvitesDialog
  | MemberDialog
  | PaletteDialog
  | EmojiDialog
  | HelpDialog
  | InspectDialog
  | PictureDialog
  | DevicesDialog
  | DeviceDialog;

export const DIALOG_KINDS = [
  'form',
  'menu',
  'invite',
  'invites',
  'member',
  'palette',
  'emoji',
  'help',
  'inspect',
  'picture',
  'devices',
  'device',
] as const satisfies readonly Dialog['kind'][];

interface Common {
  readonly title: string;
  /** Differs from one dialog to the next, so that a screen moves the focus into a new one. */
  readonly tick: number;
}

/** Some fields and a button: answered with `submit(values)`. A form without fields is a question. */
export interface FormDialog extends Common {
  readonly kind: 'form';
  readonly text: readonly string[];
  readonly fields: readonly Field[];
  /** Below the fields, what leads to other dialogs in place of this one: `pick(name)`. */
  readonly more?: { readonly title: string; readonly items: readonly MenuItem[] };
  /** The name of the field that has the focus first; empty: the screen chooses. */
  readonly focus: string;
  /** The label of its button. */
  readonly submit: string;
  /** Whether what it does can't be undone. */
  readonly danger: boolean;
  readonly busy: boolean;
  /** Why the last answer failed, or empty. */
  readonly error: string;
  /** The name of the field that the error is about; empty when it is about the whole form. */
  readonly errorField: string;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly hint: string;
  /** `secret` is text that is hidden unless the person wants to see it; `choice` is one of `choices`; `toggle` is `on` or empty. */
  readonly type: 'text' | 'secret' | 'choice' | 'toggle';
  /** Whether it takes digits only, for which phones have other keys. */
  readonly numeric?: boolean;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

/** A list to pick one from: answered with `pick(name)`. */
export interface MenuDialog extends Common {
  readonly kind: 'menu';
  /** Above the text, what somebody wrote or what is to be inserted, with its line breaks. */
  readonly quoted?: string;
  readonly text: readonly string[];
  /** Digits to compare with another person's, in groups; empty for none. */
  readonly code: readonly string[];
  readonly items: readonly MenuItem[];
}

export interface MenuItem {
  readonly name: string;
  readonly label: string;
  /** The key or the command that does the same, or empty. */
  readonly hint: string;
  /** What else is to be known of it, such as who wrote it. */
  readonly detail?: string;
  readonly danger: boolean;
}

/**
 * An invite, the link for another device, or a recovery link: `pick('copy')` copies it, `pick('terms')` asks for another one,
 * `pick('revoke')` revokes an invite after a question.
 */
export interface InviteDialog extends Common {
  readonly kind: 'invite';
  readonly text: readonly string[];
  /** Empty while it is being created. */
  readonly link: string;
  /** The link's QR code: rows of dark (true) and light modules, without a margin. */
  readonly qr: readonly (readonly boolean[])[];
  readonly mayRevoke: boolean;
  /** What is on a paper with the link, a title first. Only a recovery link is for paper; there are no other terms for it. */
  readonly paper?: readonly string[];
  readonly busy: boolean;
  readonly error: string;
}

/**
 * The room's invites: `pick(id)` shows the invite if its link is known, and else revokes it after a question. `pick('copy ID')` copies
 * the link, `pick('revoke ID')` revokes the invite after a question.
 */
export interface InvitesDialog extends Common {
  readonly kind: 'invites';
  readonly busy: boolean;
  readonly error: string;
  readonly items: readonly {
    readonly id: string;
    readonly text: string;
    readonly mayRevoke: boolean;
    readonly hasLink: boolean;
  }[];
  /** The text for when there are none. */
  readonly empty: string;
}

/** A member: `pick(name)` does one of `items`. */
export interface MemberDialog extends Common {
  readonly kind: 'member';
  readonly text: readonly string[];
  readonly name: string;
  readonly colour: number;
  readonly self: boolean;
  /** The safety number, in groups; empty for oneself. */
  readonly safety: readonly string[];
  readonly verified: boolean;
  readonly items: readonly MenuItem[];
}

/** Rooms and commands that match what was typed: `filter(text)`, then `pick(name)`. */
export interface PaletteDialog extends Common {
  readonly kind: 'palette';
  readonly text: string;
  readonly items: readonly MenuItem[];
  readonly empty: string;
}

/** `filter(text)`, then `pick(emoji)`. */
export interface EmojiDialog extends Common {
  readonly kind: 'emoji';
  readonly text: string;
  readonly busy: boolean;
  readonly items: readonly { readonly emoji: string; readonly name: string }[];
  readonly empty: string;
}

export interface HelpDialog extends Common {
  readonly kind: 'help';
  readonly groups: readonly {
    readonly title: string;
    readonly items: readonly { readonly keys: string; readonly usage: string; readonly text: string }[];
  }[];
}

/** What the server stores of one entry, and its plaintext: `text`, then parts. */
export interface InspectDialog extends Common {
  readonly kind: 'inspect';
  readonly text: readonly string[];
  readonly parts: readonly { readonly label: string; readonly value: string }[];
  readonly busy: boolean;
}

/** One picture of a message: `pick('previous')`, `pick('next')`, `pick('save')`, `pick('open')`. `actions.picture(row, file.index, 'whole')` has its bytes. */
export interface PictureDialog extends Common {
  readonly kind: 'picture';
  /** The key of its message's row. */
  readonly row: string;
  readonly file: FileRow;
  /** Who sent it, and when. */
  readonly text: string;
  /** "2 of 5": its place among the pictures of the lines that are loaded. */
  readonly position: string;
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
}

/** This person's devices: `pick(name)` shows one, or does one of `more`. */
export interface DevicesDialog extends Common {
  readonly kind: 'devices';
  readonly text: readonly string[];
  readonly busy: boolean;
  readonly error: string;
  readonly items: readonly DeviceItem[];
  readonly more: readonly MenuItem[];
}

export interface DeviceItem {
  readonly name: string;
  readonly label: string;
  /** "this device, 3 rooms, since 27 Nov 2026" */
  readonly detail: string;
  /** Whether something is wrong with it. */
  readonly alarming: boolean;
}

/** One device, or what goes on between two of them: `pick(name)` does one of `items`. */
export interface DeviceDialog extends Common {
  readonly kind: 'device';
  readonly text: readonly string[];
  /** What is to be typed on the other device, in groups; empty for nothing. */
  readonly digits: readonly string[];
  /** Lines below the text, such as the names of rooms. */
  readonly lines: readonly string[];
  /** What is being done or waited for, such as "3 of 12 rooms"; empty when nothing is. */
  readonly progress: string;
  readonly error: string;
  readonly items: readonly MenuItem[];
}
