/** `unusable`: it can't be used as it is. `in use`: a process has it open, maybe this one. `newer`: a later version wrote it. */
export type CannotOpenReason = 'unusable' | 'in use' | 'damaged' | 'newer';

/** The data folder or the cluster can't be opened. Nothing was changed. The message is for the operator. */
export class CannotOpen extends Error {
  override readonly name = 'CannotOpen';
  readonly reason: CannotOpenReason;

  constructor(reason: CannotOpenReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
