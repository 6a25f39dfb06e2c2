import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import './fixed-seed.ts';
import { encodeFrame, FrameError, LineDecoder } from '../src/codec.ts';
import { frameLimit, LIMITS } from '../src/limits.ts';
import { anyDown, anyUp } from './frames.ts';

const encoder = new TextEncoder();

function push(decoder: LineDecoder, chunk: Uint8Array | string): string[] {
  return [...decoder.push(typeof chunk === 'string' ? encoder.encode(chunk) : chunk)];
}

function refusal(decoder: LineDecoder, chunk: Uint8Array | string): string | undefined {
  try {
    push(decoder, chunk);
    return undefined;
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
}

/** Splits the bytes at these offsets (modulo the length). */
function chunked(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

const line = fc.oneof(
  fc.oneof(anyUp, anyDown).map(encodeFrame),
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\r\n]/g, '')),
  fc.constant(''),
  fc.constant('🜚é漢'),
);
const lineEnd = fc.constantFrom('\n', '\r\n');
const cuts = fc.array(fc.nat(), { maxLength: 30 });

test('a stream yields the same lines however it is split', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(line, lineEnd), { maxLength: 12 }), line, cuts, (lines, rest, where) => {
      const bytes = encoder.encode(lines.map((parts) => parts.join('')).join('') + rest);
      const decoder = new LineDecoder();
      const seen = chunked(bytes, where).flatMap((chunk) => push(decoder, chunk));
      expect(seen).toEqual(lines.map(([text]) => text).filter((text) => text !== ''));
      expect(push(decoder, '\n')).toEqual(rest === '' ? [] : [rest]);
    }),
    { numRuns: 300 },
  );
});

test('single bytes yield the same lines', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const decoder = new LineDecoder();
      const bytes = encoder.encode(lines.map((text) => `${text}\n`).join(''));
      const seen = [...bytes].flatMap((byte) => push(decoder, Uint8Array.of(byte)));
      expect(seen).toEqual(lines.filter((text) => text !== ''));
    }),
    { numRuns: 30 },
  );
});

test('a chunk may be reused once its lines were read', () => {
  const decoder = new LineDecoder();
  const pooled = encoder.encode('{"a":1}\n{"b"');
  expect(push(decoder, pooled)).toEqual(['{"a":1}']);
  pooled.fill(0);
  expect(push(decoder, ':2}\n')).toEqual(['{"b":2}']);
});

test('empty lines are skipped', () => {
  expect(push(new LineDecoder(), '\n\r\n\n\n')).toEqual([]);
  expect(push(new LineDecoder(), new Uint8Array(0))).toEqual([]);
});

test('only one carriage return before the line feed is removed', () => {
  expect(push(new LineDecoder(), 'a\rb\r\r\n')).toEqual(['a\rb\r']);
});

test('bytes that are not UTF-8 are malformed, wherever they are split', () => {
  const broken = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80], [0xe2, 0x82]];
  for (const bytes of broken) {
    const text = Uint8Array.of(0x22, ...bytes, 0x22, 0x0a);
    expect(refusal(new LineDecoder(), text)).toBe('malformed');
    const decoder = new LineDecoder();
    for (const byte of text.subarray(0, -1)) push(decoder, Uint8Array.of(byte));
    expect(refusal(decoder, '\n')).toBe('malformed');
  }
});

test('a byte order mark is kept, so the line is not a frame', () => {
  expect(push(new LineDecoder(), '\ufeff{}\n')).toEqual(['\ufeff{}']);
});

test('the frames before a refused one are still delivered', () => {
  const decoder = new LineDecoder();
  const seen: string[] = [];
  expect(() => {
    for (const text of decoder.push(encoder.encode(`a\nb\n${'x'.repeat(5000)}\nc\n`))) seen.push(text);
  }).toThrow(FrameError);
  expect(seen).toEqual(['a', 'b']);
});

/** A line of exactly `length` bytes that begins as a frame of this type. */
function sized(type: string, length: number): string {
  const start = `{"type":"${type}","body":"`;
  return `${start}${'A'.repeat(length - start.length - 2)}"}`;
}

test.each(['ping', 'post', 'signal', 'create', 'handshake', 'join', 'refresh', 'entry', 'groupinfo', 'page'])(
  'a %s frame at its limit passes; with one byte more it is refused before the line ends',
  (type) => {
    const limit = frameLimit(type);
    const exact = sized(type, limit);
    for (const step of [limit + 1, 64 * 1024, 1000]) {
      const bytes = encoder.encode(exact);
      const decoder = new LineDecoder();
      for (let at = 0; at < limit; at += step) push(decoder, bytes.subarray(at, at + step));
      expect(push(decoder, '\n')).toEqual([exact]);

      for (let at = 0; at < limit; at += step) push(decoder, bytes.subarray(at, at + step));
      expect(refusal(decoder, 'A')).toBe('oversize');
      expect(refusal(decoder, 'A')).toBe('oversize');
    }
    expect(refusal(new LineDecoder(), `${sized(type, limit + 1)}\n`)).toBe('oversize');
  },
);

test('a line that does not begin with its type has the smallest limit', () => {
  const long = 'A'.repeat(LIMITS.frameTypePeekBytes + 1);
  const starts = [
    '',
    '{"id":"1","type":"create","body":"',
    '{"type" "create"',
    '{"type":"\\u0063reate","body":"',
    '[{"type":"create","body":"',
    '{"type":"CREATE","body":"',
    '{"type":"nothing-known","body":"',
    '{"type":"__proto__","body":"',
    '{"type":"default","body":"',
    `${' '.repeat(200)}{"type":"create","body":"`,
  ];
  for (const start of starts)
    expect([start, refusal(new LineDecoder(), start + long)]).toEqual([start, 'oversize']);
  expect(refusal(new LineDecoder(), ` {\t"type" : "create", "body":"${long}`)).toBeUndefined();
});

test('each line has the limit of its own type', () => {
  const decoder = new LineDecoder();
  const large = sized('create', 100_000);
  expect(push(decoder, `${large}\n{"type":"ping"}\n`)).toEqual([large, '{"type":"ping"}']);
  expect([...push(decoder, large), ...push(decoder, '\n')]).toEqual([large]);
  expect(refusal(decoder, sized('ping', 5000))).toBe('oversize');
});

test('the caller can set the limits', () => {
  const decoder = new LineDecoder(() => 10_000);
  expect(refusal(decoder, sized('create', 10_000))).toBeUndefined();
  expect(refusal(decoder, 'A')).toBe('oversize');
});

test('decoding a frame in small chunks costs time in proportion to its size', () => {
  const frame = encoder.encode(`${sized('create', frameLimit('create'))}\n`);
  const decoder = new LineDecoder();
  const before = process.cpuUsage();
  let lines = 0;
  for (let at = 0; at < frame.length; at += 1000)
    lines += push(decoder, frame.subarray(at, at + 1000)).length;
  const { user, system } = process.cpuUsage(before);
  expect(lines).toBe(1);
  expect((user + system) / 1000).toBeLessThan(500);
});

test('an unfinished line uses no more memory than its limit, however small its chunks are', () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const used = () => {
    collect();
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const limit = frameLimit('create');
  const bytes = encoder.encode(sized('create', limit));
  const decoders = Array.from({ length: 2 }, () => new LineDecoder());
  const before = used();
  for (const decoder of decoders) {
    for (let at = 0; at < limit; at += 16) push(decoder, bytes.subarray(at, at + 16));
  }
  expect(used() - before).toBeLessThan(decoders.length * limit + 2 * 1024 * 1024);
  for (const decoder of decoders) expect(push(decoder, '\n')).toHaveLength(1);
  expect(used() - before).toBeLessThan(2 * 1024 * 1024);
});
