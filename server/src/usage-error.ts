/** What was asked for can't be done as it was asked; the message is one line for whoever asked. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
