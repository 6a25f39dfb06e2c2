import fc from 'fast-check';
import { encodeBytes } from '../src/encoding.ts';
import type { FilePass } from '../src/file-pass.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(encodeBytes);
const times = fc.nat({ max: Number.MAX_SAFE_INTEGER });

export const filePasses: fc.Arbitrary<FilePass> = fc
  .record(
    {
      origin: fc.constantFrom('chat.example', 'chat.example:4040', '[::1]:4040'),
      room: bytesOf(16),
      key: fc.oneof(fc.nat().map(String), fc.constantFrom('7UkoxijRwsbq6QM4kFmVYSlZJzpcY_k2NsFGFKyHN9E')),
      bytes: fc.nat({ max: 2 ** 40 }),
      discard: fc.oneof(bytesOf(16), bytesOf(32)),
      keepMs: times,
      until: times,
      proof: bytesOf(64),
    },
    { requiredKeys: ['origin', 'room', 'key', 'bytes', 'until', 'proof'] },
  )
  .map((value) => value as FilePass);
