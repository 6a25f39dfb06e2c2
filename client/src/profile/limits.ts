/** Bounds of what passes between the processes, or tabs, of one profile. */
export const OWNER_LIMITS = {
  messageBytes: 8 * 1024 * 1024,
  /** More than this waiting for a process that doesn't read cuts it off. */
  queuedBytes: 32 * 1024 * 1024,
  /** How much a tab takes before it tells the other so. */
  toldBytes: 1024 * 1024,
  visitors: 256,
  callsInFlight: 256,
  /** An owner that says nothing for this long is passed over. It can't write any more then, should it still live. */
  patienceMs: 10_000,
  /** The same for tabs, which somebody is looking at while he waits. */
  tabPatienceMs: 3_000,
  /** How often a tab asks whether its owner lives: browsers stop tabs that nobody looks at. Two questions may stay unanswered. */
  pulseMs: 2_000,
  retryMs: 25,
  youngDoorMs: 60_000,
  farewellMs: 1000,
  /** What Linux (108) and macOS (104) allow in a socket's address, with room to spare. */
  socketPathBytes: 100,
} as const;
