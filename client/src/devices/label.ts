import { NameError } from '@gochat/crypto/name-error';
import { cleanName } from '@gochat/crypto/names';
import { ChatError } from '../api/chat-error.ts';

const LABEL_CHARS = 64;

/** @returns what a person calls a device, as it is stored. @throws ChatError `device-label` */
export function cleanLabel(text: string): string {
  try {
    const label = cleanName(text);
    if ([...label].length <= LABEL_CHARS) return label;
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
  }
  throw new ChatError({ reason: 'device-label' });
}
