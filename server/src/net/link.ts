import type { FrameError } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';

/** How frames travel: a line of JSON over TCP or TLS, or a text message over WebSocket. */
export type Transport = 'line' | 'web';

/** One connection's transport, without what is said over it. */
export interface Link {
  readonly transport: Transport;
  /** Bytes written that the peer has not taken. */
  readonly buffered: number;
  /** Once, before anything else; from now on the session is told. */
  start(events: LinkEvents): void;
  /** One frame; it leaves with the end of this turn at the latest. */
  send(frame: Down): void;
  /** Whole frames as this transport carries them; the same bytes go to many links. */
  write(prepared: Uint8Array): void;
  /** Resolves when little enough is buffered, or the link has ended. */
  drained(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends the link behind what was written; the peer has `lingerMs` to read it. */
  close(code: ErrorCode | undefined): void;
}

/** What a link tells the session on it. */
export interface LinkEvents {
  /** A frame's text. */
  text(text: string): void;
  /** Any sign of life. */
  heard(): void;
  /** The peer's bytes can't be cut into frames. */
  broken(error: FrameError): void;
  /** The link has ended; nothing more comes. */
  gone(): void;
  /** The largest encoded length that a frame of this type may have now. */
  limitOf(type: string): number;
}
