import { PREVIEW } from '@gochat/crypto/content-limits';

/** The largest preview of a picture, for whoever makes one: in bytes, and in pixels of either side. */
export const PREVIEW_LIMITS = PREVIEW;
