import type { InviteId, Position } from '@gochat/protocol/fields';

/** An entry of a room's log, as the server sends it. */
export interface LogEntry {
  readonly seq: Position;
  /** A `knock` asks for an invite to be granted. */
  readonly kind: 'message' | 'handshake' | 'knock';
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  /** The invite that a join or a knock used, as the server says. */
  readonly invite?: InviteId | undefined;
  /** Base64url. */
  readonly body: string;
}

/** An entry whose body is decoded and hashed. The body is still sealed. */
export interface DecodedEntry extends Omit<LogEntry, 'body'> {
  readonly body: Uint8Array;
  /** SHA-256 of the body as base64url. */
  readonly hash: string;
}
