import type { Content } from '@gochat/crypto/content';
import type { Position, RoomId } from '@gochat/protocol/fields';
import type { UpOf } from '@gochat/protocol/up';

/** A state of an outgoing message which the log doesn't show. This device does nothing more for the message unasked. */
export type EndState =
  /** Its sending was cancelled: it is in nobody's log, and never will be. */
  | 'cancelled'
  /** The membership in which it was queued has ended: nobody has received it, and nobody will. */
  | 'refused'
  /** Its author, still a member, may not say it any more: nobody has received it, or all readers leave it out. */
  | 'silenced'
  /** As `refused`, but it had been given to the server, and this device will not see whether it is in the log. */
  | 'unknown'
  /**
   * It is in the log, but this device posted it in an epoch from which others had gone on: perhaps not everybody could read it. It can be
   * posted again.
   */
  | 'missed';

/** What a box is to say, and to whom. The box itself is made when the message is sealed: it holds in one epoch alone. */
export interface Boxing {
  /** The identity key of the other person. */
  readonly to: string;
  /** The direct room. */
  readonly room: RoomId;
  /** The secret of its invite, as base64url. */
  readonly secret: string;
  readonly text: string;
}

/** A message to send. */
export interface Queued {
  /** 128 random bits as base64url. */
  readonly id: string;
  readonly content: Content;
  /** With a {@link BOX_TO_SEAL}. */
  readonly boxing?: Boxing;
}

/** A box that waits to be sealed. */
export const BOX_TO_SEAL: Content = { kind: 'box', parts: [], sealed: '' };

/** What is known of a message that was queued: "States of an outgoing message" in docs/architecture.md. */
export type OutgoingState =
  /** It is stored here and not seen in the log. It is sent as soon as possible. */
  | 'waiting'
  /** It is in the log. */
  | 'posted'
  | EndState;

/** Whether the message was, or perhaps was, not sent, though its author has not cancelled it. */
export function isUnsent(state: OutgoingState | undefined): boolean {
  return state === 'refused' || state === 'silenced' || state === 'unknown';
}

/** An outgoing message as it is asked for. */
export interface Outcome {
  readonly id: string;
  readonly state: OutgoingState;
  /** The position of a posted message, if this device still knows it. */
  readonly seq?: Position;
}

/** A message on its way to the log: kept until it is seen there. A message that ended otherwise is kept to say so. */
export interface Outgoing {
  /** Its place in the queue. */
  readonly order: number;
  readonly id: string;
  /** Absent when its sending was cancelled. */
  readonly content?: Content;
  /** When it was queued, by this device's clock; 0 when that isn't known. */
  readonly at: number;
  /** The counter that it got when it was first sealed. */
  readonly n?: number;
  /** The sealed frame of the epoch in which it was last posted. */
  readonly frame?: UpOf<'post'>;
  /** When that frame was sealed, by this device's clock. */
  readonly sealedAt?: number;
  /**
   * Set on a message that is in the log, at this position, while this device isn't sure that it is in the epoch of the others. It is no
   * longer on its way.
   */
  readonly posted?: Position;
  readonly boxing?: Boxing;
  /** The server has its files. A message without files doesn't need this. */
  readonly uploaded?: true;
  /**
   * Its author may not say it any more, and its counter is assigned: the deletion of a message that nobody has is posted in its place, as
   * others would report the counter as missing.
   */
  readonly voided?: true;
  /** Its author has asked to post it again. */
  readonly again?: true;
  readonly end?: EndState;
}
