/** The largest preview of a picture, in bytes, and in pixels of either side. */
export const PREVIEW = { bytes: 128 * 1024, side: 640 } as const;

/** The largest text of a message, in bytes of UTF-8. */
export const TEXT_BYTES = 64 * 1024;
