import type { FrameError } from '@gochat/protocol/codec';
import type { Down } from '@gochat/protocol/down';
import type { ErrorCode } from '@gochat/protocol/errors';

/** How frames travel: a line of JSON over TCP or TLS, or a text message over WebSocket. */
export type Transport = 'line' | 'web';

/** The transport of one connection. */
export interface Link {
  readonly transport: Transport;
  /** Bytes written that the socket has not sent. */
  readonly buffered: number;
  /** Starts to report events. Must be called once, before anything else. */
  start(events: LinkEvents): void;
  /** Sends one frame, at the end of this tick at the latest. */
  send(frame: Down): void;
  /** Writes whole frames that were encoded for this transport. The same bytes may be written to many links. */
  write(prepared: Uint8Array): void;
  /** Resolves when the socket accepts more, or the link has ended. */
  drained(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends the link after what was written. The peer has `lingerMs` to read it. */
  close(code: ErrorCode | undefined): void;
}

/** What a link reports to its connection. */
export interface LinkEvents {
  /** A frame arrived. */
  text(text: string): void;
  /** Any bytes arrived. @param unfinished how many bytes of a frame that has not ended are kept, about */
  heard(unfinished: number): void;
  /** The peer's bytes can't be cut into frames. */
  broken(error: FrameError): void;
  /** The link has ended. */
  gone(): void;
  /** The largest length in bytes that a frame of this type may have now. */
  limitOf(type: string): number;
}
