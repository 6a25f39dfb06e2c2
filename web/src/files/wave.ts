const PARTS = 64;

/**
 * The loudness of a recording in 64 equal parts of its length.
 * @param levels from 0 to 1, measured at equal distances
 * @returns numbers from 0 to 255: the loudest level of each part
 */
export function waveOf(levels: readonly number[]): number[] {
  return Array.from({ length: PARTS }, (_, part) => {
    const from = Math.floor((part * levels.length) / PARTS);
    const to = Math.max(from + 1, Math.floor(((part + 1) * levels.length) / PARTS));
    const loudest = Math.max(0, ...levels.slice(from, to));
    return Math.round(Math.min(1, loudest) * 255);
  });
}
