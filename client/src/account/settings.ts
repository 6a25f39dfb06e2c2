import type { Ref } from '@gochat/crypto/content';

/** What a profile keeps of one room for itself; nobody else learns of it. */
export interface RoomNotes {
  /** The last line that was seen, or "0". It only grows. */
  readonly read: string;
  /** What was begun and not sent. */
  readonly draft: string;
  readonly draftReply?: Ref | undefined;
  /** Of what to notify: muting is `none`. */
  readonly notify: 'all' | 'mentions' | 'none';
  /** Whether the others are told how far was read, and that something is being written. */
  readonly receipts: boolean;
  readonly typing: boolean;
}

export const NOTES: RoomNotes = {
  read: '0',
  draft: '',
  notify: 'all',
  receipts: true,
  typing: true,
};

/** What a profile keeps for itself. */
export interface Preferences {
  /** The name it goes by unless another is given. */
  readonly name: string | undefined;
  /** Identity keys whose safety numbers were compared. */
  readonly verified: readonly string[];
  /** Identity keys whose messages aren't shown. */
  readonly ignored: readonly string[];
  /** Settings of the screens, by their names. */
  readonly screen: Readonly<Record<string, string>>;
}

export const PREFERENCES: Preferences = { name: undefined, verified: [], ignored: [], screen: {} };
