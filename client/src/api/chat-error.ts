import { type ChatErrorCode, codeOf, type ErrorData } from './error-data.ts';
import type { Problem } from './methods.ts';

export type { ChatErrorCode, ErrorData };

/**
 * Why something asked of the SDK can't be done. `code` is the coarse class, `data` the exact reason; a screen makes the sentence
 * from `data`. The message is for developers.
 */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly code: ChatErrorCode;
  readonly data: ErrorData;

  /** @param options.code replaces the reason's own code, for a reason of another version. */
  constructor(data: ErrorData, options: ErrorOptions & { readonly code?: ChatErrorCode } = {}) {
    super(describe(data), options);
    this.code = options.code ?? codeOf(data.reason);
    this.data = data;
  }
}

function describe({ reason, ...data }: ErrorData): string {
  return Object.keys(data).length === 0 ? reason : `${reason} ${JSON.stringify(data)}`;
}

/** The data of whatever was thrown, for showing it. */
export function errorDataOf(error: unknown): ErrorData {
  if (error instanceof ChatError) return error.data;
  return { reason: 'failed', detail: error instanceof Error ? error.message : String(error) };
}

export function problemOf({ code, data }: ChatError): Problem {
  return { code, data };
}
