/** The largest preview of a picture, in bytes, and in pixels of either side. */
export const PREVIEW = { bytes: 128 * 1024, side: 640 } as const;

/** The largest text of a message, in bytes of UTF-8. */
export const TEXT_BYTES = 64 * 1024;

/** The longest text in place of a file, or of content that a reader doesn't know, in UTF-16 code units. */
export const ALT_CHARS = 1000;
