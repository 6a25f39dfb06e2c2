import type { Down } from '@gochat/protocol/down';
import { LIMITS } from '@gochat/protocol/limits';
import type { Up } from '@gochat/protocol/up';

/** Takes what a link brings, one call at a time. */
export interface LinkEvents {
  /** Something came, be it a part of a frame. */
  heard(): void;
  /** @param bytes its length on the wire, about. */
  frame(frame: Down, bytes: number): void;
}

export interface LinkEnd {
  /** `here`: closed by this side. `peer`: ended by the other. `lost`: broken. `malformed`: not this protocol. `overrun`: too much waited to be sent. `flooded`: too much came while it was paused. */
  readonly reason: 'here' | 'peer' | 'lost' | 'malformed' | 'overrun' | 'flooded';
  readonly cause?: unknown;
}

/** A way to a server for whole frames; nothing of what they mean. */
export interface Link {
  /** `host:port` as dialled. */
  readonly origin: string;
  /** Nothing is read before this is called, once. */
  start(events: LinkEvents): void;
  /** Does nothing once the link has ended. More than {@link QUEUED_BYTES} waiting end it. */
  send(frame: Up): void;
  /** What waits to be taken by the network. */
  readonly queuedBytes: number;
  /** Reads on only behind {@link resume}; what was read already still comes. */
  pause(): void;
  resume(): void;
  /** Ends it behind what has been sent. No frame comes any more. */
  close(): void;
  /** Resolves when it has ended, however. */
  readonly closed: Promise<LinkEnd>;
}

/** All requests that may be in flight, at their usual sizes. */
export const QUEUED_BYTES = LIMITS.requestsInFlight * LIMITS.frameBytes.post;
/** How long the other side may take to read the end of a link that is closed here. */
export const FAREWELL_MS = 1000;
