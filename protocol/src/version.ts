/** The protocol version both sides speak; any change of the frame unions raises it (a test holds their hash). */
export const PROTOCOL_VERSION = 1;
