/** Messages between an owner and one guest, in order, bounded both ways. It never throws across the event loop: what's wrong ends it. */
export interface Channel<In, Out> {
  /** Resolves once, when nothing more comes or goes. */
  readonly closed: Promise<void>;
  /** Nothing is taken before this is called, once; what has come meanwhile waits. */
  receive(take: (message: In) => void): void;
  /** @returns `unfit` when the message is too large or no JSON, `gone` when nobody is there (any more) to read it. */
  send(message: Out): 'sent' | 'unfit' | 'gone';
  /** Ends it behind what has been sent. */
  close(): void;
}
