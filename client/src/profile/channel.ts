/**
 * Messages between an owner and one guest, in order, bounded in both directions. It never throws in a callback: an error ends
 * it.
 */
export interface Channel<In, Out> {
  /** Resolves when the channel has ended. */
  readonly closed: Promise<void>;
  /** Starts delivery. Call it once; earlier messages wait until then. */
  receive(take: (message: In) => void): void;
  /** @returns `unfit` when the message is too large or not JSON, `gone` when the channel has ended. */
  send(message: Out): 'sent' | 'unfit' | 'gone';
  /** Ends the channel after the messages that were sent. */
  close(): void;
}
