import type { DeviceContent } from '@gochat/crypto/content';
import type { Position, RoomId } from '@gochat/protocol/fields';

/** What another device has sent to this one, in a self room or a pairing room, or what this one has kept. It is a record until it is processed. */
export interface Received {
  readonly seq: Position;
  /** The server's time, in milliseconds since 1970. */
  readonly at: number;
  /** Device and identity key of the sender. */
  readonly device: string;
  readonly identity: string;
  /** Whether the sender is a limited device: it may not speak for its person. */
  readonly limited: boolean;
  readonly content: DeviceContent;
}

/** What a box for this device says. It is a record until it is judged. */
export interface ReceivedBox {
  readonly seq: Position;
  /** The server's time, in milliseconds since 1970. */
  readonly at: number;
  /** The sender's identity key, and its name then. */
  readonly identity: string;
  readonly name: string;
  readonly content: {
    readonly kind: 'boxed';
    /** The direct room. */
    readonly room: RoomId;
    /** The secret of its invite, as base64url. */
    readonly secret: string;
    readonly text: string;
  };
}
