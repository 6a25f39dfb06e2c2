import { LIMITS } from '@gochat/protocol/limits';
import type { LogPosition } from '../log/log.ts';

/** A message between the nodes of a cluster about a room. It is not stored and may be lost. */
export type NodeMessage =
  | {
      readonly kind: 'signal';
      /** The position of the handshake whose access key the sender proved. */
      readonly key: LogPosition;
      /** The last retirement that the sender's node knows. */
      readonly retiredAt: LogPosition;
      readonly body: Buffer;
    }
  /** The GroupInfo of this handshake was replaced. */
  | { readonly kind: 'refreshed'; readonly handshake: LogPosition };

const SIGNAL = 1;
const REFRESHED = 2;
const POSITION_BYTES = 6;
const SIGNAL_HEAD_BYTES = 1 + 2 * POSITION_BYTES;
const REFRESHED_BYTES = 1 + POSITION_BYTES;

export function encodeNodeMessage(message: NodeMessage): Buffer {
  if (message.kind === 'refreshed') {
    const bytes = Buffer.alloc(REFRESHED_BYTES, REFRESHED);
    bytes.writeUIntBE(message.handshake, 1, POSITION_BYTES);
    return bytes;
  }
  const head = Buffer.alloc(SIGNAL_HEAD_BYTES, SIGNAL);
  head.writeUIntBE(message.key, 1, POSITION_BYTES);
  head.writeUIntBE(message.retiredAt, 1 + POSITION_BYTES, POSITION_BYTES);
  return Buffer.concat([head, message.body]);
}

/** @returns undefined when the bytes are not such a message */
export function decodeNodeMessage(bytes: Uint8Array): NodeMessage | undefined {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data[0] === REFRESHED && data.length === REFRESHED_BYTES)
    return { kind: 'refreshed', handshake: data.readUIntBE(1, POSITION_BYTES) };
  const bodyBytes = data.length - SIGNAL_HEAD_BYTES;
  if (data[0] !== SIGNAL || bodyBytes < 0 || bodyBytes > LIMITS.signalBytes) return undefined;
  return {
    kind: 'signal',
    key: data.readUIntBE(1, POSITION_BYTES),
    retiredAt: data.readUIntBE(1 + POSITION_BYTES, POSITION_BYTES),
    body: data.subarray(SIGNAL_HEAD_BYTES),
  };
}
