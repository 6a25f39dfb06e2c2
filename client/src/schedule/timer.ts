/** The longest wait of the platform's timers. After a longer one they would fire at once. */
export const LONGEST_MS = 2 ** 31 - 1;

/** As `setTimeout`, but a wait above {@link LONGEST_MS}, even an infinite one, lasts as long as that. */
export function startTimer(ms: number, job: () => void): NodeJS.Timeout {
  return setTimeout(job, Math.min(ms, LONGEST_MS));
}
