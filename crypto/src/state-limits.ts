/** The most entries of the lists of a room state. Of all but moderators and pins, the list takes more space than is worth its use. */
export const STATE_LIMITS = {
  moderators: 32,
  /** Of those who have a voice, and of those who are muted. */
  voices: 128,
  bans: 256,
  pins: 20,
} as const;

/** The longest time of `slow` and `expire`, in seconds: a year. */
export const LONGEST_RULE_S = 366 * 24 * 3600;
