import type { Down } from '@gochat/protocol/down';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up } from '@gochat/protocol/up';

/** Receives what a link brings, one call at a time. */
export interface LinkEvents {
  /** Data arrived, possibly a part of a frame. */
  heard(): void;
  /** @param bytes its approximate length on the wire. */
  frame(frame: Down, bytes: number): void;
}

export interface LinkEnd {
  /**
   * `here`: closed by this side. `peer`: closed by the peer. `lost`: broken. `malformed`: the peer broke the protocol.
   * `overrun`: too much data waited to be sent. `flooded`: too much data came while the link was paused.
   */
  readonly reason: 'here' | 'peer' | 'lost' | 'malformed' | 'overrun' | 'flooded';
  readonly cause?: unknown;
}

/** A transport of whole frames to a server. */
export interface Link {
  /** `host:port` as dialled. */
  readonly origin: string;
  /** Starts reading. Call it once. */
  start(events: LinkEvents): void;
  /** Does nothing after the link has ended. The link ends when more than {@link QUEUED_BYTES} wait to be sent. */
  send(frame: Up): void;
  /** Bytes that wait to be sent. */
  readonly queuedBytes: number;
  /** Stops reading until {@link resume}; data that was read is still delivered. */
  pause(): void;
  resume(): void;
  /** Ends the link after the sent data. No more frames are delivered. */
  close(): void;
  /** Resolves when the link has ended, for any reason. */
  readonly closed: Promise<LinkEnd>;
}

/** Enough for all requests that may be in flight, at their usual sizes. */
export const QUEUED_BYTES = LIMITS.requestsInFlight * LIMITS.frameBytes.post;
/** How long the peer may take to read the end of a link that this side closed. */
export const FAREWELL_MS = 1000;
