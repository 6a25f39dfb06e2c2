import { TEXT_BYTES } from '@gochat/crypto/content';
import { LIMITS } from '@gochat/protocol/limits';

/** The longest text of a message, in bytes of UTF-8. */
export const MESSAGE_BYTES = TEXT_BYTES;

/** How many files a message may have. */
export const FILES_PER_MESSAGE = LIMITS.filesPerMessage;
