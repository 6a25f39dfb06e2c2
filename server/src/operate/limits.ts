import { LIMITS } from '@gochat/protocol/limits';

/** What one node allows. Sizes are bytes, durations milliseconds, unless the name says otherwise. */
export interface ServerLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Whether the limits by address spare loopback, where every local user and most proxies come from. */
  readonly sparesLoopback: boolean;
  readonly roomsFollowed: number;
  readonly roomsPerConnection: number;
  readonly entersPerConnection: number;
  /** A connection that has so many unanswered is not read. Few, so that nobody's posts wait behind hundreds of another's. */
  readonly requestsInFlight: number;
  /** A connection that owes us this much reading is cut. */
  readonly writeQueueBytes: number;
  /** Replies and backlog wait while more than this is unread; signals are dropped then. */
  readonly writeMarkBytes: number;
  /** How long replies and backlog wait so before the connection is cut. */
  readonly stallMs: number;
  /** How long a connection that is being closed may still read what was written. */
  readonly lingerMs: number;
  readonly helloMs: number;
  readonly silenceMs: number;
  /** How long an HTTP connection may take over all its requests. */
  readonly httpMs: number;
  /** How long a subscription whose key was retired waits for a newer one. */
  readonly graceMs: number;
  /** Over how long a node that stops sends its sessions away, a few at a time; 0: all at once. Elsewhere they are all due at once. */
  readonly leaveMs: number;
  /** How long `close()` waits for appends in flight, and then for connections to end. */
  readonly stopMs: number;
  /** Entries that wait for the end of a turn, and that are kept for those who catch up. */
  readonly pendingBytes: number;
  readonly backlogEntries: number;
  readonly pageBytes: number;
  /** For how long an invite may be made. */
  readonly inviteLifetimeMs: number;
  readonly accessKeysCached: number;
  /** How soon a log that went away is followed again. */
  readonly retryMs: number;
  readonly sweepMs: number;
  /** Frames taken of one connection before the others have their turn. */
  readonly framesInRow: number;
  /** Per connection: so many a second, and so many at once. What comes faster is read later. */
  readonly framesPerSecond: number;
  readonly framesBurst: number;
  /** Per connection likewise; what comes faster is refused, with the time to wait. */
  readonly postsPerSecond: number;
  readonly postsBurst: number;
  readonly signalsPerSecond: number;
  readonly signalsBurst: number;
  /** Per address. */
  readonly createsPerHour: number;
  readonly invitesPerMinute: number;
  readonly proofsPerMinute: number;
}

export const SERVER_LIMITS: ServerLimits = {
  connections: 20_000,
  connectionsPerAddress: 500,
  sparesLoopback: true,
  roomsFollowed: 100_000,
  roomsPerConnection: LIMITS.roomsPerConnection,
  entersPerConnection: LIMITS.entersPerConnection,
  requestsInFlight: 16,
  writeQueueBytes: 4 * 1024 * 1024,
  writeMarkBytes: 64 * 1024,
  stallMs: 30_000,
  lingerMs: 5_000,
  helloMs: LIMITS.helloMs,
  silenceMs: LIMITS.silenceMs,
  httpMs: 30_000,
  graceMs: 60_000,
  leaveMs: 0,
  stopMs: 5_000,
  pendingBytes: 8 * 1024 * 1024,
  backlogEntries: 512,
  pageBytes: 1024 * 1024,
  inviteLifetimeMs: LIMITS.inviteLifetimeMs,
  accessKeysCached: 10_000,
  retryMs: 500,
  sweepMs: 60_000,
  framesInRow: 32,
  framesPerSecond: 2_000,
  framesBurst: 1_000,
  postsPerSecond: 1_000,
  postsBurst: 2_000,
  signalsPerSecond: 10,
  signalsBurst: 40,
  createsPerHour: 60,
  invitesPerMinute: 60,
  proofsPerMinute: 1_200,
};
