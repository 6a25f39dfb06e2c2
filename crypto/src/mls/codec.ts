import {
  decodeGroupContext,
  decodeGroupInfo,
  decodeGroupState,
  decodePrivateMessage,
  decodePublicMessage,
  encodeGroupContext,
  encodeGroupState,
  type GroupContext,
  type GroupInfo,
  type PrivateMessage,
  type PublicMessage,
} from './library.ts';
import { configOf, type MlsState } from './suite.ts';

export function readPrivateMessage(bytes: Uint8Array): PrivateMessage | undefined {
  return decodeWhole(decodePrivateMessage, bytes);
}

export function readPublicMessage(bytes: Uint8Array): PublicMessage | undefined {
  return decodeWhole(decodePublicMessage, bytes);
}

export function readGroupInfo(bytes: Uint8Array): GroupInfo | undefined {
  return decodeWhole(decodeGroupInfo, bytes);
}

/** The library's decoders ignore trailing bytes and throw at some malformed input. @returns undefined in both cases. */
function decodeWhole<T>(
  decoder: (bytes: Uint8Array, offset: number) => [T, number] | undefined,
  bytes: Uint8Array,
): T | undefined {
  try {
    const result = decoder(bytes, 0);
    return result !== undefined && result[1] === bytes.length ? result[0] : undefined;
  } catch {
    return undefined;
  }
}

export function encodeContext(context: GroupContext): Uint8Array {
  return encodeGroupContext(context);
}

export function readGroupContext(bytes: Uint8Array): GroupContext | undefined {
  return decodeWhole(decodeGroupContext, bytes);
}

export function encodeMls(state: MlsState): Uint8Array {
  return encodeGroupState(state);
}

/** @throws Error if the bytes are not the output of {@link encodeMls}. */
export function decodeMls(bytes: Uint8Array): MlsState {
  const result = decodeWhole(decodeGroupState, bytes);
  if (result === undefined) throw new Error('the stored group state is damaged');
  return { ...result, clientConfig: configOf(result.groupContext.groupId) };
}
