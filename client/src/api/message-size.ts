import { TEXT_BYTES } from '@gochat/crypto/content';

/** The longest text of a message, in bytes of UTF-8. */
export const MESSAGE_BYTES = TEXT_BYTES;
