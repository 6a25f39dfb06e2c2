import { paddedBytes } from '@gochat/protocol/file-chunks';

/** @param most the largest padded size that a server takes. @returns the largest file that has no larger padded size, in bytes */
export function largestFile(most: number): number {
  let size = paddedBytes(0);
  if (most < size) return 0;
  while (size * 2 <= most) size *= 2;
  // Between two powers of two, sizes are padded to eighths of the smaller one.
  const step = size / 8;
  return Math.floor(most / step) * step;
}
