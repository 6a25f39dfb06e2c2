const FIN_TEXT = 0x81;

/** The header of an unmasked, unfragmented WebSocket text frame (RFC 6455, section 5.2). @param length of the payload in bytes */
export function textHead(length: number): Buffer {
  if (length < 126) return Buffer.from([FIN_TEXT, length]);
  if (length < 0x1_0000) {
    const head = Buffer.from([FIN_TEXT, 126, 0, 0]);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.alloc(10);
  head[0] = FIN_TEXT;
  head[1] = 127;
  head.writeUIntBE(length, 4, 6);
  return head;
}
