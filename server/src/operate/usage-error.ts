import { CannotOpen } from '../log/cannot-open.ts';

/** The settings or arguments can't be used. The message is one line for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Turns {@link CannotOpen} into a {@link UsageError}: the operator has to fix it. */
export async function orUsage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof CannotOpen)) throw cause;
    throw new UsageError(cause.message, { cause });
  }
}
