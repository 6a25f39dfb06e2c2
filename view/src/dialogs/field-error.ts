import type { ErrorData } from '@gochat/client/chat-error';
import { ChatError } from '@gochat/client/chat-error';

/** What is wrong with one field of a form. */
export class FieldError extends ChatError {
  readonly field: string;
  readonly text: string;

  /** @param text what to do about it, in the field's own words */
  constructor(field: string, text: string) {
    super({ reason: 'content-invalid' });
    this.field = field;
    this.text = text;
  }
}

/** The field that an error of the profile is about, in forms that have it. */
const FIELDS: Partial<Record<ErrorData['reason'], string>> = {
  'link-invalid': 'link',
  'invite-dead': 'link',
  'invite-revoked': 'link',
  'invite-damaged': 'link',
  'other-server': 'link',
  'room-gone': 'link',
  'address-invalid': 'server',
  'address-unencrypted': 'server',
  'server-unreachable': 'server',
  'server-slow': 'server',
  'token-required': 'token',
  'token-form': 'token',
  'link-used': 'link',
  'link-expired': 'link',
  'link-cancelled': 'link',
  'recovery-ended': 'link',
  'link-digits': 'digits',
  'device-label': 'label',
};

/** The name of the field that an error is about, as far as its kind says so. */
export function fieldOf(error: unknown): string | undefined {
  if (error instanceof FieldError) return error.field;
  if (!(error instanceof ChatError)) return undefined;
  const { data } = error;
  return data.reason === 'name-invalid' ? data.what : FIELDS[data.reason];
}
