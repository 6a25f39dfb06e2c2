/** No link came about; the message says why, as the end of a sentence. */
export class DialError extends Error {
  override readonly name = 'DialError';
}
