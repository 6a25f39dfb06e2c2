import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Input, InputDecoder } from '../../../src/screen/terminal/input-decoder.ts';

const open: InputDecoder[] = [];

afterEach(() => {
  for (const keys of open.splice(0)) keys.close();
});

/** The events of these chunks, each as a short text. */
async function read(chunks: readonly (string | Buffer)[]): Promise<string[]> {
  const heard: Input[] = [];
  const keys = new InputDecoder((input) => heard.push(input));
  open.push(keys);
  for (const chunk of chunks) keys.write(Buffer.from(chunk as string));
  // Waits until no event has come for longer than the wait for an Esc.
  for (let quiet = 0, count = -1; quiet < 3; quiet = heard.length === count && count > 0 ? quiet + 1 : 0) {
    count = heard.length;
    await wait(30);
  }
  return heard.map(word);
}

function word(input: Input): string {
  switch (input.kind) {
    case 'key':
      return input.text === '' ? input.name : `"${input.text}"`;
    case 'mouse':
      return `${input.what} ${input.row},${input.column}`;
    case 'focus':
      return input.on ? 'focus in' : 'focus out';
    case 'paste':
      return `paste ${JSON.stringify(input.text)}`;
    default:
      return input satisfies never;
  }
}

describe('keys', () => {
  test.each([
    ['a', '"a"'],
    ['A', '"A"'],
    [' ', '" "'],
    ['ß', '"ß"'],
    ['字', '"字"'],
    ['\r', 'enter'],
    ['\n', 'C-j'],
    ['\u001b\r', 'M-enter'],
    ['\t', 'tab'],
    ['\u001b[Z', 'S-tab'],
    ['\u007f', 'backspace'],
    ['\u001b\u007f', 'M-backspace'],
    ['\u0001', 'C-a'],
    ['\u0018', 'C-x'],
    ['\u001a', 'C-z'],
    ['\u001f', 'C-_'],
    ['\u001b', 'escape'],
    ['\u001bb', 'M-b'],
    ['\u001b/', 'M-/'],
    ['\u001b1', 'M-1'],
    ['\u001b[A', 'up'],
    ['\u001bOA', 'up'],
    ['\u001b[1;3A', 'M-up'],
    ['\u001b\u001b[A', 'M-up'],
    ['\u001b[5~', 'pageup'],
    ['\u001b[1;3H', 'M-home'],
    ['\u001b[3~', 'delete'],
    ['\u001bOP', 'f1'],
    ['\u001b[1;5C', 'C-right'],
  ])('%j is %s', async (bytes, name) => {
    expect(await read([bytes])).toEqual([name]);
  });

  test('unknown sequences type nothing', async () => {
    expect(await read(['a\u001b[99~b'])).toEqual(['"a"', '"b"']);
  });
});

const SESSION =
  'hé\u001b[<0;10;5M\u001b[<0;10;5m\u001b[<64;1;1M\u001b[<65;80;24M\u001b[I\u001b[Ox\u001b[200~two\r\nlines \u001b[A\u001b[20\u001b[201~y\u001b[A\u001b[5~字';
const HEARD = [
  '"h"',
  '"é"',
  'press 4,9',
  'release 4,9',
  'wheel-up 0,0',
  'wheel-down 23,79',
  'focus in',
  'focus out',
  '"x"',
  'paste "two\\nlines \\u001b[A\\u001b[20"',
  '"y"',
  'up',
  'pageup',
  '"字"',
];

test('keys, mouse, focus and pastes are decoded from one stream', async () => {
  expect(await read([SESSION])).toEqual(HEARD);
});

test('the events are the same wherever the stream is split', async () => {
  const bytes = Buffer.from(SESSION);
  const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
  const heard = await Promise.all(cuts.map((at) => read([bytes.subarray(0, at), bytes.subarray(at)])));
  expect(heard).toEqual(cuts.map(() => HEARD));
});

test('the events are the same byte by byte', async () => {
  const bytes = Buffer.from(SESSION);
  expect(await read([...bytes].map((byte) => Buffer.from([byte])))).toEqual(HEARD);
});

test('an Esc is distinguished from a sequence by what follows immediately', async () => {
  expect(await read(['\u001b'])).toEqual(['escape']);
  expect(await read(['\u001b', '[A'])).toEqual(['up']);
});

test('a paste without an end marker keeps at most a megabyte', async () => {
  const [pasted] = await read([
    '\u001b[200~',
    ...Array.from({ length: 30 }, () => 'x'.repeat(100_000)),
    '\u001b[201~',
  ]);
  expect(pasted?.length).toBeLessThan(1_000_100);
});
