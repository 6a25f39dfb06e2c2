import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameError, LineDecoder, parseDown, parseUp } from '../src/codec.ts';
import type { Down } from '../src/down.ts';
import type { Up } from '../src/up.ts';
import { anyDown, anyUp } from './frames.ts';

const seed = Number(process.env.GOCHAT_FUZZ_SEED ?? Date.now() % 2 ** 31);
const cases = Number(process.env.GOCHAT_FUZZ_CASES ?? 50_000);

/** Numbers from 0 up to below `n`, the same for the same seed (mulberry32). */
function dice(from: number): (n: number) => number {
  let state = from >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const tokens = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\n', '\r\n', '\\u0000', '\\ud800', '\ufeff', '\u0000', ' '],
  ...[
    'null',
    'true',
    'false',
    '-0',
    '1e999',
    '0.1',
    '9007199254740993',
    '""',
    '[]',
    '{}',
    '[[[[',
    '"0"',
    '"-1"',
  ],
  ...[
    '"type"',
    '"id"',
    '"__proto__":{"type":"ping"},',
    '"constructor":1,',
    '"type":"post",',
    '"type":"entry",',
  ],
  ...['"type":"handshake"', '"admin":{}', '"invites":[{}]', '=', '==', 'A', '_', 'é', '🜚', 'x'.repeat(5000)],
].map((token) => new TextEncoder().encode(token));

function pick<T>(roll: (n: number) => number, from: readonly T[]): T {
  return from[roll(from.length)] as T;
}

/** One change of the kinds that parsers get wrong: a flipped bit, a cut, a repeat, a foreign token, a splice of two frames. */
function mutate(roll: (n: number) => number, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = roll(bytes.length + 1);
  const end = Math.min(bytes.length, at + roll(pick(roll, [2, 8, 64, 512])));
  const head = bytes.subarray(0, at);
  switch (roll(7)) {
    case 0: {
      const flipped = Uint8Array.from(bytes);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << roll(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([head, bytes.subarray(end)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([head, pick(roll, tokens), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([head, pick(roll, tokens), bytes.subarray(end)]);
    case 5: {
      const other = pick(roll, others);
      return Buffer.concat([head, other.subarray(roll(other.length + 1))]);
    }
    default:
      return Buffer.concat([head, Uint8Array.of(roll(256)), bytes.subarray(at)]);
  }
}

/** Either a frame that comes back the same, or a FrameError: anything else fails the test. */
function check(parse: (text: string) => Up | Down, text: string): 'frame' | 'refused' {
  let frame: Up | Down;
  try {
    frame = parse(text);
  } catch (error) {
    if (error instanceof FrameError && error.message.length <= 512) return 'refused';
    throw error;
  }
  expect(encodeFrame(parse(encodeFrame(frame)))).toBe(encodeFrame(frame));
  return 'frame';
}

test(`${cases} mutated frames give frames or FrameErrors (GOCHAT_FUZZ_SEED=${seed})`, () => {
  process.stderr.write(`fuzz: GOCHAT_FUZZ_SEED=${seed} GOCHAT_FUZZ_CASES=${cases}\n`);
  const roll = dice(seed);
  const frames = fc.sample(fc.oneof(anyUp, anyDown), { seed, numRuns: 500 });
  const corpus = frames.map((frame) => new TextEncoder().encode(encodeFrame(frame)));
  const outcomes = { frame: 0, refused: 0 };
  for (let i = 0; i < cases; i++) {
    let bytes: Uint8Array = pick(roll, corpus);
    for (let n = roll(3); n >= 0; n--) bytes = mutate(roll, bytes, corpus);
    const decoder = new LineDecoder();
    const cut = roll(bytes.length + 1);
    try {
      for (const chunk of [bytes.subarray(0, cut), bytes.subarray(cut), Uint8Array.of(0x0a)]) {
        for (const line of decoder.push(chunk)) {
          outcomes[check(parseUp, line)]++;
          outcomes[check(parseDown, line)]++;
        }
      }
    } catch (error) {
      if (!(error instanceof FrameError)) {
        throw new Error(`case ${i}: ${Buffer.from(bytes).toString('base64url')}`, { cause: error });
      }
      outcomes.refused++;
    }
  }
  expect(outcomes.refused).toBeGreaterThan(cases / 2);
  expect(outcomes.frame).toBeGreaterThan(cases / 100);
});
