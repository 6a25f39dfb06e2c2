import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { NotUtf8, readLines, readText } from '../src/utf8-input.ts';

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const utf32le = (text: string) =>
  Buffer.concat(
    [...text].map((char) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(char.codePointAt(0) ?? 0);
      return bytes;
    }),
  );
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** A stream of these bytes in chunks of this size. */
function stream(bytes: Buffer, size: number): Readable {
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  return Readable.from(chunks);
}

const SIZES = [1, 3, 1_000_000];

describe('input that is not UTF-8 is refused, wherever it is split', () => {
  test.each([
    ['Latin-1', Buffer.from('Grüße', 'latin1'), 'other'],
    ['Latin-1 in one character', Buffer.from([0xe9]), 'other'],
    ['Windows-1252 quotes', hex('93 68 69 94'), 'other'],
    ['Shift JIS', hex('93fa 967b 8cea'), 'other'],
    ['GBK', hex('d6d0 cec4'), 'other'],
    ['EUC-KR', hex('c7d1 b1db'), 'other'],
    ['KOI8-R', hex('f0d2c9d7c5d4'), 'other'],
    ['ISO-2022 with a high byte', hex('1b242 9 c0'.replaceAll(' ', '')), 'other'],
    ['a character that is cut off', hex('61 e2 82'), 'other'],
    ['an emoji that is cut off', hex('f0 9f 91'), 'other'],
    ['a continuation byte alone', hex('61 80 62'), 'other'],
    ['an overlong slash', hex('c0 af'), 'other'],
    ['a surrogate (CESU-8)', hex('ed a0 bd ed b1 8d'), 'other'],
    ['a character above U+10FFFF', hex('f4 90 80 80'), 'other'],
    ['bytes that no encoding of Unicode has', hex('fe fe ff ff'), 'other'],
    ['gzip', hex('1f8b 0800 0000 0000 0003'), 'binary'],
    ['an ELF program', hex('7f45 4c46 0201 0100 0000 0000 0000 0000 0300 3e00'), 'binary'],
    ['a PNG picture', hex('8950 4e47 0d0a 1a0a 0000 000d 4948 4452'), 'binary'],
    ['a ZIP archive', hex('504b 0304 1400 0000 0800'), 'binary'],
    ['a NUL in a text', Buffer.from('a text\0with one NUL'), 'binary'],
    ['file names of find -print0', Buffer.from('./one\0./two\0./three\0'), 'binary'],
    ['zeros', Buffer.alloc(64), 'binary'],
    ['UTF-16LE', Buffer.from('hello there', 'utf16le'), 'utf-16'],
    ['UTF-16BE', utf16be('hello there'), 'utf-16'],
    ['UTF-16LE with a byte order mark', Buffer.from('\ufeffhello', 'utf16le'), 'utf-16'],
    ['UTF-16BE with a byte order mark', utf16be('\ufeffhello'), 'utf-16'],
    ['UTF-16LE in Chinese', Buffer.from('\ufeff中文', 'utf16le'), 'utf-16'],
    ['UTF-16LE of Windows PowerShell', Buffer.from('\ufeffone\r\ntwo\r\n', 'utf16le'), 'utf-16'],
    ['UTF-16LE in Chinese with spaces', Buffer.from('你好 世界 再见', 'utf16le'), 'binary'],
    ['UTF-32LE', utf32le('hello there'), 'utf-32'],
    ['UTF-32LE with a byte order mark', utf32le('\ufeffhello'), 'utf-32'],
  ])('%s', async (_, bytes, encoding) => {
    expect(await readText(stream(bytes, 1_000_000)).catch((error: unknown) => error)).toEqual(
      new NotUtf8(encoding as NotUtf8['encoding']),
    );
    for (const size of SIZES) {
      const refused = await readText(stream(bytes, size)).catch((error: unknown) => error);
      expect(refused, `${size}`).toBeInstanceOf(NotUtf8);
      const lines = (async () => {
        for await (const line of readLines(stream(bytes, size))) expect(line).not.toContain('\ufffd');
      })();
      expect(await lines.catch((error: unknown) => error), `${size}`).toBeInstanceOf(NotUtf8);
    }
  });
});

describe('text is read as it is, wherever it is split', () => {
  test.each([
    ['hello\n', 'hello\n', ['hello']],
    ['\ufeffhello', 'hello', ['hello']],
    ['\ufeff', '', ['']],
    ['a\ufeffb\n\ufeffc', 'a\ufeffb\n\ufeffc', ['a\ufeffb', '\ufeffc']],
    ['a\rb\rc', 'a\rb\rc', ['a\rb\rc']],
    ['a\rb\r\nc', 'a\rb\r\nc', ['a\rb', 'c']],
    ['a\r\r\n', 'a\r\r\n', ['a\r']],
    ['a\u2028b\u2029c\u0085d\n', 'a\u2028b\u2029c\u0085d\n', ['a\u2028b\u2029c\u0085d']],
    ['\n\na\n\n', '\n\na\n\n', ['', '', 'a', '']],
    ['no end', 'no end', ['no end']],
    ['', '', []],
    ['ends in a return\r', 'ends in a return\r', ['ends in a return']],
    ['\tmake:\n\t\tall', '\tmake:\n\t\tall', ['\tmake:', '\t\tall']],
    ['中文 👩‍👩‍👧\n한글', '中文 👩‍👩‍👧\n한글', ['中文 👩‍👩‍👧', '한글']],
    [
      'a replacement character: \ufffd',
      'a replacement character: \ufffd',
      ['a replacement character: \ufffd'],
    ],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m', ['\u001b[31mred\u001b[0m']],
    ['form\ffeed\vtab', 'form\ffeed\vtab', ['form\ffeed\vtab']],
  ])('%j', async (given, text, lines) => {
    for (const size of SIZES) {
      expect(await readText(stream(Buffer.from(given), size))).toBe(text);
      const read: string[] = [];
      for await (const line of readLines(stream(Buffer.from(given), size))) read.push(line);
      expect(read).toEqual(lines);
    }
  });

  test('lines before one that is not UTF-8 are read', async () => {
    const read: string[] = [];
    const all = (async () => {
      for await (const line of readLines(Readable.from([Buffer.from('one\ntwo\n\xff\nthree\n', 'latin1')])))
        read.push(line);
    })();
    await expect(all).rejects.toThrow(NotUtf8);
    expect(read).toEqual(['one', 'two']);
  });
});

describe('input that never ends', () => {
  /** Chunks without an end. */
  const endless = (chunk: Buffer) =>
    Readable.from(
      (function* () {
        for (;;) yield chunk;
      })(),
    );

  test('is refused at its first NUL', async () => {
    await expect(readText(endless(Buffer.alloc(1000)))).rejects.toThrow(NotUtf8);
    await expect(readLines(endless(Buffer.alloc(1000))).next()).rejects.toThrow(NotUtf8);
  });

  test('is read no further than a message may be long', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    expect((await readText(endless(chunk))).length).toBeLessThan(2_000_000);
    expect(((await readLines(endless(chunk)).next()).value ?? '').length).toBeLessThan(2_000_000);
  });
});
