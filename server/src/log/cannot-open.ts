/** `unusable`: the folder can't be made or written. `in use`: another process, or this one, has it open. `newer`: written by a later version. */
export type CannotOpenReason = 'unusable' | 'in use' | 'damaged' | 'newer';

/** The data folder can't be opened; nothing in it was changed. The message is for the operator. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
  readonly reason: CannotOpenReason;

  constructor(reason: CannotOpenReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
