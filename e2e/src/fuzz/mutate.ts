/** A number from 0 up to below `n`. */
export type Roll = (n: number) => number;

const TOKENS = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\n', '\r\n', '\\u0000', '\\ud800', '\ufeff', '\u0000', ' '],
  ...['null', 'true', 'false', '-0', '1e999', '0.1', '9007199254740993', '""', '[]', '{}', '"0"', '"-1"'],
  ...['"__proto__":{"type":"ping"},', '"constructor":1,', '"type":"post",', '"type":"entry",', '"type"'],
  ...['"type":"handshake"', '"admin":{}', '"invites":[{}]', '=', '==', 'A', '_', 'é', '🜚', 'x'.repeat(5000)],
  ...[
    '['.repeat(2000),
    '../',
    '%2e%2e%2f',
    '%00',
    '\\',
    'HTTP/1.1',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
  ],
  ...[
    '\r\n\r\n',
    'Host: x',
    '\u001b]0;x\u0007',
    '\u202e',
    '`'.repeat(300),
    '*'.repeat(300),
    '> '.repeat(300),
  ],
].map((token) => new TextEncoder().encode(token));

function pick<T>(roll: Roll, from: readonly T[]): T {
  const one = from[roll(from.length)];
  if (one === undefined) throw new RangeError('nothing to pick from');
  return one;
}

/** Applies one to three mutations of kinds that parsers often handle wrong. */
export function mutated(roll: Roll, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes = pick(roll, corpus);
  for (let n = roll(3); n >= 0; n--) bytes = mutate(roll, bytes, corpus);
  return bytes;
}

/** A flipped bit, a cut, a repeat, a foreign token, a splice of two, a byte. */
function mutate(roll: Roll, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
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
      return Buffer.concat([head, pick(roll, TOKENS), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([head, pick(roll, TOKENS), bytes.subarray(end)]);
    case 5: {
      const other = pick(roll, others);
      return Buffer.concat([head, other.subarray(roll(other.length + 1))]);
    }
    default:
      return Buffer.concat([head, Uint8Array.of(roll(256)), bytes.subarray(at)]);
  }
}
