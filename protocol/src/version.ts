/** The protocol version. Every change of the frames raises it; a test compares their hash. */
export const PROTOCOL_VERSION = 2;
