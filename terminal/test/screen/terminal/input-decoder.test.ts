import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
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

function typed(words: readonly string[]): string[] {
  return words.filter((heard) => !heard.startsWith('reply '));
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
    case 'reply':
      return `reply ${JSON.stringify(input.sequence)}`;
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

  test('every character of ASCII types itself', async () => {
    const characters = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i));
    expect(await read([characters.join('')])).toEqual(characters.map((character) => `"${character}"`));
    expect(await read(['a[0] = [x]'])).toEqual([...'a[0] = [x]'].map((character) => `"${character}"`));
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

describe('input that never ends', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** What is heard of chunks, between which so many milliseconds pass. */
  async function after(ms: number, chunks: readonly string[]): Promise<string[]> {
    const heard: Input[] = [];
    const keys = new InputDecoder((input) => heard.push(input));
    open.push(keys);
    for (const chunk of chunks) {
      keys.write(Buffer.from(chunk));
      await new Promise(setImmediate);
      await vi.advanceTimersByTimeAsync(ms);
      await new Promise(setImmediate);
    }
    return heard.map(word);
  }

  const BEGINNINGS: readonly (readonly [what: string, bytes: string])[] = [
    ['Esc', '\u001b'],
    ['two Esc', '\u001b\u001b'],
    ['CSI', '\u001b['],
    ['CSI after Esc', '\u001b\u001b['],
    ['CSI with a parameter', '\u001b[1'],
    ['CSI with a separator', '\u001b[1;'],
    ['CSI with many parameters', '\u001b[38;2;255;255;255'],
    ['CSI with a private mark', '\u001b[?'],
    ['a report of a mode', '\u001b[?2026;2$'],
    ['a report of device attributes', '\u001b[?64;1;2'],
    ['a secondary report of device attributes', '\u001b[>41;3'],
    ['a report of the cursor', '\u001b[24;80'],
    ['a report of the keyboard', '\u001b[=1'],
    ['a mouse report', '\u001b[<'],
    ['a mouse report in its middle', '\u001b[<0;10'],
    ['a function key of a Linux console', '\u001b[['],
    ['a key with modifiers', '\u001b[27;5;'],
    ['CSI with an intermediate byte', '\u001b[0 '],
    ['the beginning of a paste in its middle', '\u001b[200'],
    ['SS3', '\u001bO'],
    ['SS3 with a parameter', '\u001bO5'],
    ['OSC', '\u001b]'],
    ['OSC with a colour', '\u001b]11;rgb:ffff/ffff'],
    ['OSC of the clipboard', '\u001b]52;c;aGVsbG8'],
    ['OSC with half of its end', '\u001b]11;?\u001b'],
    ['DCS', '\u001bP'],
    ['DCS of a terminal’s version', '\u001bP>|xterm(390'],
    ['DCS of a capability', '\u001bP1+r544e'],
    ['SOS', '\u001bXtext'],
    ['PM', '\u001b^text'],
    ['APC of a picture', '\u001b_Gi=1;OK'],
    ['half of a character', '\ud83d'],
  ];

  test.each(BEGINNINGS)('after %s, keys work again', async (_, bytes) => {
    expect((await after(1000, [bytes, 'x', '\u001b[A', 'y'])).slice(-3)).toEqual(['"x"', 'up', '"y"']);
  });

  test.each(BEGINNINGS)('after %s, Ctrl+C works at once', async (_, bytes) => {
    for (const chunks of [[bytes, '\u0003'], [`${bytes}\u0003`], [...bytes, '\u0003'], [`${bytes}\u0003x`]])
      expect([chunks, await after(0, chunks)]).toEqual([chunks, expect.arrayContaining(['C-c'])]);
  });

  test('a paste without an end is taken when no more comes, and Ctrl+C ends it at once', async () => {
    expect(await after(1000, ['\u001b[200~one\r', 'x'])).toEqual(['paste "one\\n"', '"x"']);
    expect(await after(1000, ['\u001b[200~', 'x', 'y'])).toEqual(['"x"', '"y"']);
    expect(await after(1000, ['\u001b[200~', '', 'x'])).toEqual(['"x"']);
    expect(await after(0, ['\u001b[200~one', '\u0003'])).toEqual(['paste "one"', 'C-c']);
    expect(await after(0, ['\u001b[200~one\u0003', 'x'])).toEqual(['paste "one"', 'C-c', '"x"']);
    expect(await after(0, ['\u001b[200~one\u0003two\u001b[201~'])).toEqual(['paste "one\\u0003two"']);
    // A late end is nothing.
    expect(await after(1000, ['\u001b[200~one', '\u001b[201~', 'x'])).toEqual(['paste "one"', '"x"']);
  });

  test('a paste that comes slowly is one paste', async () => {
    expect(await after(900, ['\u001b[200~one', ' two', ' three\u001b[201~', 'x'])).toEqual([
      'paste "one two three"',
      '"x"',
    ]);
  });

  test('answers of a terminal type nothing', async () => {
    for (const answer of [
      '\u001b[?64;1;2c',
      '\u001b[>41;390;0c',
      '\u001b[24;80R',
      '\u001b[?2026;2$y',
      '\u001b]11;rgb:ffff/ffff/ffff\u0007',
      '\u001b]11;rgb:0000/0000/0000\u001b\\',
      '\u001bP>|xterm(390)\u001b\\',
      '\u001bP1+r544e=787465726d\u001b\\',
      '\u001b_Gi=1;OK\u001b\\',
      '\u001b[?1u',
    ])
      expect([answer, typed(await after(1000, ['a', answer, 'b']))]).toEqual([answer, ['"a"', '"b"']]);
  });

  test('answers about pictures are heard as they are', async () => {
    for (const answer of [
      '\u001b_Gi=31;OK\u001b\\',
      '\u001bP>|kitty(0.32.0)\u001b\\',
      '\u001b[6;18;9t',
      '\u001b[?62;4c',
    ])
      expect(await after(0, [answer])).toEqual([`reply ${JSON.stringify(answer)}`]);
    for (const key of ['\u001b[6~', '\u001b[1;5D']) expect(typed(await after(0, [key]))).toHaveLength(1);
  });

  test('Alt with a character that also begins a sequence is a key', async () => {
    expect(await after(1000, ['\u001b]', '\u001bP', '\u001b[', '\u001bO', 'x'])).toEqual([
      'M-]',
      'M-P',
      'M-[',
      'M-O',
      '"x"',
    ]);
  });
});
