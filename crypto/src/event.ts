import type { InviteId, Position, RequestId } from '@gochat/protocol/fields';
import type { Content } from './content.ts';
import type { Member } from './room.ts';

/** What is wrong with a place of the log, and whose doing it may be; every kind is shown, none is a silent hole. */
export type Warning =
  /** No key of this epoch opens it. */
  | { readonly kind: 'undecryptable' }
  /** The server showed something a second time, or out of order. */
  | { readonly kind: 'repeated' }
  /** `count` messages of `from` never came. */
  | { readonly kind: 'missing'; readonly from: Member; readonly count: number }
  /** `from` had been shown entries that this device never got. */
  | { readonly kind: 'withheld'; readonly from: Member }
  /** `from` has been shown another log. */
  | { readonly kind: 'forked'; readonly from: Member }
  /** So many messages of a member are missing that its next ones can't be opened until this device has healed. */
  | { readonly kind: 'hole'; readonly from: Member | undefined }
  /** `from` said something that this software doesn't know, or nothing that makes sense. */
  | { readonly kind: 'unknown-content'; readonly from: Member }
  /** A handshake that no rule allows, or garbage. */
  | { readonly kind: 'skipped-handshake' }
  /** This profile is an older copy of itself. */
  | { readonly kind: 'rolled-back' }
  /** Members went on to an epoch that this device can't follow. */
  | { readonly kind: 'broken' }
  /** Messages up to the server's floor had expired before they were read. */
  | { readonly kind: 'expired' };

/** Which settings of a room have changed, and what they are now. */
export interface Settings {
  readonly name?: string;
  /** Empty when there is none any more. */
  readonly topic?: string;
  /** Who is an admin now, and who isn't any more. */
  readonly admins: readonly Member[];
  readonly dropped: readonly Member[];
}

/** What an entry of the log meant to this device. */
export type RoomEvent =
  | {
      readonly kind: 'message';
      readonly seq: Position;
      readonly at: number;
      readonly from: Member;
      readonly id: string;
      readonly content: Content;
    }
  /** An own message has its place in the log. */
  | { readonly kind: 'sent'; readonly seq: Position; readonly at: number; readonly id: string }
  /** Posts of these ids will not land: seal them anew, in this order, under the same id and counter. */
  | { readonly kind: 'unsealed'; readonly messages: readonly { readonly id: string; readonly n: number }[] }
  | {
      readonly kind: 'joined';
      readonly seq: Position;
      readonly at: number;
      readonly member: Member;
      readonly invite: InviteId;
      /** Whether it took the place of its own older leaf. */
      readonly again: boolean;
    }
  | {
      readonly kind: 'removed';
      readonly seq: Position;
      readonly at: number;
      readonly member: Member;
      readonly by: Member | undefined;
    }
  | {
      readonly kind: 'changed';
      readonly seq: Position;
      readonly at: number;
      readonly by: Member | undefined;
      /** What is new of it; invites go without saying. */
      readonly settings: Settings;
    }
  | { readonly kind: 'healed'; readonly seq: Position; readonly at: number; readonly by: Member | undefined }
  /** This device's own pending handshake is the epoch now. */
  | { readonly kind: 'landed'; readonly seq: Position; readonly request: RequestId }
  /** This device's own pending handshake was overtaken; make it anew if it is still wanted. */
  | { readonly kind: 'lost-race'; readonly request: RequestId }
  | { readonly kind: 'warning'; readonly seq: Position; readonly at: number; readonly warning: Warning };

/** What a step gives: the state to persist first, then what to tell, then secrets to wipe. */
export interface Step<R> {
  readonly room: R;
  readonly events: readonly RoomEvent[];
  /** Key material that the new state doesn't need; zero it once the new state is durable. */
  readonly secretsToWipe: readonly Uint8Array[];
}
