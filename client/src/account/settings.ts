import type { Ref } from '@gochat/crypto/content';

export type { HistorySetting } from '@gochat/crypto/packs';

/** A profile's private notes on one room. */
export interface RoomNotes {
  /** Position of the last line that was seen, or "0". It never decreases. */
  readonly read: string;
  /** The text that was not sent yet. */
  readonly draft: string;
  readonly draftReply?: Ref | undefined;
  /** A message that is being edited, and its text so far. */
  readonly draftEdit?: { readonly of: Ref; readonly text: string } | undefined;
  /** Which messages to notify of; `none` mutes the room. */
  readonly notify: 'all' | 'mentions' | 'none';
  /** Whether read receipts and typing notices are sent. */
  readonly receipts: boolean;
  readonly typing: boolean;
  /** Whether the room's code was compared with another member's, and was the same. */
  readonly codeMatched: boolean;
  /** Whether the room is left out of lists after this profile's membership has ended. */
  readonly hidden: boolean;
  /** The links of the invites that this profile has created, by the invites' ids. */
  readonly links: Readonly<Record<string, string>>;
}

export const NOTES: RoomNotes = {
  read: '0',
  draft: '',
  notify: 'all',
  receipts: true,
  typing: true,
  codeMatched: false,
  hidden: false,
  links: {},
};

/** A profile's preferences. */
export interface Preferences {
  /** The display name for new rooms, unless another is given. */
  readonly name: string | undefined;
  /** Identity keys whose safety numbers were compared. */
  readonly verified: readonly string[];
  /** Identity keys of ignored members. */
  readonly ignored: readonly string[];
  /** Who may ask to write to this person alone: everybody in its rooms, those whose safety numbers were compared, or nobody. */
  readonly asks: 'all' | 'verified' | 'none';
  /** Whether previews of new pictures are fetched unasked. They never are in rooms that are unconfirmed or split, or of ignored members. */
  readonly pictures: 'always' | 'click';
  /**
   * When another device of this person has removed this one, in milliseconds since 1970: what the profile had is deleted. Absent once it
   * has a room again.
   */
  readonly removed?: number | undefined;
  /** Settings of the screens by name. */
  readonly screen: Readonly<Record<string, string>>;
}

export const PREFERENCES: Preferences = {
  name: undefined,
  verified: [],
  ignored: [],
  asks: 'all',
  pictures: 'always',
  screen: {},
};
