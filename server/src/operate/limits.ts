import { LIMITS } from '@gochat/protocol/limits';

/** The limits of one node. Sizes are in bytes and durations in milliseconds, unless the name says otherwise. */
export interface ServerLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Whether loopback is exempt from the limits per address: all local users and most proxies connect from there. */
  readonly exemptsLoopback: boolean;
  readonly roomsFollowed: number;
  readonly roomsPerConnection: number;
  readonly entersPerConnection: number;
  /** A connection with this many unanswered requests is not read. Low, so that no connection delays the posts of others much. */
  readonly requestsInFlight: number;
  /** The memory of all frames that have begun to arrive and have not ended. */
  readonly unfinishedBytes: number;
  /** A connection with more unread bytes than this is closed. More than the largest reply, a `groupinfo`. */
  readonly writeQueueBytes: number;
  /** Replies and backlog wait while more bytes than this are unread, and signals are dropped. */
  readonly writeMarkBytes: number;
  /** How long replies and backlog wait before the connection is closed. */
  readonly stallMs: number;
  /** How long a closing connection may still read what was written. */
  readonly lingerMs: number;
  readonly helloMs: number;
  readonly silenceMs: number;
  /** How long an HTTP connection may last, for all its requests. */
  readonly httpMs: number;
  /** How long a suspended subscription waits for a newer key. */
  readonly graceMs: number;
  /** How long a stopping node takes to disconnect its clients, a few at a time, so that they don't reach another node all at once. 0: all at once. */
  readonly leaveMs: number;
  /** How long `close()` waits for appends in flight, and then for connections to end. */
  readonly stopMs: number;
  /** Per room: entries that wait for the end of a tick, and entries kept for subscriptions that are catching up. */
  readonly pendingBytes: number;
  readonly backlogEntries: number;
  readonly pageBytes: number;
  /** The longest lifetime of an invite. */
  readonly inviteLifetimeMs: number;
  readonly accessKeysCached: number;
  /** How long to wait before following a room's log again after it was lost. */
  readonly retryMs: number;
  readonly sweepMs: number;
  /** How many frames of one connection are handled before other connections get a turn. */
  readonly framesInRow: number;
  /** Per connection: the rate, and the largest burst. Frames beyond it are delayed. */
  readonly framesPerSecond: number;
  readonly framesBurst: number;
  /** Per connection. Posts beyond the rate are refused, with the time to wait; signals are dropped. */
  readonly postsPerSecond: number;
  readonly postsBurst: number;
  readonly signalsPerSecond: number;
  readonly signalsBurst: number;
  /** Per address. */
  readonly createsPerHour: number;
  /** Per room: rooms that its members create in a day, where that takes a token otherwise. */
  readonly createsPerRoom: number;
  readonly invitesPerMinute: number;
  readonly knocksPerHour: number;
  readonly proofsPerMinute: number;
  readonly refreshesPerMinute: number;
  /** Per room, from all addresses. */
  readonly roomRefreshesPerMinute: number;
  /** Per room: knocks by live invites in {@link knockWaitMs}, from all addresses. */
  readonly knocksWaiting: number;
  readonly knockWaitMs: number;
  /** How long a knock is kept. */
  readonly knockKeepMs: number;
  /** Per room: handshakes and joins without an order that are appended on this node. Others have to wait. */
  readonly handshakesPerSecond: number;
  readonly handshakesBurst: number;
  /** The largest file that is stored. */
  readonly fileBytes: number;
  /** What the files of one room, and of all rooms, may take on the disk. */
  readonly fileRoomBytes: number;
  readonly fileTotalBytes: number;
  /** Per address: what it may store in an hour. Each node counts alone. */
  readonly fileAddressBytes: number;
  /** How long a file is kept. */
  readonly fileKeepMs: number;
  /** How long a file may be incomplete after its last chunk. */
  readonly fileUnfinishedMs: number;
  readonly fileSweepMs: number;
  /** How many chunks are received and sent at the same time: in total, and per address. */
  readonly transfers: number;
  readonly transfersPerAddress: number;
  /** A transfer of a chunk is cut if fewer bytes than this move in `transferMs`. */
  readonly transferBytes: number;
  readonly transferMs: number;
  /** How many passes are remembered as valid. */
  readonly passesCached: number;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const DAY_MS = 24 * 3600_000;

export const SERVER_LIMITS: ServerLimits = {
  connections: 20_000,
  connectionsPerAddress: 500,
  exemptsLoopback: true,
  roomsFollowed: 100_000,
  roomsPerConnection: LIMITS.roomsPerConnection,
  entersPerConnection: LIMITS.entersPerConnection,
  requestsInFlight: 16,
  unfinishedBytes: 64_000_000,
  writeQueueBytes: 6 * 1024 * 1024,
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
  createsPerRoom: 20,
  invitesPerMinute: 60,
  knocksPerHour: 5,
  proofsPerMinute: 1_200,
  refreshesPerMinute: 6,
  roomRefreshesPerMinute: 30,
  knocksWaiting: 32,
  knockWaitMs: DAY_MS,
  knockKeepMs: 7 * DAY_MS,
  handshakesPerSecond: 2,
  handshakesBurst: 120,
  fileBytes: 100 * MIB,
  fileRoomBytes: 2 * GIB,
  fileTotalBytes: 20 * GIB,
  fileAddressBytes: GIB,
  fileKeepMs: 365 * DAY_MS,
  fileUnfinishedMs: DAY_MS,
  fileSweepMs: 3600_000,
  transfers: 500,
  transfersPerAddress: 50,
  transferBytes: 160 * 1024,
  transferMs: 10_000,
  passesCached: 10_000,
};
