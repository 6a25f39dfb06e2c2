import type { InviteId, Position, RequestId } from '@gochat/protocol/fields';
import type { ReadContent } from './content.ts';
import type { Knock } from './knock.ts';
import type { HistorySetting } from './packs.ts';
import type { Proof } from './proof.ts';
import type { Author, InFlight, Member } from './room.ts';
import type { RoomRules } from './room-rules.ts';
import type { Role } from './speaking.ts';
import type { TimeMark } from './time-mark.ts';

/** What is wrong with an entry of the log, and whose fault it may be. Clients show every kind, so no loss is silent. */
export type Warning =
  /** No key of this epoch decrypts the entry. */
  | { readonly kind: 'undecryptable' }
  /** The server sent an entry twice or out of order. */
  | { readonly kind: 'repeated' }
  /** `count` messages of `from` did not arrive. */
  | { readonly kind: 'missing'; readonly from: Member; readonly count: number }
  /**
   * `from` had received entries that this device did not. Without `from`: the server says that messages may have expired which by its
   * retention are too young.
   */
  | { readonly kind: 'withheld'; readonly from?: Member }
  /** The server keeps messages for `ms` milliseconds from now on, instead of `before`, or of for ever. */
  | { readonly kind: 'shorter-retention'; readonly ms: number; readonly before?: number }
  /** `from` sent a message without having read the `count` entries before it. So many can't be compared. */
  | { readonly kind: 'unseen'; readonly from: Member; readonly count: number }
  /** `from` was shown a different log. */
  | { readonly kind: 'forked'; readonly from: Member }
  /**
   * So many messages of a member are missing that its next ones can't be decrypted until the next epoch; this device heals. Nobody is
   * named: any member can make such a message in the name of another.
   */
  | { readonly kind: 'hole' }
  /** `from` sent content that is invalid, or that this version doesn't know. */
  | { readonly kind: 'unknown-content'; readonly from: Member }
  /** A handshake that is undecryptable, invalid or against the policy. */
  | { readonly kind: 'skipped-handshake' }
  /** A handshake of `from` that the policy allows, and that this device couldn't follow. Other members may have gone on without it. */
  | { readonly kind: 'unfollowed'; readonly from: Author }
  /** Other members have gone on: `by` has signed their epoch. */
  | { readonly kind: 'split'; readonly by: Author }
  /** Members have skipped the join of this device: `by` has signed an epoch in which it has no leaf. */
  | { readonly kind: 'join-skipped'; readonly by: Author }
  /** This profile was restored from an older copy. */
  | { readonly kind: 'rolled-back' }
  /** Other members are in an epoch whose keys this device doesn't have. */
  | { readonly kind: 'broken' }
  /** Messages up to the server's floor may have expired before this device read them. */
  | { readonly kind: 'expired' }
  /** `count` messages of `from` did not arrive. By what the server says they expired. */
  | { readonly kind: 'expired-of'; readonly from: Member; readonly count: number };

/** The settings of a room that changed, with their new values. */
export interface Settings {
  readonly name?: string;
  /** Empty if the topic was removed. */
  readonly topic?: string;
  /** How much of the history newcomers are shown. */
  readonly history?: HistorySetting;
  /** Members that became admins, and members that are no longer admins. */
  readonly admins: readonly Member[];
  readonly dropped: readonly Member[];
  /** Members whose role is another one, but for those who became admins, or are plain members now that are no longer admins. */
  readonly roles?: readonly { readonly member: Member; readonly role: Role }[];
  /** The rules that changed, with their new values; 0 seconds for one that doesn't apply any more. */
  readonly rules?: Partial<Omit<RoomRules, 'history'>>;
  /** The identity fingerprints of whom is banned now, and of whose ban has ended. */
  readonly banned?: readonly string[];
  readonly unbanned?: readonly string[];
  /** The ids of messages. */
  readonly pinned?: readonly string[];
  readonly unpinned?: readonly string[];
}

/** What an entry of the log means for this device. */
export type RoomEvent =
  | {
      readonly kind: 'message';
      readonly seq: Position;
      readonly at: number;
      readonly timeMark?: TimeMark;
      readonly from: Member;
      readonly id: string;
      readonly content: ReadContent;
      /** When it was sealed, by the sender's clock, and when it disappears: never if absent. In milliseconds since 1970. */
      readonly sealedAt: number;
      readonly expires?: number;
      /** Absent only from an own message that an older version of this software has sealed. */
      readonly proof?: Proof;
    }
  /** This device's own message is in the log. `sent` is how it was sealed. */
  | {
      readonly kind: 'sent';
      readonly seq: Position;
      readonly at: number;
      readonly timeMark?: TimeMark;
      readonly id: string;
      readonly expires?: number;
      readonly sent: InFlight;
    }
  /** The server will refuse the posts with these ids as stale. Encrypt the messages again in this order, with the same ids and counters. */
  | { readonly kind: 'unsealed'; readonly messages: readonly { readonly id: string; readonly n: number }[] }
  | {
      readonly kind: 'joined';
      readonly seq: Position;
      readonly at: number;
      readonly timeMark?: TimeMark;
      readonly member: Member;
      readonly invite: InviteId;
      /** Whether the new leaf replaces an older leaf of the same device. */
      readonly again: boolean;
      /** Whether the person was a member already, with another device. */
      readonly another: boolean;
      /** The device comes back, because it couldn't follow a handshake. Whose it was, if this device knows. */
      readonly returned?: { readonly from?: Author };
    }
  | {
      readonly kind: 'removed';
      readonly seq: Position;
      readonly at: number;
      readonly timeMark?: TimeMark;
      readonly member: Member;
      readonly by: Member | undefined;
      /** Only devices of the person were removed; the person is still a member. */
      readonly device?: true;
      /** The invites stay valid, the own one included. */
      readonly keep?: true;
    }
  | {
      readonly kind: 'changed';
      readonly seq: Position;
      readonly at: number;
      readonly timeMark?: TimeMark;
      readonly by: Member | undefined;
      /** The changed settings. Changes of invites are not reported. */
      readonly settings: Settings;
    }
  | { readonly kind: 'healed'; readonly seq: Position; readonly at: number; readonly by: Member | undefined }
  | {
      readonly kind: 'renamed';
      readonly seq: Position;
      readonly at: number;
      /** With the new name. */
      readonly member: Member;
      readonly was: string;
    }
  /** Somebody with an invite that needs approval asks to be let in. */
  | { readonly kind: 'knocked'; readonly seq: Position; readonly at: number; readonly knock: Knock }
  /** A knock that is sealed to the own invite's secret, which this device doesn't have yet. `door`: the id of the invite by which it came */
  | {
      readonly kind: 'knock-sealed';
      readonly seq: Position;
      readonly at: number;
      readonly door: InviteId;
      readonly body: Uint8Array;
    }
  /** This device's own pending handshake is in the log and has started the current epoch. */
  | { readonly kind: 'landed'; readonly seq: Position; readonly request: RequestId }
  /** Another handshake came before this device's pending one. Make the handshake again if it is still wanted. */
  | { readonly kind: 'lost-race'; readonly request: RequestId }
  | { readonly kind: 'warning'; readonly seq: Position; readonly at: number; readonly warning: Warning };

/** The result of a step. First persist `room`, then report `events`, then wipe `secretsToWipe`. */
export interface Step<R> {
  readonly room: R;
  readonly events: readonly RoomEvent[];
  /** Key material that the new state doesn't need. Zero it after the new state is durable. */
  readonly secretsToWipe: readonly Uint8Array[];
}
