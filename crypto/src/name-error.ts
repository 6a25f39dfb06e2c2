/** The text is not a valid name or topic. */
export class NameError extends Error {
  override readonly name = 'NameError';
  readonly code: 'empty' | 'too-long' | 'control';
  readonly what: 'name' | 'topic';
  /** The largest size: in bytes for a name, in characters for a topic. */
  readonly most: number;
  constructor(code: NameError['code'], what: NameError['what'], most: number) {
    super(`${what} ${code}`);
    this.code = code;
    this.what = what;
    this.most = most;
  }
}
