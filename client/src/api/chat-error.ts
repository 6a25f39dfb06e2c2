/** Why something asked of the SDK can't be done; the message says what to do about it. */
export type ChatErrorCode = (typeof CODES)[number];

const CODES = [
  /** The request itself is wrong. */
  'usage',
  /** A name fits several; the message lists them. */
  'ambiguous',
  'unknown-room',
  'unknown-member',
  'unknown-entry',
  /** Not in the room any more. */
  'not-member',
  /** The server, the members' rules or a dead invite stand against it. */
  'refused',
  /** The server makes rooms only for those who name its token. */
  'token',
  /** The server could not be reached, or not in time. */
  'offline',
  /** The process that held the profile went away in the middle. */
  'interrupted',
  /** The profile needs a passphrase, or another one. */
  'locked',
  'internal',
] as const;

export function isChatErrorCode(code: unknown): code is ChatErrorCode {
  return CODES.some((known) => known === code);
}

export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly code: ChatErrorCode;
  constructor(code: ChatErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
