import { getSystemErrorMap } from 'node:util';

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

/** @returns `cause` if the operator can read it as it is */
export function cannotWrite(file: string, cause: unknown): CannotOpen {
  if (cause instanceof CannotOpen) return cause;
  return new CannotOpen('unusable', `can't write ${file}: ${reasonOf(cause)}`, { cause });
}

/** The system's words for its errors, such as `no space left on device`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const number = 'errno' in error ? Number(error.errno) : 0;
  return getSystemErrorMap().get(number)?.[1] ?? error.message;
}
