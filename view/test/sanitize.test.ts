import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sanitizeLine, sanitizeText } from '../src/text/sanitize.ts';

const ESC = '\u001b';

const ENGLAND = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';
const SCOTLAND = '\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}';

test.each([
  ['a coloured word', `${ESC}[31mred${ESC}[0m`, 'red'],
  ['a cleared screen', `${ESC}[2J${ESC}[Hgone`, 'gone'],
  ['a clipboard write (OSC 52)', `${ESC}]52;c;ZXZpbA==\u0007safe`, 'safe'],
  ['a window title', `${ESC}]0;root@host${ESC}\\safe`, 'safe'],
  ['a link (OSC 8)', `${ESC}]8;;http://evil/${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
  ['8-bit CSI', '\u009b31mred', 'red'],
  ['8-bit OSC', '\u009d52;c;ZXZpbA==\u009csafe', 'safe'],
  ['a device control string', `${ESC}P+q544e${ESC}\\safe`, 'safe'],
  ['an 8-bit device control string', '\u0090q#0;2;0;0;0\u009csafe', 'safe'],
  ['an application program command', `${ESC}_Gf=100;AAAA${ESC}\\safe`, 'safe'],
  ['a sequence within a sequence', `${ESC}${ESC}[31m[31mred`, '[31mred'],
  ['an unfinished sequence', `safe${ESC}[`, 'safe'],
  ['an unfinished string', `safe${ESC}]52;c;ZXZpbA==`, 'safe'],
  ['a lone escape', `a${ESC}b`, 'a'],
  ['backspaces over a name', 'ana\b\b\bmal', 'anamal'],
  ['a carriage return over a line', 'ana: yes\rmal: no', 'ana: yes\nmal: no'],
  ['bells and nulls', 'a\u0007\u0000b', 'ab'],
  ['a bidi override', 'user\u202etxt.exe', 'usertxt.exe'],
  ['bidi isolates', '\u2066a\u2069', 'a'],
  ['zero-width characters', 'a\u200bn\u2060a\ufeff', 'ana'],
  ['tags', 'a\u{e0041}b', 'ab'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
  ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ['a low surrogate alone', 'a\udc00b', 'a\ufffdb'],
  [
    'a flood of marks over the lines around',
    `Z${'\u0335\u0489'.repeat(500)}!`,
    `Z${'\u0335\u0489'.repeat(4)}!`,
  ],
  ['marks that a language needs', 'Việt ngữ, e\u0323\u0302, שָׁלוֹם', 'Việt ngữ, e\u0323\u0302, שָׁלוֹם'],
  ['line feeds, which stay', 'one\ntwo', 'one\ntwo'],
  ['tabs, which stay', 'all:\n\tcc -o x x.c', 'all:\n\tcc -o x x.c'],
  ['flags of England and Scotland', `${ENGLAND} ${SCOTLAND}`, `${ENGLAND} ${SCOTLAND}`],
  ['tags after another sign', 'a\u{e0067}\u{e0062}\u{e007f}', 'a'],
  ['a flag whose tags never end', '\u{1f3f4}\u{e0067}\u{e0062}!', '\u{1f3f4}!'],
  ['variants of ideographs', '葛\u{e0100}城 辻\u{e0101}', '葛\u{e0100}城 辻\u{e0101}'],
  ['a variant of nothing', 'a\u{e0100}', 'a'],
  ['Mongolian separators between nothing', '\u180e\u180eᠠ\u180e\u180eᠠ\u180e', 'ᠠᠠ'],
  ['places where Thai may break', 'ไทย\u200bภาษา', 'ไทย\u200bภาษา'],
  ['joiners of Hindi and Persian', 'क्\u200dष علی\u200cرضا', 'क्\u200dष علی\u200cرضا'],
  ['what is no danger', 'Grüße, 你好, 👩‍🚀 naïve — ok?', 'Grüße, 你好, 👩‍🚀 naïve — ok?'],
])('%s is made harmless', (_what, text, harmless) => {
  expect(sanitizeText(text)).toBe(harmless);
});

test.each([
  ['the flag of England', `Ben ${ENGLAND}`],
  ['the flag of Scotland', `${SCOTLAND} Ailsa`],
  ['a non-joiner (Persian)', 'علی\u200cرضا'],
  ['a joiner (Sinhala)', 'ශ\u0dca\u200dරී'],
  ['an emoji with a joiner', 'Kim 👩\u200d💻'],
  ['styles of emoji', '❤\ufe0f ❤\ufe0e 1\ufe0f\u20e3'],
  ['a variant of an ideograph', '辻\u{e0100}'],
  ['a Mongolian separator', 'ᠰᠠᠷ\u180eᠠ'],
  ['a Mongolian variant', 'ᠭ\u180bᠠ'],
  ['five marks in a row (Burmese)', 'လျှို့'],
])('a name with %s is drawn as it is', (_what, name) => {
  expect(sanitizeLine(name)).toBe(name);
});

test('sanitized text has no control character except line feeds and tabs, and sanitizing it again changes nothing', () => {
  const hostile = fc.array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        ESC,
        '\u009b',
        '\u009d',
        '[',
        ']52;c;',
        '\u0007',
        '\u202e',
        '\ud83d',
        '\r',
        '\u0335'.repeat(6),
      ),
    ),
  );
  fc.assert(
    fc.property(hostile, (parts) => {
      const text = sanitizeText(parts.join(''));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
      expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      expect(sanitizeText(text)).toBe(text);
      expect(sanitizeLine(parts.join(''))).not.toContain('\n');
    }),
    { numRuns: 2000 },
  );
});

test('a megabyte of escapes costs less than two seconds of the processor, and a name is cut', () => {
  const long = `${ESC}[`.repeat(300_000);
  const start = process.cpuUsage();
  expect(sanitizeText(long)).toBe('');
  expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  expect([...sanitizeLine('x'.repeat(1_000_000))]).toHaveLength(512);
  expect(sanitizeLine('\u200b\u202e')).toBe('?');
});
