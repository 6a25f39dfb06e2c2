/** All limits of the protocol. Sizes are in bytes and durations in milliseconds, unless the name says otherwise. */
export const LIMITS = {
  /** The encoded length of a frame by its type; `default` for all other types. */
  frameBytes: {
    default: 4 * 1024,
    post: 112 * 1024,
    signal: 4 * 1024,
    knock: 8 * 1024,
    create: 6 * 1024 * 1024,
    handshake: 6 * 1024 * 1024,
    join: 6 * 1024 * 1024,
    refresh: 6 * 1024 * 1024,
    entry: 1536 * 1024,
    groupinfo: 4608 * 1024,
    /** A server ends a page early, with `more`, if the next entry would exceed this. */
    page: 4 * 1024 * 1024,
  },
  /** The parts (RFC 6455, section 5.4) that one WebSocket message may come in: a receiver needs more memory for each than its bytes. */
  webSocketParts: 512,
  /** A longer frame must have `type` as its first member, so that its limit is known before all of it has arrived. */
  frameTypePeekBytes: 4 * 1024,
  /** A sealed message as stored: the largest padding bucket plus the seal. */
  messageBytes: 72 * 1024,
  handshakeBytes: 1024 * 1024,
  /** A sealed GroupInfo: 3 MiB of padded plaintext plus the seal. */
  groupInfoBytes: 3 * 1024 * 1024 + 44,
  signalBytes: 2 * 1024,
  wrappedKeyBytes: 2560,
  knockBytes: 4 * 1024,
  invitesPerRoom: 16,
  adminsPerRoom: 16,
  membersPerRoom: 1000,
  inviteUses: 10_000,
  inviteLifetimeMs: 366 * 24 * 3600 * 1000,
  /** An invite without a wrapped key for this long ends. */
  inviteUnwrappedMs: 7 * 24 * 3600 * 1000,
  roomsPerConnection: 256,
  entersPerConnection: 4096,
  requestsInFlight: 256,
  readEntries: 256,
  originChars: 260,
  features: 32,
  pushEndpointChars: 1024,
  /** The padded plaintext of a file, on any server. A server may set a lower limit. */
  fileBytes: 2 ** 40,
  /** A sealed chunk of a file. */
  chunkBytes: 1024 * 1024,
  filesPerMessage: 8,
  /** How far ahead a pass for files may expire. */
  filePassMs: 3600 * 1000,
  /** The connection is dead when nothing arrived for this long. A client pings at a third of it. */
  silenceMs: 90_000,
  /** From the connection's first byte (or its opening) to a valid `hello`. */
  helloMs: 10_000,
} as const;

/** @returns the largest encoded length of a frame of this type, in bytes */
export function frameLimit(type: string): number {
  const limits: Readonly<Record<string, number>> = LIMITS.frameBytes;
  return Object.hasOwn(limits, type)
    ? (limits[type] ?? LIMITS.frameBytes.default)
    : LIMITS.frameBytes.default;
}
