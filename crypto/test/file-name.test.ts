import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanFileName } from '../src/file-name.ts';

test.each([
  ['a plain name', 'photo.jpg', 'photo.jpg'],
  ['blanks inside', 'my photo 1.jpg', 'my photo 1.jpg'],
  ['umlauts', 'Grüße aus Köln.png', 'Grüße aus Köln.png'],
  ['Arabic', 'صورة.jpg', 'صورة.jpg'],
  ['Persian with a non-joiner', 'می‌خواهم.pdf', 'می‌خواهم.pdf'],
  ['Hindi', 'तस्वीर.jpg', 'तस्वीर.jpg'],
  ['an emoji family', '👩‍👧.png', '👩‍👧.png'],
  [
    'a flag with tags',
    '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}.png',
    '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}.png',
  ],
  ['two extensions', 'notes.tar.gz', 'notes.tar.gz'],
  ['a way up', '../../etc/passwd', 'passwd'],
  ['a way up on Windows', '..\\..\\windows\\system.ini', 'system.ini'],
  ['an absolute path', '/etc/shadow', 'shadow'],
  ['a drive', 'C:\\evil.exe', 'evil.exe'],
  ['a drive without a folder', 'C:evil.exe', 'C_evil.exe'],
  ['another stream', 'a.txt:hidden', 'a.txt_hidden'],
  ['a folder', 'holiday/', 'holiday'],
  ['a way up alone', '../..', 'file'],
  ['a dot', '.', 'file'],
  ['nothing', '', 'file'],
  ['blanks alone', ' \t\u3000 ', 'file'],
  ['a hidden file', '.bashrc', 'bashrc'],
  ['dots and blanks before', ' . . .ssh', 'ssh'],
  ['dots and blanks after', 'report.doc. . ', 'report.doc'],
  ['a line feed', 'a\nb.txt', 'a b.txt'],
  ['a NUL', 'a.txt\0.exe', 'a.txt.exe'],
  ['a bell and an escape sequence', '\u0007a\u001b[31m.txt', 'a[31m.txt'],
  ['a right-to-left override', 'photo\u202egpj.exe', 'photogpj.exe'],
  ['isolates', '\u2066a\u2069.txt', 'a.txt'],
  ['a zero-width space', 'a\u200bb.txt', 'ab.txt'],
  ['a joiner that joins nothing', 'a\u200d.txt', 'a.txt'],
  ['half a surrogate pair', 'a\ud800.txt', 'a.txt'],
  ['private use', 'a\ue000.txt', 'a.txt'],
  ['marks alone', '\u0301\u0302', 'file'],
  ['a flood of marks', `a${'\u0301'.repeat(40)}.txt`, `a${'\u0301'.repeat(6)}.txt`],
  ['a device', 'CON', '_CON'],
  ['a device with an extension', 'nul.txt', '_nul.txt'],
  ['a device with a blank', 'aux .txt', '_aux .txt'],
  ['a device with a small digit', 'com¹.log', '_com¹.log'],
  ['what only begins like a device', 'console.log', 'console.log'],
  ['signs of Windows', 'a<b>c"d|e?f*.txt', 'a_b_c_d_e_f_.txt'],
  ['an option', '-rf', '_rf'],
  ['a home folder', '~/.ssh/id', 'id'],
  ['a long name', `${'ä'.repeat(200)}.jpeg`, `${'ä'.repeat(125)}.jpeg`],
  ['a long extension', `a.${'b'.repeat(300)}`, `a.${'b'.repeat(253)}`],
  ['a very long name', `${'a'.repeat(1_000_000)}.png`, `${'a'.repeat(251)}.png`],
  ['a pair at the cut', `${'a'.repeat(250)}😀.png`, `${'a'.repeat(250)}.png`],
])('the name of a file: %s', (_what, name, clean) => {
  expect(cleanFileName(name)).toBe(clean);
});

/** Names of what breaks file systems and screens. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '..',
        '/',
        '\\',
        '.',
        ' ',
        '-',
        'con',
        'NUL',
        '\u202e',
        '\u200d',
        '\u0301',
        '👩',
        '🏴',
        '\u{e0067}',
        '\u{e007f}',
        '\0',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('ä'.repeat(80), '.jpeg'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('every text becomes a safe name, which stays as it is', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const name = cleanFileName(text);
      expect(cleanFileName(name)).toBe(name);
      expect(name).toMatch(/^[^.\s/\\-]/u);
      expect(name).not.toMatch(/[.\s]$|[/\\<>:"|?*\p{Cc}\p{Bidi_Control}\p{Cs}]/u);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    }),
  );
});
