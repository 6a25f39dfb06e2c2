import type { Position } from '@gochat/protocol/fields';

/** An entry of a room's log, as the server sends it. */
export interface LogEntry {
  readonly seq: Position;
  /** A `knock` asks for an invite to be granted. */
  readonly kind: 'message' | 'handshake' | 'knock';
  /** Milliseconds since 1970, by the server's clock. */
  readonly at: number;
  /** Base64url. */
  readonly body: string;
}

/** An entry whose body is decoded and hashed. The body is still sealed. */
export interface DecodedEntry extends Omit<LogEntry, 'body'> {
  readonly body: Uint8Array;
  /** SHA-256 of the body as base64url. */
  readonly hash: string;
}
