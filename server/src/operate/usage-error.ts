import { CannotOpen } from '../log/cannot-open.ts';

/** What was asked for can't be done as it was asked; the message is one line for whoever asked. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What stands in the way of opening a data folder is the caller's to put right. */
export async function orUsage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof CannotOpen)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}
