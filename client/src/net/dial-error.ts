import { type ConnectionFailure, describeFailure } from './connection-failure.ts';

/** No connection could be made. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly failure: ConnectionFailure;
  constructor(failure: ConnectionFailure, options?: ErrorOptions) {
    super(describeFailure(failure), options);
    this.failure = failure;
  }
}
