/** A file's bytes are not those that its author has sealed: they were changed, cut, or are of another file. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: 'damaged';
  constructor(code: FileError['code'], options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }
}
