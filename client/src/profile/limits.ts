/** Limits of the messages between processes, or tabs, of one profile. */
export const OWNER_LIMITS = {
  messageBytes: 8 * 1024 * 1024,
  /** A process that doesn't read is disconnected when more than this waits for it. */
  queuedBytes: 32 * 1024 * 1024,
  /** How much a tab takes before it confirms it to the other. */
  toldBytes: 1024 * 1024,
  visitors: 256,
  callsInFlight: 256,
  /** After this silence of the owner another process takes over. The old owner's writes fail from then on. */
  patienceMs: 10_000,
  /** The same for tabs, where a person is waiting. */
  tabPatienceMs: 3_000,
  /** How often a tab checks its owner, since browsers freeze background tabs. Two checks may stay unanswered. */
  pulseMs: 2_000,
  retryMs: 25,
  youngDoorMs: 60_000,
  /** How long an owner that ends waits until its guests have the answers to calls that they must not repeat. */
  answersMs: 5_000,
  farewellMs: 1000,
  /** Below the limits of a socket's path on Linux (108) and macOS (104). */
  socketPathBytes: 100,
} as const;
