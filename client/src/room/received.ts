import type { DeviceContent } from '@gochat/crypto/content';
import type { Position } from '@gochat/protocol/fields';

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
