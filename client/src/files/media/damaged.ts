/** A file is not built as files of its kind must be. Never leaves this folder. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** @returns undefined if the file is damaged */
export function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Damaged) return undefined;
    throw error;
  }
}
